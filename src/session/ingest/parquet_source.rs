//! Large Parquet files as lazily scanned events: a search reads only the columns and rows that it needs.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{
    Column, DataType, Expr, HiveOptions, LazyFrame, NULL, ParquetReader, PlRefPath, PolarsResult,
    ScanArgsParquet, Schema, SerReader as _, TimeUnit, lit,
};

use crate::error::caught;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column};
use crate::exec::scan::sources::EventPartition;
use crate::knowledge::Catalog;
use crate::knowledge::props::FieldRules;
use crate::read::{
    self, BASE, DEFAULT_INDEX, PARQUET_EXACT, PARQUET_SOURCETYPE, Skipped, parquet_rows, raw_column,
};
use crate::session::ingest::damage::{LeftOut, sound_rows};
use crate::value::Type;

/// The column with the path of each row's file.
const PATH: &str = "\0path";

/// Smaller inputs are read at once: that is fast, and reports damage by file.
const LEAST_ROWS: usize = 500_000;

/// Files with equal columns and field rules.
struct Group {
    files: Vec<PathBuf>,
    schema: Arc<Schema>,
    rules: FieldRules,
    events: u64,
}

/// Scans the events of these paths, except for left-out files; also returns the files with damaged footers.
/// Requires that the paths are Parquet files, or folders of only these, whose column types convert to events
/// without reading values. Returns `None` if they must be read the usual way, which gives the same rows.
pub(in crate::session) fn events(
    paths: &[PathBuf],
    catalog: &Catalog,
    left_out: &LeftOut,
) -> Option<(Vec<EventPartition>, Vec<Skipped>)> {
    let mut skipped = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        let listing = read::list(path).ok()?;
        skipped.extend(listing.skipped);
        files.extend(listing.files.into_iter().map(|found| found.path));
    }
    if !files.iter().all(|file| is_parquet(file)) {
        return None;
    }
    files.retain(|file| !left_out.get(file).is_some_and(Vec::is_empty));
    let mut counted = Vec::with_capacity(files.len());
    for file in files {
        match parquet_rows(&file) {
            Ok(rows) => {
                let sound = left_out.get(&file);
                let rows = sound.map_or(rows, |sound| sound.iter().map(Range::len).sum());
                counted.push((file, rows));
            }
            Err(why) => skipped.push(Skipped::new(file, format!("damaged: {why}"))),
        }
    }
    // Input that was scanned lazily before stays so.
    if left_out.is_empty() && counted.iter().map(|(_, rows)| rows).sum::<usize>() < LEAST_ROWS {
        return None;
    }
    let mut groups: Vec<Group> = Vec::new();
    for (file, rows) in counted {
        let one = std::slice::from_ref(&file);
        let schema = caught(|| scanned(one).ok()?.collect_schema().ok()).ok()??;
        let source = file.display().to_string();
        // Index-time rules read every event anyway.
        if !catalog
            .index_rules(PARQUET_SOURCETYPE, &source, "")
            .is_empty()
        {
            return None;
        }
        let rules = catalog.field_rules(PARQUET_SOURCETYPE, &source, "");
        match groups.last_mut() {
            // Only adjacent files, so that rows keep the order of the files.
            Some(group) if group.schema == schema && group.rules == rules => {
                group.files.push(file);
                group.events += rows as u64;
            }
            _ => groups.push(Group {
                files: vec![file],
                schema,
                rules,
                events: rows as u64,
            }),
        }
    }
    // A damaged footer may hold statistics that Polars panics on.
    let parts = groups.iter().map(|group| part(group, left_out));
    let parts = || parts.collect::<Option<Vec<_>>>();
    let parts = caught(parts).ok()??;
    (!parts.is_empty()).then_some((parts, skipped))
}

fn is_parquet(file: &Path) -> bool {
    file.extension().is_some_and(|e| e == "parquet")
}

/// One scan of all files; [`PATH`] has each row's file.
fn scanned(files: &[PathBuf]) -> PolarsResult<LazyFrame> {
    let args = ScanArgsParquet {
        hive_options: HiveOptions {
            enabled: Some(false),
            ..HiveOptions::default()
        },
        glob: false,
        include_file_paths: Some(PATH.into()),
        ..ScanArgsParquet::default()
    };
    let paths = files.iter().map(|file| PlRefPath::try_from_path(file));
    LazyFrame::scan_parquet_files(paths.collect::<PolarsResult<_>>()?, args)
}

