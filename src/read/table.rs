//! Rows of a data model set given as a file: columns as they are.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use chrono_tz::Tz;
use polars::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::read::columns::FieldColumns;
use crate::read::container::{Leaf, Walker};
use crate::read::event::{Event, EventSink};
use crate::read::input::Input;
use crate::read::json_rows;
use crate::read::parquet::time_column;
use crate::read::row_events::{Rows, table_row};
use crate::read::{csv, decoded};

/// How much of a file is looked at to tell JSON from CSV.
const HEAD: usize = 4096;

/// Reads an NDJSON, JSON or CSV file, also a compressed one, as one frame of its own columns: `_time` in
/// microseconds UTC (in `zone` where it names none), numbers where all values are JSON numbers that
/// print as they stand, else text; lists where a row has several values. Unlike events no key has a meaning
/// of its own, and Windows events are rows like others.
///
/// # Errors
/// When the path is a directory or missing, or a row cannot be read: rows of a table are not passed over.
pub fn read_table(path: &Path, zone: Tz) -> Result<DataFrame> {
    if path.is_dir() {
        return Err(Error::file(path, "is a directory where a file is needed"));
    }
    let mut sink = TableSink::default();
    let mut on_file = |leaf: Leaf<'_, '_>| {
        let is_csv = leaf.name.rsplit_once('.').is_some_and(|(_, e)| {
            ["csv", "tsv", "tab", "psv"]
                .iter()
                .any(|known| e.eq_ignore_ascii_case(known))
        });
        decoded(leaf.input, None, &mut |input| {
            rows(input, is_csv, zone, &mut sink)
        })?;
        Ok(None)
    };
    Walker::new(Rc::new(Cell::new(0)), &mut on_file).path(path)?;
    if let Some((line, why)) = sink.bad {
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        return Err(Error::format(path, line, 0, why));
    }
    let height = sink.columns.rows();
    let internal = |e: polars::prelude::PolarsError| Error::internal(e.to_string());
    let mut columns = sink.columns.finish()?;
    for column in &mut columns {
        if column.name() == "_time" {
            *column = time_column(column, zone).map_err(internal)?;
        }
    }
    DataFrame::new(height, columns).map_err(internal)
}

fn rows(input: &mut Input<'_>, is_csv: bool, zone: Tz, sink: &mut TableSink) -> Result<()> {
    let rows = Rows {
        log: false,
        zone,
        file: "",
        unwrap: false,
        trim_braces: false,
        make: table_row,
    };
    let head = input.head(HEAD)?;
    let head = String::from_utf8_lossy(&head[..head.len().min(HEAD)]);
    if json_rows::looks_like(&head) {
        json_rows::read(input, rows, sink)
    } else if is_csv || head.trim().is_empty() {
        csv::read(input, &csv::Table::default(), rows, sink)
    } else {
        Err(input
            .error(0, "neither JSON rows nor CSV")
            .hint("rows of a data model set are Parquet, NDJSON or CSV"))
    }
}

#[derive(Default)]
struct TableSink {
    columns: FieldColumns,
    bad: Option<(u64, String)>,
}

impl EventSink for TableSink {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        self.columns.push(&event.fields);
        Ok(())
    }

    fn bad(&mut self, line: u64, why: &str) {
        self.bad.get_or_insert_with(|| (line, why.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use chrono_tz::Tz;
    use polars::prelude::{DataFrame, DataType, TimeUnit};

    use super::read_table;
    use crate::error::Result;

    fn table(name: &str, text: &str) -> Result<DataFrame> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let mut file = std::fs::File::create(&path).expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        read_table(&path, Tz::UTC)
    }

    #[test]
    fn columns_are_those_of_the_rows() {
        let frame = table(
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
        let frame = table("x.csv", "a,b\n1,\n").expect("a table");
        assert_eq!(frame.shape(), (1, 1));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(table("x.ndjson", "{\"a\":1}\n{\"a\"").is_err());
        assert!(table("x.log", "some text\n").is_err());
        assert!(read_table(&std::env::temp_dir(), Tz::UTC).is_err());
    }
}
