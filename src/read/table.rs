//! Reads files as rows of a data model dataset, with their columns unchanged.

use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;

use chrono_tz::Tz;
use polars::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::extract::event::{Event, EventSink};
use crate::read::batch::batches::{LINE, note};
use crate::read::batch::columns::FieldColumns;
use crate::read::batch::row_events::{Rows, table_row};
use crate::read::formats::csv;
use crate::read::formats::json_rows;
use crate::read::formats::parquet::time_column;
use crate::read::input::buffer::{Input, Place};
use crate::read::input::container::{Leaf, Met, Walker};
use crate::read::{BadLines, InputFile, ReadReport, Skipped, decoded};

/// Bytes of a file examined to distinguish JSON from CSV.
const HEAD: usize = 4096;

/// Reads NDJSON, JSON or CSV files, compressed or not, as one frame of their own columns: `_time` in
/// microseconds UTC (in `zone` if it names none), numbers if all values are JSON numbers that print as
/// written, else text; lists if a row has several values. Unlike in events, keys have no special meaning, and
/// Windows events are rows like others. The report lists anything that could not be read.
///
/// # Errors
/// Never because of the data.
pub fn read_table(files: &[InputFile], zone: Tz) -> Result<(DataFrame, ReadReport)> {
    let mut sink = TableSink::default();
    let mut on_file = |leaf: Leaf<'_, '_>| read_leaf(leaf, zone, &mut sink);
    let receiving = Rc::new(Cell::new(false));
    let mut walker = Walker::new(Rc::new(Cell::new(0)), receiving, &mut on_file);
    files.iter().try_for_each(|file| walker.file(file))?;
    let Met {
        taken,
        skipped,
        bad,
    } = walker.finish();
    sink.bad.extend(bad);
    let report = ReadReport {
        events: sink.columns.rows() as u64,
        files: taken,
        bytes: 0,
        bad: sink.bad,
        skipped,
    };
    let height = sink.columns.rows();
    let internal = |e: polars::prelude::PolarsError| Error::internal(e.to_string());
    let mut columns = sink.columns.finish()?;
    for column in &mut columns {
        if column.name() == "_time" {
            *column = time_column(column, zone).map_err(internal)?;
        }
    }
    let frame = DataFrame::new(height, columns).map_err(internal)?;
    Ok((frame, report))
}

fn read_leaf(leaf: Leaf<'_, '_>, zone: Tz, sink: &mut TableSink) -> Result<Option<Skipped>> {
    let Leaf { input, name, .. } = leaf;
    let is_csv = name.rsplit_once('.').is_some_and(|(_, e)| {
        ["csv", "tsv", "tab", "psv"]
            .iter()
            .any(|known| e.eq_ignore_ascii_case(known))
    });
    sink.origin = input.origin().to_owned();
    sink.start = sink.bad.len();
    let before = sink.columns.rows();
    let read = decoded(input, None, &mut |input| rows(input, is_csv, zone, sink));
    for fault in input.take_faults() {
        let line = match fault.place {
            Place::Line(line) => line,
            Place::Byte(_) => 0,
        };
        sink.bad(line, &fault.why);
    }
    let unknown = read?;
    if sink.columns.rows() > before {
        return Ok(None);
    }
    let first = sink.bad.drain(sink.start..).next();
    let failed = first.map(|first| Skipped {
        line: first.first,
        ..Skipped::new(first.file, first.why)
    });
    Ok(failed.or(unknown))
}

/// Reads the rows of a file; returns the reason if it is not a table.
fn rows(
    input: &mut Input<'_>,
    is_csv: bool,
    zone: Tz,
    sink: &mut TableSink,
) -> Result<Option<Skipped>> {
    let rows = Rows {
        log: false,
        zone,
        file: "",
        unwrap: false,
        keep_lines: false,
        trim_braces: false,
        make: table_row,
    };
    let head = input.head(HEAD);
    let head = String::from_utf8_lossy(&head[..head.len().min(HEAD)]);
    if json_rows::looks_like(&head) {
        json_rows::read(input, rows, sink)?;
    } else if is_csv || head.trim().is_empty() {
        csv::read(input, &csv::Table::default(), rows, sink)?;
    } else {
        return Ok(Some(Skipped {
            hints: vec!["rows of a data model set are Parquet, NDJSON or CSV".to_owned()],
            ..Skipped::new(input.origin(), "neither JSON rows nor CSV")
        }));
    }
    Ok(None)
}

#[derive(Default)]
struct TableSink {
    columns: FieldColumns,
    /// The current file.
    origin: PathBuf,
    bad: Vec<BadLines>,
    /// Where its bad places begin.
    start: usize,
}

impl EventSink for TableSink {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        self.columns.push(&event.fields);
        Ok(())
    }

    fn bad(&mut self, line: u64, why: &str) {
        note(&mut self.bad, self.start, &self.origin, (LINE, line), why);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use chrono_tz::Tz;
    use polars::prelude::{DataFrame, DataType, TimeUnit};

    use super::read_table;
    use crate::error::Result;
    use crate::read::{ReadReport, list};

    fn table(name: &str, text: &str) -> Result<(DataFrame, ReadReport)> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let mut file = std::fs::File::create(&path).expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let (frame, report) = read_table(&list(&path)?.files, Tz::UTC)?;
        report.failure().map_or(Ok((frame, report)), Err)
    }

    #[test]
    fn columns_are_those_of_the_rows() {
        let (frame, _) = table(
            "x.ndjson",
            "{\"_time\":5,\"host\":\"h\",\"EventID\":1,\"Channel\":\"c\"}\n{\"_time\":\"1970-01-01 00:00:06\"}\n",
        )
        .expect("a table");
        let names: Vec<&str> = frame
            .get_column_names()
            .iter()
            .map(|n| n.as_str())
            .collect();
        assert_eq!(names, ["_time", "host", "EventID", "Channel"]);
        let time = frame.column("_time").expect("there");
        assert_eq!(
            time.dtype(),
            &DataType::Datetime(TimeUnit::Microseconds, None)
        );
        assert_eq!(time.null_count(), 0);
        let (frame, _) = table("x.csv", "a,b\n1,\n").expect("a table");
        assert_eq!(frame.shape(), (1, 1));
    }

    #[test]
    fn rows_that_are_damaged_are_counted_and_no_table_is_refused() {
        let (frame, report) = table("x.ndjson", "{\"a\":1}\n{\"a\"").expect("a row");
        assert_eq!((frame.height(), report.bad[0].first), (1, 2));
        assert!(table("x.ndjson", "{\"a\"\n").is_err());
        assert!(table("x.log", "some text\n").is_err());
    }
}
