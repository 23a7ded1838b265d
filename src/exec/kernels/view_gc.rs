//! String view GC: copies the strings of filtered rows and releases those of dropped rows.
//!
//! A string read from a file is a view into its page or dictionary. A few surviving rows would keep
//! all of that alive, and a pass over large files would keep all their strings.

use polars::prelude::{
    Column, DataFrame, IntoColumn as _, NewChunkedArray as _, PolarsResult, StringChunked,
};

use crate::exec::kernels::dictionary::Dictionary;

/// Columns that hold fewer bytes are skipped.
const MIN_BYTES: usize = 1 << 18;

/// Strings are copied if they use at most one in so many of the bytes they keep alive. Several
/// chunks of rows keep the same bytes alive, so this must be a small part even if all are wanted.
const PART: usize = 4;

/// Strings of at least this length are stored outside their view.
const LONG: usize = 13;

/// Returns the same rows with compacted strings.
///
/// # Errors
/// Never because of the data.
pub(in crate::exec) fn gc_string_views(rows: DataFrame) -> PolarsResult<DataFrame> {
    let height = rows.height();
    let columns = rows.into_columns().into_iter().map(|column| {
        let smaller = match column.str() {
            Ok(texts) => of_texts(texts)?,
            Err(_) => None,
        };
        Ok(smaller.unwrap_or(column))
    });
    DataFrame::new(height, columns.collect::<PolarsResult<Vec<Column>>>()?)
}

/// The bytes that string buffers keep alive, excluding strings stored inline in their views.
pub(in crate::exec) fn held(texts: &StringChunked) -> usize {
    let arrays = texts.downcast_iter();
    arrays.map(|array| array.total_buffer_len()).sum()
}

/// Copies the strings, each stored once. Returns `None` if that would save little.
fn of_texts(texts: &StringChunked) -> PolarsResult<Option<Column>> {
    let held = held(texts);
    if held < MIN_BYTES {
        return Ok(None);
    }
    let long = texts.iter().flatten().map(str::len).filter(|l| *l >= LONG);
    if long.sum::<usize>() * PART > held {
        return Ok(None);
    }
    let stored = Dictionary::from_categorical(texts);
    let each = stored.firsts.iter().map(|row| texts.get(*row));
    let each = StringChunked::from_iter_options(texts.name().clone(), each);
    stored.gather(&each.into_column()).map(Some)
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, Series};

    use super::{gc_string_views, held};

    #[test]
    fn few_rows_hold_on_to_their_own_texts_only() {
        let text = |n: usize| match n % 50 {
            0 => None,
            1 => Some("short".to_owned()),
            2 => Some("a text that stands in many rows".to_owned()),
            _ => Some(format!(
                "a text that stands in row {n} alone, and it is a long one"
            )),
        };
        let half = |rows: std::ops::Range<usize>| {
            let texts: Vec<Option<String>> = rows.map(text).collect();
            Series::new("text".into(), texts)
        };
        // Two chunks with strings at the same offsets of different buffers.
        let mut texts = half(0..20_000);
        texts.append(&half(20_007..40_007)).expect("of one type");
        let rows = DataFrame::new(40_000, vec![texts.into_column()]).expect("of one height");
        let mask = (0..40_000).map(|row| row % 37 < 3).collect();
        let few = rows.filter(&mask).expect("of one height");
        let held_by = |rows: &DataFrame| held(rows.columns()[0].str().expect("texts"));
        let less = gc_string_views(few.clone()).expect("nothing is wrong with it");
        assert!(less.equals_missing(&few));
        assert!(held_by(&less) * 8 < held_by(&few));
        // Strings that use most of the bytes they keep alive are not copied.
        let all = gc_string_views(rows.clone()).expect("nor with it");
        assert!(all.equals_missing(&rows));
        assert_eq!(held_by(&all), held_by(&rows));
    }
}