/// The partition of a group. Returns `None` if the values must be read to build events.
fn part(group: &Group, left_out: &LeftOut) -> Option<EventPartition> {
    let lazy = sound_rows(&group.files, left_out, scanned).ok()?;
    let values = columns(&group.schema)?;
    let span = looked_at(group, &lazy)?;
    let of = |name: &str| {
        values
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, e)| e.clone())
    };
    let mut selected = vec![
        of("_time")?.alias("_time"),
        of("_raw").unwrap_or_else(|| raw(&values)).alias("_raw"),
        lit(NULL).cast(DataType::String).alias("host"),
        column(PATH).alias("source"),
        lit(PARQUET_SOURCETYPE).alias("sourcetype"),
        lit(DEFAULT_INDEX).alias("index"),
    ];
    let rest = values
        .iter()
        .filter(|(name, _)| !BASE.contains(&name.as_str()));
    selected.extend(rest.map(|(name, value)| value.clone().alias(name.as_str())));
    let mut lazy = lazy.select(selected);
    let stored = lazy.collect_schema().ok()?;
    let source = match group.files.as_slice() {
        [file] => file.display().to_string(),
        _ => String::new(),
    };
    Some(EventPartition {
        sourcetype: PARQUET_SOURCETYPE.to_owned(),
        source,
        index: DEFAULT_INDEX.to_owned(),
        host: String::new(),
        frame: Frame::lazy(lazy, &stored),
        events: group.events,
        span,
        stored: Vec::new(),
        files: group.files.clone(),
    })
}

/// The columns as events have them, in the file's order. Returns `None` if a type requires reading values.
fn columns(schema: &Schema) -> Option<Vec<(String, Expr)>> {
    let each = schema
        .iter()
        .filter(|(name, _)| *name != PATH)
        .map(|(name, kind)| {
            let value = match kind {
                DataType::Datetime(..) if name == "_time" => time(name, kind),
                _ if name == "_time" || BASE[2..].contains(&name.as_str()) => return None,
                DataType::String => column(name),
                _ if name == "_raw" => return None,
                DataType::Float64 | DataType::Int64 => column(name),
                kind if kind.is_integer() => column(name).cast(DataType::Int64),
                _ => return None,
            };
            Some((name.to_string(), value))
        });
    each.collect()
}

/// Minimum and maximum of a column; `None` if it has no value.
type Span = Option<(i64, i64)>;

/// The range of the times in microseconds. Returns `None` if some integer is not exact as a double: those
/// become text.
fn looked_at(group: &Group, lazy: &LazyFrame) -> Option<Span> {
    let mut times = None;
    for (name, kind) in group.schema.iter() {
        let is_time = name == "_time";
        if !is_time && !matches!(kind, DataType::Int64 | DataType::UInt64) {
            continue;
        }
        let range = match told(&group.files, name, kind) {
            Some(range) => range,
            None => computed(lazy, name, kind)?,
        };
        if is_time {
            times = range;
        } else if range.is_some_and(|(low, high)| low < -PARQUET_EXACT || high > PARQUET_EXACT) {
            return None;
        }
    }
    Some(times)
}

/// The range of a column from the files' footers, if they have it.
fn told(files: &[PathBuf], name: &str, kind: &DataType) -> Option<Span> {
    let scale = match kind {
        DataType::Int64 | DataType::Datetime(TimeUnit::Microseconds, _) => 1,
        DataType::Datetime(TimeUnit::Milliseconds, _) => 1_000,
        _ => return None,
    };
    let mut range: Span = None;
    for file in files {
        let mut reader = ParquetReader::new(File::open(file).ok()?);
        let footer = Arc::clone(reader.get_metadata().ok()?);
        for rows in &footer.row_groups {
            let chunk = rows.columns_under_root_iter(name)?.next()?;
            let statistics = chunk.statistics(&footer.footer_buf)?.ok()?.into_int64()?;
            if statistics.null_count == Some(chunk.num_values()) {
                continue;
            }
            let low = statistics.min_value?.checked_mul(scale)?;
            let high = statistics.max_value?.checked_mul(scale)?;
            range = Some(range.map_or((low, high), |(l, h)| (l.min(low), h.max(high))));
        }
    }
    Some(range)
}

