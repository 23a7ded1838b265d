//! Builds columns from events: one builder per field, filled row by row.

use std::collections::HashMap;

use polars::prelude::{
    Column, DataFrame, DataType, IdxSize, IntoColumn, IntoSeries, ListBuilderTrait as _,
    ListStringChunkedBuilder, NamedFrom as _, PlSmallStr, Scalar, Series, StringChunked,
    StringChunkedBuilder, TimeUnit,
};

use crate::error::{Error, Result};
use crate::extract::event::{Event, Field};
use crate::read::batch::interner::{NONE, StringInterner};
use crate::value;

/// The columns that every frame of events starts with.
pub const BASE: [&str; 6] = ["_time", "_raw", "host", "source", "sourcetype", "index"];

/// Bytes that a cell costs in addition to long text.
const CELL: usize = 16;

/// The rows of one batch so far.
pub struct Columns {
    times: Vec<Option<i64>>,
    raw: StringChunkedBuilder,
    host: StringChunkedBuilder,
    /// The host of all rows, as long as they agree.
    one_host: OneHost,
    fields: FieldColumns,
    raw_bytes: usize,
}

/// Columns by name, in order of first appearance.
#[derive(Default)]
pub struct FieldColumns {
    /// The index of each name's column; `None` for names that rows may not set.
    places: HashMap<Box<str>, Option<usize>>,
    columns: Vec<FieldColumn>,
    rows: usize,
    text_bytes: usize,
}

enum OneHost {
    Unseen,
    Same(Option<Box<str>>),
    Differs,
}

/// One extracted field.
struct FieldColumn {
    name: Box<str>,
    texts: StringInterner,
    /// The index of each row's first value in `texts`, or [`NONE`].
    first: Vec<IdxSize>,
    /// Second and later values: row and text.
    more: Vec<(usize, Box<str>)>,
    /// The column that followed this one last time, to save a lookup.
    next: usize,
    numbers: Numbers,
}

/// The kind of JSON numbers in a column, if all its values are of one kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Numbers {
    Integers,
    Floats,
    No,
}

impl Default for Columns {
    fn default() -> Columns {
        Columns {
            times: Vec::new(),
            raw: StringChunkedBuilder::new("_raw".into(), 0),
            host: StringChunkedBuilder::new("host".into(), 0),
            one_host: OneHost::Unseen,
            fields: FieldColumns {
                // The empty name is not a field.
                places: BASE
                    .iter()
                    .chain(&[""])
                    .map(|b| (Box::from(*b), None))
                    .collect(),
                ..FieldColumns::default()
            },
            raw_bytes: 0,
        }
    }
}

impl Columns {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// The approximate size of the rows in bytes.
    pub fn bytes(&self) -> usize {
        let cells = self.rows() * (self.fields.columns.len() + BASE.len());
        self.raw_bytes + self.fields.text_bytes + cells * CELL
    }

    /// Adds an event; `time` and `host` are those resolved by the batch.
    pub fn push(&mut self, event: &Event<'_>, time: Option<i64>, host: Option<&str>) {
        self.times.push(time);
        self.raw.append_value(event.raw.as_ref());
        self.host.append_option(host);
        self.note_host(host);
        self.raw_bytes += event.raw.len();
        self.fields.push(&event.fields);
    }

    fn note_host(&mut self, host: Option<&str>) {
        match &self.one_host {
            OneHost::Unseen => self.one_host = OneHost::Same(host.map(Box::from)),
            OneHost::Same(one) if one.as_deref() != host => self.one_host = OneHost::Differs,
            OneHost::Same(_) | OneHost::Differs => {}
        }
    }

