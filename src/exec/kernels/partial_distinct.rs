//! Partial distinct: drops rows that repeat recently seen values.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::FixedState;
use polars::prelude::{
    BooleanChunked, Column, Expr as Lazy, IntoColumn as _, NewChunkedArray as _, PolarsResult,
    StringChunked,
};

use crate::exec::engine::fences::optimization_fence;
use crate::exec::frame::broadcast::broadcast;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column};
use crate::value::Type;

/// Number of rows remembered; a power of two.
const KEPT: usize = 16_384;

/// Sentinel for an empty slot.
const NO_ROW: u32 = u32::MAX;

/// Drops most of the rows that repeat another row's strings in all of these fields.
pub(in crate::exec) fn partial_distinct(frame: Frame, fields: &[String]) -> Frame {
    let columns: Vec<Lazy> = fields.iter().map(|name| column(name)).collect();
    let Some(first) = columns.first() else {
        return frame;
    };
    // Two columns: if a file stores the values of one column only once, a filter over that column
    // alone is evaluated on the values, not on the rows.
    let is_new = first.clone().map_many(
        |columns| is_new(&columns[1..]),
        &columns,
        |_, f| Ok(field(f[0].name(), Type::Bool)),
    );
    Frame {
        lazy: optimization_fence(frame.lazy.filter(is_new)),
        schema: frame.schema,
    }
}

/// False if the row repeats the strings of a remembered earlier row.
fn is_new(columns: &[Column]) -> PolarsResult<Column> {
    let columns = broadcast(columns);
    let texts = columns.iter().map(Column::str);
    let texts: Vec<&StringChunked> = texts.collect::<PolarsResult<_>>()?;
    let height = columns.first().map_or(0, Column::len);
    let mut hashes = vec![0; height];
    let state = FixedState::default();
    for texts in &texts {
        for (hash, text) in hashes.iter_mut().zip(texts.iter()) {
            let mut hasher = state.build_hasher();
            hasher.write_u64(*hash);
            match text {
                Some(text) => hasher.write(text.as_bytes()),
                None => hasher.write_u8(0),
            }
            *hash = hasher.finish();
        }
    }
    let mut rows = vec![NO_ROW; KEPT];
    let new = hashes.iter().enumerate().map(|(row, hash)| {
        let before = &mut rows[*hash as usize % KEPT];
        let same = |text: &&StringChunked| text.get(*before as usize) == text.get(row);
        let repeats =
            *before != NO_ROW && hashes[*before as usize] == *hash && texts.iter().all(same);
        *before = row as u32;
        !repeats
    });
    let new: Vec<bool> = new.collect();
    let name = columns[0].name().clone();
    Ok(BooleanChunked::from_slice(name, &new).into_column())
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, NamedFrom as _, Series};

    use super::is_new;

    #[test]
    fn only_repeated_texts_are_left_out() {
        let a = Series::new("a".into(), ["x", "x", "x", "y", "x"].map(Some));
        let b = Series::new("b".into(), [Some("1"), Some("2"), Some("1"), None, None]);
        let columns = [Column::from(a), Column::from(b)];
        let new = is_new(&columns).expect("they are texts");
        let new: Vec<Option<bool>> = new.bool().expect("conditions").iter().collect();
        assert_eq!(new, [true, true, false, true, true].map(Some));
        let many = Series::new(
            "c".into(),
            (0..100_000)
                .map(|n| format!("{}", n % 70_000))
                .collect::<Vec<_>>(),
        );
        let columns = [Column::from(many)];
        let new = is_new(&columns).expect("they are texts");
        let new = new.bool().expect("conditions").iter().flatten();
        let new: Vec<bool> = new.collect();
        assert!(new[..70_000].iter().all(|new| *new));
    }
}