/// The range of a column, computed from all its values.
fn computed(lazy: &LazyFrame, name: &str, kind: &DataType) -> Option<Span> {
    let value = || match kind {
        DataType::Datetime(..) => time(name, kind).cast(DataType::Int64),
        _ => column(name),
    };
    let bound = |bound: Expr| bound.cast(DataType::Float64);
    let bounds = [
        bound(value().min()).alias("low"),
        bound(value().max()).alias("high"),
    ];
    let bounds = lazy.clone().select(bounds);
    let found = caught(|| bounds.collect().ok()).ok()??;
    let at = |name: &str| found.column(name).ok()?.f64().ok()?.get(0);
    Some(
        at("low")
            .zip(at("high"))
            .map(|(low, high)| (low as i64, high as i64)),
    )
}

/// Converts a time to that of events, through the integer: drops the zone's name and keeps the instant.
fn time(name: &str, kind: &DataType) -> Expr {
    let zone = match kind {
        DataType::Datetime(_, zone) => zone.clone(),
        _ => None,
    };
    let plain = DataType::Datetime(TimeUnit::Microseconds, None);
    let value = column(name);
    if *kind == plain {
        return value;
    }
    let same = DataType::Datetime(TimeUnit::Microseconds, zone);
    value.cast(same).cast(DataType::Int64).cast(plain)
}

/// The text of events without one, built only if a search reads it.
fn raw(values: &[(String, Expr)]) -> Expr {
    let named: Vec<Expr> = values
        .iter()
        .map(|(n, e)| e.clone().alias(n.as_str()))
        .collect();
    let run = |columns: &mut [Column]| -> PolarsResult<Column> {
        let rows = columns.iter().map(Column::len).max().unwrap_or(0);
        raw_column(columns, rows)
    };
    let (first, others) = (named[0].clone(), &named[1..]);
    first.map_many(run, others, |_, _| Ok(field("_raw", Type::Text)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use polars::prelude::{
        Column, DataFrame, DataType, IntoLazy as _, ParquetWriter, TimeUnit, df,
    };

    use super::{EventPartition, Group, part, scanned};
    use crate::read;

    fn written(folder: &tempfile::TempDir, name: &str, mut frame: DataFrame) -> PathBuf {
        let micros = DataType::Datetime(TimeUnit::Microseconds, None);
        let times: Column = frame.column("_time").unwrap().cast(&micros).unwrap();
        frame.with_column(times).unwrap();
        let path = folder.path().join(name);
        let file = std::fs::File::create(&path).unwrap();
        ParquetWriter::new(file).finish(&mut frame).unwrap();
        path
    }

    fn events(files: Vec<PathBuf>) -> Option<EventPartition> {
        let group = Group {
            schema: scanned(&files).unwrap().collect_schema().unwrap(),
            files,
            rules: Default::default(),
            events: 0,
        };
        part(&group, &Default::default())
    }

    #[test]
    fn files_give_the_same_events_whether_they_are_read_at_once_or_as_needed() {
        let folder = tempfile::tempdir().unwrap();
        let frame = df!(
            "name" => [Some("Ash"), None, Some("say \"hi\"")],
            "_time" => [Some(5_000_000_i64), None, Some(9_000_000)],
            "flow" => [1_i32, 2, 3],
            "share" => [0.5, 1.0, 2.25],
            "total" => [Some(7_i64), Some(8), None],
        )
        .unwrap();
        let files = ["a.parquet", "b.parquet"].map(|n| written(&folder, n, frame.clone()));
        let part = events(files.to_vec()).expect("its types need no look");
        assert_eq!(part.span, Some((5_000_000, 9_000_000)));
        let lazily = part.frame.lazy.collect().unwrap();
        let mut at_once = Vec::new();
        let options = read::Options::default();
        read::read_paths(&files, &options, &mut |_| {}, &mut |batch| {
            at_once.push(batch.frame.lazy());
            Ok(())
        })
        .unwrap();
        assert_eq!(at_once.len(), 2);
        let at_once = polars::prelude::concat(at_once, Default::default()).unwrap();
        let at_once = at_once.collect().unwrap();
        assert!(lazily.equals_missing(&at_once), "{lazily}\n{at_once}");
    }

    #[test]
    fn numbers_beyond_doubles_are_left_to_the_reader() {
        let folder = tempfile::tempdir().unwrap();
        for id in [1_i64 << 60, -(1_i64 << 60)] {
            let frame = df!("_time" => [1_i64], "id" => [id]).unwrap();
            assert!(events(vec![written(&folder, "a.parquet", frame)]).is_none());
        }
    }
}