    /// Returns the frame, and the host if all rows have the same.
    ///
    /// # Errors
    /// Never because of the data.
    pub fn finish(
        self,
        source: &str,
        sourcetype: &str,
        index: &str,
    ) -> Result<(DataFrame, Option<String>)> {
        let rows = self.times.len();
        let constant = |name: &str, value: &str| {
            Column::new_scalar(name.into(), Scalar::from(PlSmallStr::from_str(value)), rows)
        };
        let time = Series::new("_time".into(), self.times)
            .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
            .map_err(internal)?;
        let mut columns = vec![
            time.into_column(),
            self.raw.finish().into_column(),
            self.host.finish().into_column(),
            constant("source", source),
            constant("sourcetype", sourcetype),
            constant("index", index),
        ];
        columns.extend(self.fields.finish()?);
        let host = match self.one_host {
            OneHost::Same(host) => host.map(String::from),
            OneHost::Unseen | OneHost::Differs => None,
        };
        Ok((DataFrame::new(rows, columns).map_err(internal)?, host))
    }
}

impl FieldColumns {
    /// Adds a row.
    pub fn push(&mut self, fields: &[Field<'_>]) {
        let row = self.rows;
        self.rows += 1;
        let mut guess = 0;
        let mut previous: Option<usize> = None;
        for field in fields {
            let Some(index) = self.place(guess, &field.name, row) else {
                continue;
            };
            if let Some(previous) = previous {
                self.columns[previous].next = index;
            }
            let column = &mut self.columns[index];
            self.text_bytes += column.push(row, field);
            guess = column.next;
            previous = Some(index);
        }
    }

    /// Returns the index of a name's column, creating it if new.
    fn place(&mut self, guess: usize, name: &str, row: usize) -> Option<usize> {
        if self.columns.get(guess).is_some_and(|c| *c.name == *name) {
            return Some(guess);
        }
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let index = self.columns.len();
        self.places.insert(Box::from(name), Some(index));
        self.columns.push(FieldColumn {
            name: Box::from(name),
            texts: StringInterner::default(),
            first: vec![NONE; row],
            more: Vec::new(),
            next: index + 1,
            numbers: Numbers::Integers,
        });
        Some(index)
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the columns.
    ///
    /// # Errors
    /// Never because of the data.
    pub fn finish(self) -> Result<Vec<Column>> {
        let rows = self.rows;
        self.columns.into_iter().map(|c| c.finish(rows)).collect()
    }
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::internal(error.to_string())
}

impl FieldColumn {
    /// Adds a value and returns the number of bytes added.
    fn push(&mut self, row: usize, field: &Field<'_>) -> usize {
        let kind = if field.number {
            number_kind(&field.value)
        } else {
            Numbers::No
        };
        self.numbers = self.numbers.max(kind);
        if self.first.len() > row {
            self.more.push((row, Box::from(field.value.as_ref())));
            return field.value.len();
        }
        // Earlier rows lack this field.
        self.first.resize(row, NONE);
        let before = self.texts.bytes();
        self.first.push(self.texts.intern(&field.value));
        self.texts.bytes() - before
    }

    fn finish(mut self, rows: usize) -> Result<Column> {
        self.first.resize(rows, NONE);
        let texts = self.texts.into_column(&self.name, &self.first)?;
        if !self.more.is_empty() {
            return Ok(multi(&self.name, &texts, &self.more).into_column());
        }
        let kind = match self.numbers {
            Numbers::Integers => DataType::Int64,
            Numbers::Floats => DataType::Float64,
            Numbers::No => return Ok(texts.into_column()),
        };
        texts
            .into_series()
            .cast(&kind)
            .map(Column::from)
            .map_err(internal)
    }
}

/// Builds a list column from first and further values.
fn multi(name: &str, first: &StringChunked, more: &[(usize, Box<str>)]) -> Series {
    let mut builder = ListStringChunkedBuilder::new(
        PlSmallStr::from_str(name),
        first.len(),
        first.len() + more.len(),
    );
    let mut rest = more;
    for (row, value) in first.iter().enumerate() {
        let Some(value) = value else {
            builder.append_null();
            continue;
        };
        let count = rest.iter().take_while(|(at, _)| *at == row).count();
        let (mine, after) = rest.split_at(count);
        rest = after;
        builder.append_values_iter(
            std::iter::once(value).chain(mine.iter().map(|(_, text)| text.as_ref())),
        );
    }
    builder.finish().into_series()
}

/// Returns the kind of a number whose text is exactly how the number prints, so that a number column loses
/// nothing.
fn number_kind(text: &str) -> Numbers {
    const EXACT: u64 = 1 << 53;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        let exact = digits.parse::<u64>().is_ok_and(|n| n <= EXACT);
        return if exact && text != "-0" {
            Numbers::Integers
        } else {
            Numbers::No
        };
    }
    // Smaller numbers print with an exponent, here or in Polars.
    let plain = !text.contains(['e', 'E']) && !digits.starts_with("0.000");
    if plain && value::is_canonical_number(text) {
        Numbers::Floats
    } else {
        Numbers::No
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use polars::prelude::{AnyValue, DataType};

    use super::Columns;
    use crate::extract::event::Event;
    use crate::extract::json::object_fields;

    fn frame(rows: &[&str]) -> polars::prelude::DataFrame {
        let mut columns = Columns::default();
        for row in rows {
            let event = Event {
                raw: Cow::Borrowed(row),
                fields: object_fields(row).expect("JSON"),
                ..Event::default()
            };
            columns.push(&event, event.time, Some("h"));
        }
        let (frame, host) = columns.finish("s", "t", "main").expect("a frame");
        assert_eq!(host.as_deref(), Some("h"));
        frame
    }

    #[test]
    fn columns_come_late_and_keep_their_order() {
        let frame = frame(&[
            r#"{"a":1,"b":"x"}"#,
            r#"{"c":0.5}"#,
            r#"{"b":"y","a":2,"host":"z"}"#,
        ]);
        let names: Vec<&str> = frame
            .get_column_names()
            .into_iter()
            .map(|n| n.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "_time",
                "_raw",
                "host",
                "source",
                "sourcetype",
                "index",
                "a",
                "b",
                "c"
            ]
        );
        let column = |name| frame.column(name).expect("there");
        assert_eq!(column("a").dtype(), &DataType::Int64);
        assert_eq!(column("c").dtype(), &DataType::Float64);
        assert_eq!(column("b").null_count(), 1);
        assert_eq!(column("b").get(2).expect("there"), AnyValue::String("y"));
        assert_eq!(column("host").get(2).expect("there"), AnyValue::String("h"));
    }

    #[test]
    fn only_numbers_that_print_as_they_stand_make_number_columns() {
        let frame = frame(&[
            r#"{"a":1,"b":1.0,"c":9007199254740993,"d":1,"e":1e3,"f":"1","g":1,"h":-0}"#,
            r#"{"a":-2,"b":2.5,"d":"x","g":2.5}"#,
        ]);
        for (name, kind) in [
            ("a", DataType::Int64),
            ("b", DataType::String),
            ("c", DataType::String),
            ("d", DataType::String),
            ("e", DataType::String),
            ("f", DataType::String),
            ("g", DataType::Float64),
            ("h", DataType::String),
        ] {
            assert_eq!(frame.column(name).expect("there").dtype(), &kind, "{name}");
        }
    }

    #[test]
    fn repeated_names_make_lists() {
        let frame = frame(&[r#"{"a":["x"]}"#, r#"{"b":1}"#, r#"{"a":["y",2,"z"]}"#]);
        let column = frame.column("a{}").expect("there");
        assert_eq!(column.dtype(), &DataType::List(Box::new(DataType::String)));
        let lengths: Vec<Option<usize>> = (0..3)
            .map(|row| match column.get(row).expect("a row") {
                AnyValue::List(values) => Some(values.len()),
                _ => None,
            })
            .collect();
        assert_eq!(lengths, [Some(1), None, Some(3)]);
    }
}
