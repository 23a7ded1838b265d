//! Parquet: rows with their columns cast to the types that events have.

pub(in crate::read) mod pages;

use std::fs::File;
use std::io::{BufReader, Cursor};
use std::ops::Range;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use polars::prelude::{
    AnyValue, Column, DataFrame, DataType, IntoColumn as _, NamedFrom as _, ParallelStrategy,
    ParquetReader, PlSmallStr, PolarsResult, SerReader as _, Series, StringChunked, TimeUnit,
};

use crate::error::{Error, Result, caught};
use crate::extract::event::EventSink as _;
use crate::extract::json;
use crate::read::batch::batches::{Batches, MAX_ROWS};
use crate::read::formats::parquet::pages::{Chunk, Seekable};
use crate::read::input::buffer::Input;
use crate::time::timestamp;

/// The sourcetype of rows that name none.
pub const SOURCETYPE: &str = "parquet";
/// Maximum size of a file inside a container, which must be held in memory.
const MAX_NESTED: usize = 1 << 30;
/// Failed slices of a row group after which the rest of it is skipped.
const MAX_FAILURES: usize = 16;
/// Integers up to this magnitude print as they are.
pub const EXACT: i64 = 1 << 53;

/// Whether a file with this head is Parquet.
pub fn looks_like(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

/// Reads all rows. `path` is the file on disk, if it is a plain one. Rows of damaged pages are skipped and
/// counted.
///
/// # Errors
/// Returns an error of the sink, or an error if the file is damaged as a whole.
pub fn read(
    input: &mut Input<'_>,
    path: Option<&Path>,
    zone: Tz,
    out: &mut Batches<'_>,
) -> Result<()> {
    let source = match path {
        Some(path) => Source::Path(path.to_owned()),
        None => {
            let rest = input.rest(MAX_NESTED);
            Source::Bytes(rest.map_err(|why| input.error(0, why))?)
        }
    };
    let groups = source.groups();
    let groups = groups.map_err(|why| Error::file(input.origin(), format!("damaged: {why}")))?;
    let mut lost = Lost::default();
    let groups = lost.sound(groups);
    for together in runs(&groups) {
        if let [first, .., last] = together
            && let Ok(frame) = source.events(first.start..last.end, zone)
        {
            out.frame(frame, SOURCETYPE)?;
            continue;
        }
        for group in together {
            let mut failures = 0;
            let mut start = group.start;
            while start < group.end {
                let slice = start..group.end.min(start + MAX_ROWS);
                start = slice.end;
                match source.events(slice.clone(), zone) {
                    Ok(frame) => out.frame(frame, SOURCETYPE)?,
                    Err(why) => {
                        failures += 1;
                        lost.add(slice, &why);
                    }
                }
                if failures == MAX_FAILURES && start < group.end {
                    lost.add(start..group.end, "");
                    break;
                }
            }
        }
    }
    if let Some((first, why)) = lost.first {
        out.bad(first as u64 + 1, &lost_rows(lost.rows, &why));
    }
    if let Source::Path(path) = &source
        && let Ok(metadata) = std::fs::metadata(path)
    {
        out.count_read(metadata.len().saturating_sub(input.data().len() as u64));
    }
    Ok(())
}

/// Groups row groups to read together, so that small ones share a read.
fn runs(groups: &[Range<usize>]) -> impl Iterator<Item = &[Range<usize>]> {
    let mut rest = groups;
    std::iter::from_fn(move || {
        let first = rest.first()?;
        let fits = |group: &&Range<usize>| group.end - first.start <= MAX_ROWS;
        let count = rest.iter().take_while(fits).count().max(1);
        let (run, after) = rest.split_at(count);
        rest = after;
        Some(run)
    })
}

/// Rows that can't be decoded.
#[derive(Default)]
struct Lost {
    rows: usize,
    first: Option<(usize, String)>,
}

impl Lost {
    fn add(&mut self, rows: Range<usize>, why: &str) {
        self.rows += rows.len();
        if self.first.as_ref().is_none_or(|first| rows.start < first.0) {
            self.first = Some((rows.start, why.to_owned()));
        }
    }

    /// Takes the row groups whose pages can't be read and returns the others.
    fn sound(&mut self, groups: Vec<Group>) -> Vec<Range<usize>> {
        let mut sound = Vec::new();
        for Group { rows, damage } in groups {
            match damage {
                None => sound.push(rows),
                Some(why) => self.add(rows, &why),
            }
        }
        sound
    }
}

/// The damage in a Parquet file.
pub struct ParquetDamage {
    /// Why.
    pub why: String,
    /// The rows of row groups that can be decoded.
    pub sound: Vec<Range<usize>>,
    /// The first row that can't be decoded.
    pub first: usize,
}

/// Returns the damage in a Parquet file, if any. Decodes all of it, one row group at a time.
pub fn damage(path: &Path) -> Option<ParquetDamage> {
    let source = Source::Path(path.to_owned());
    let groups = match source.groups() {
        Ok(groups) => groups,
        Err(why) => {
            return Some(ParquetDamage {
                why,
                sound: Vec::new(),
                first: 0,
            });
        }
    };
    let mut sound: Vec<Range<usize>> = Vec::new();
    let mut lost = Lost::default();
    for rows in lost.sound(groups) {
        match guarded(|| source.slice(rows.clone())) {
            Ok(frame) if frame.height() == rows.len() => match sound.last_mut() {
                Some(last) if last.end == rows.start => last.end = rows.end,
                _ => sound.push(rows),
            },
            Ok(_) => lost.add(rows, MISSING),
            Err(why) => lost.add(rows, &why),
        }
    }
    let (first, why) = lost.first?;
    Some(ParquetDamage {
        why: lost_rows(lost.rows, &why),
        sound,
        first,
    })
}

/// The reason given for rows that could not be decoded.
const UNREADABLE: &str = "the Parquet data can't be decoded";
const MISSING: &str = "rows are missing that its footer names";

fn lost_rows(rows: usize, why: &str) -> String {
    let are = if rows == 1 { "row is" } else { "rows are" };
    format!("{rows} {are} damaged and left out: {why}")
}

/// The number of rows in a Parquet file, according to its footer.
///
/// # Errors
/// If the footer can't be read.
pub fn rows(path: &Path) -> Result<usize, String> {
    guarded(|| ParquetReader::new(File::open(path)?).num_rows())
}

/// Catches panics: Polars trusts a file's metadata in places and panics if it is damaged.
fn guarded<T>(read: impl FnOnce() -> PolarsResult<T>) -> Result<T, String> {
    match caught(read) {
        // A Polars error may contain a trace.
        Ok(read) => read.map_err(|e| e.to_string().lines().next().unwrap_or_default().to_owned()),
        Err(_) => Err(UNREADABLE.to_owned()),
    }
}

enum Source {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

/// A row group.
struct Group {
    rows: Range<usize>,
    /// Why its pages can't be read.
    damage: Option<String>,
}

impl Source {
    /// The row groups that the footer names, after a check of their page headers.
    fn groups(&self) -> Result<Vec<Group>, String> {
        let metadata = guarded(|| match self {
            Source::Path(path) => ParquetReader::new(File::open(path)?)
                .get_metadata()
                .cloned(),
            Source::Bytes(bytes) => ParquetReader::new(Cursor::new(bytes.as_slice()))
                .get_metadata()
                .cloned(),
        })?;
        let mut file: Box<dyn Seekable> = match self {
            Source::Path(path) => {
                let file = File::open(path).map_err(|e| e.to_string())?;
                Box::new(BufReader::new(file))
            }
            Source::Bytes(bytes) => Box::new(Cursor::new(bytes.as_slice())),
        };
        let mut first = 0_usize;
        let groups = metadata.row_groups.iter().map(|group| {
            let end = first.checked_add(group.num_rows());
            let end = end.ok_or("its footer claims too many rows")?;
            let mut columns = group.parquet_columns().iter().map(|column| Chunk {
                range: column.byte_range(),
                values: column.num_values(),
                // A repeated column may have several values per row.
                rows: (column.descriptor().descriptor.max_rep_level == 0).then(|| group.num_rows()),
            });
            let pages = caught(|| columns.try_for_each(|c| pages::check(&c, &mut *file)));
            Ok(Group {
                rows: std::mem::replace(&mut first, end)..end,
                damage: pages.unwrap_or_else(|_| Err(UNREADABLE.to_owned())).err(),
            })
        });
        groups.collect()
    }

    /// Reads some rows as events.
    fn events(&self, rows: Range<usize>, zone: Tz) -> Result<DataFrame, String> {
        let expected = rows.len();
        let frame = guarded(|| as_events(self.slice(rows)?, zone))?;
        match frame.height() == expected {
            true => Ok(frame),
            false => Err(MISSING.to_owned()),
        }
    }

    fn slice(&self, rows: Range<usize>) -> PolarsResult<DataFrame> {
        let slice = Some((rows.start, rows.len()));
        let read = |strategy| match self {
            Source::Path(path) => ParquetReader::new(File::open(path)?)
                .with_slice(slice)
                .read_parallel(strategy)
                .finish(),
            Source::Bytes(bytes) => ParquetReader::new(Cursor::new(bytes.as_slice()))
                .with_slice(slice)
                .read_parallel(strategy)
                .finish(),
        };
        // Which of several damaged columns fails first is random; reading them one after the other makes it
        // deterministic.
        match caught(|| read(ParallelStrategy::Auto)) {
            Ok(Ok(frame)) => Ok(frame),
            _ => read(ParallelStrategy::None),
        }
    }
}

/// The frame with `_time`, `_raw` and only the types that events have.
fn as_events(frame: DataFrame, zone: Tz) -> PolarsResult<DataFrame> {
    let rows = frame.height();
    let mut columns = Vec::new();
    for column in frame.into_columns() {
        if column.name() == "_time" {
            columns.push(time_column(&column, zone)?);
        } else {
            flatten(column, &mut columns)?;
        }
    }
    let has = |columns: &[Column], name: &str| columns.iter().any(|c| c.name() == name);
    if !has(&columns, "_time") {
        let micros = DataType::Datetime(TimeUnit::Microseconds, None);
        columns.insert(0, Column::full_null("_time".into(), rows, &micros));
    }
    let raw = if has(&columns, "_raw") {
        None
    } else {
        Some(raw_column(&columns, rows)?)
    };
    columns.extend(raw);
    DataFrame::new(rows, columns)
}

/// Converts a column to `_time`: times as they are, numbers as seconds since 1970, text parsed.
///
/// # Errors
/// If Polars cannot cast the column.
pub fn time_column(column: &Column, zone: Tz) -> PolarsResult<Column> {
    let micros = DataType::Datetime(TimeUnit::Microseconds, None);
    let name: PlSmallStr = "_time".into();
    let times = match column.dtype() {
        DataType::Datetime(_, zone) => {
            // Through the number, so that the instant stays and only the zone's name is lost.
            let same = DataType::Datetime(TimeUnit::Microseconds, zone.clone());
            column.cast(&same)?.cast(&DataType::Int64)?.cast(&micros)?
        }
        DataType::Date | DataType::Null => column.cast(&micros)?,
        _ => {
            let texts = column.cast(&DataType::String)?;
            let times: Vec<Option<i64>> = texts
                .str()?
                .iter()
                .map(|text| text.and_then(|t| timestamp::parse(t, zone)))
                .collect();
            Series::new(name.clone(), times)
                .cast(&micros)?
                .into_column()
        }
    };
    Ok(times.with_name(name))
}

/// Adds a column with a type that events have; a struct becomes one column per member.
fn flatten(column: Column, out: &mut Vec<Column>) -> PolarsResult<()> {
    let kind = column.dtype().clone();
    if let DataType::Struct(_) = kind {
        let name = column.name().clone();
        for member in column.struct_()?.fields_as_series() {
            let mut member = member.into_column();
            let inner = PlSmallStr::from_string(format!("{name}.{}", member.name()));
            member.rename(inner);
            flatten(member, out)?;
        }
        return Ok(());
    }
    out.push(match kind {
        DataType::String | DataType::Float64 => column,
        DataType::Float32 => column.cast(&DataType::String)?.cast(&DataType::Float64)?,
        kind if kind.is_integer() => whole_numbers(&column)?,
        DataType::List(inner) if !inner.is_nested() => {
            column.cast(&DataType::List(Box::new(DataType::String)))?
        }
        kind if kind.is_nested() => display(&column)?,
        _ => column.cast(&DataType::String)?,
    });
    Ok(())
}

/// Numbers if all of them are exact as doubles, else their text.
fn whole_numbers(column: &Column) -> PolarsResult<Column> {
    let exact = column.cast(&DataType::Int64).ok().filter(|numbers| {
        numbers.null_count() == column.null_count()
            && numbers
                .i64()
                .is_ok_and(|n| n.iter().flatten().all(|n| (-EXACT..=EXACT).contains(&n)))
    });
    match exact {
        Some(numbers) => Ok(numbers),
        None => column.cast(&DataType::String),
    }
}

/// Nested values as Polars displays them.
fn display(column: &Column) -> PolarsResult<Column> {
    let mut texts = Vec::with_capacity(column.len());
    for row in 0..column.len() {
        texts.push(text_of(&column.get(row)?));
    }
    let texts: StringChunked = texts.into_iter().collect();
    Ok(texts.with_name(column.name().clone()).into_column())
}

fn text_of(value: &AnyValue<'_>) -> Option<String> {
    match value {
        AnyValue::Null => None,
        AnyValue::String(text) => Some((*text).to_owned()),
        AnyValue::Float64(n) => Some(crate::value::format_number(*n)),
        other => Some(other.to_string()),
    }
}

/// Each row as a JSON object: the text of events that have none.
///
/// # Errors
/// If Polars cannot read a cell.
pub fn raw_column(columns: &[Column], rows: usize) -> PolarsResult<Column> {
    let mut texts = Vec::with_capacity(rows);
    for row in 0..rows {
        let mut cells = Vec::new();
        for column in columns {
            match column.get(row)? {
                AnyValue::List(values) => cells.extend(
                    values
                        .iter()
                        .filter_map(|v| Some((column.name().as_str(), text_of(&v)?))),
                ),
                value => cells.extend(text_of(&value).map(|text| (column.name().as_str(), text))),
            }
        }
        texts.push(Some(json::write_object(
            cells.iter().map(|(name, text)| (*name, text.as_str())),
        )));
    }
    let texts: StringChunked = texts.into_iter().collect();
    Ok(texts.with_name("_raw".into()).into_column())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use polars::prelude::{AnyValue, DataType, df};

    use super::as_events;

    #[test]
    fn rows_get_a_time_a_text_and_plain_types() {
        let frame = df!(
            "_time" => ["1970-01-01T00:00:05Z", "7"],
            "n" => [1_i32, 2],
            "big" => [1_i64 << 60, 1],
            "b" => [Some(true), None],
        )
        .expect("a frame");
        let frame = as_events(frame, Tz::UTC).expect("events");
        let column = |name| frame.column(name).expect("there");
        assert_eq!(
            column("_time")
                .cast(&DataType::Int64)
                .expect("micros")
                .get(0)
                .expect("there"),
            AnyValue::Int64(5_000_000)
        );
        assert_eq!(column("n").dtype(), &DataType::Int64);
        assert_eq!(column("big").dtype(), &DataType::String);
        assert_eq!(column("b").get(0).expect("there"), AnyValue::String("true"));
        let raw = column("_raw").get(1).expect("there").to_string();
        assert!(
            raw.contains("\"n\":\"2\"") || raw.contains("\\\"n\\\":\\\"2\\\""),
            "{raw}"
        );
    }
}
