//! JSON: one object per row. Numbers are numbers, multivalues are arrays, missing fields are omitted.

use std::io::{self, Write};
use std::ops::Range;

use crate::cli::output::{Style, Table, is_time, time};
use crate::parallel::ordered_chunks;
use crate::value::{Type, Value, format_number, is_canonical_number};

/// Rows that are buffered before they are written.
const GATHERED: usize = 1024;

/// One object per line.
pub fn write_ndjson(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_rows(table, style.shown(table.height()), ("", "\n", "\n"), out)
}

/// One array, one object per line.
pub fn write_json(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_array(table, style.shown(table.height()), out)?;
    out.write_all(b"\n")
}

/// The first `count` rows as an array.
pub fn write_array(table: &dyn Table, count: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[")?;
    write_rows(table, count, ("\n", ",\n", "\n"), out)?;
    out.write_all(b"]")
}

/// The rows as an array without line breaks.
pub fn write_inline_array(table: &dyn Table, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"[")?;
    write_rows(table, table.height(), ("", ",", ""), out)?;
    out.write_all(b"]")
}

/// Writes the first `count` rows, with text before, between and after them if there are any.
fn write_rows(
    table: &dyn Table,
    count: usize,
    (before, between, after): (&str, &str, &str),
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = columns(table);
    // Buffered in memory, because each small write costs a call.
    let gathered = |rows: Range<usize>| {
        let mut gathered = Vec::new();
        for row in rows {
            let apart = if row == 0 { before } else { between };
            gathered.extend_from_slice(apart.as_bytes());
            write_row(table, &columns, row, &mut gathered);
        }
        gathered
    };
    ordered_chunks(count, GATHERED, gathered, |rows| out.write_all(&rows))?;
    match count {
        0 => Ok(()),
        _ => out.write_all(after.as_bytes()),
    }
}

/// A text as a JSON string.
pub fn write_string(text: &str, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(out, text).map_err(io::Error::from)
}

/// Appends a text as a JSON string to a buffer.
fn push_string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing a text to memory does not fail");
}

/// A column's precomputed parts that every row needs.
struct Column {
    /// The name as a JSON key, with the colon.
    key: Vec<u8>,
    kind: Type,
    time: bool,
}

fn columns(table: &dyn Table) -> Vec<Column> {
    let key = |name: &str| {
        let mut key = Vec::new();
        push_string(name, &mut key);
        key.push(b':');
        key
    };
    table
        .names()
        .into_iter()
        .zip(table.types())
        .map(|(name, kind)| Column {
            key: key(name),
            kind: *kind,
            time: is_time(name, *kind),
        })
        .collect()
}

fn write_row(table: &dyn Table, columns: &[Column], row: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut first = true;
    for (index, column) in columns.iter().enumerate() {
        let value = table.value(row, index);
        if value.is_null() {
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(&column.key);
        write_value(&value, column, out);
    }
    out.push(b'}');
}

fn write_value(value: &Value<'_>, column: &Column, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        // JSON has no infinity.
        Value::Num(n) if !n.is_finite() => push_string(&format_number(*n), out),
        Value::Num(n) if column.time => out.extend_from_slice(time::epoch(*n).as_bytes()),
        Value::Num(n) => out.extend_from_slice(format_number(*n).as_bytes()),
        Value::Text(text) if column.kind == Type::Any && is_canonical_number(text) => {
            out.extend_from_slice(text.as_bytes());
        }
        Value::Text(text) => push_string(text, out),
        Value::Bool(b) => push_string(if *b { "True" } else { "False" }, out),
        Value::Multi(values) => {
            out.push(b'[');
            for (i, text) in values.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                push_string(text, out);
            }
            out.push(b']');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{write_json, write_ndjson};
    use crate::cli::output::listing::{Listing, plain};
    use crate::value::{Type, Value};

    fn rows() -> Listing {
        let mut rows = Listing::new(&[
            ("_time", Type::Time),
            ("count", Type::Number),
            ("any", Type::Any),
            ("text", Type::Text),
            ("users", Type::Multi),
        ]);
        rows.push(vec![
            Value::Num(1_714_521_600.123_456),
            Value::Num(3.0),
            Value::text("2.5"),
            Value::text("007"),
            Value::multi(vec!["a".into(), "b\"".into()]),
        ]);
        rows.push(vec![
            Value::Null,
            Value::Num(f64::INFINITY),
            Value::text("1.0"),
            Value::text("5"),
            Value::text("c"),
        ]);
        rows
    }

    #[test]
    fn a_row_is_an_object_with_numbers_as_numbers() {
        let mut out = Vec::new();
        write_ndjson(&rows(), &plain(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"{"_time":1714521600.123456,"count":3,"any":2.5,"text":"007","users":["a","b\""]}"#,
                "\n",
                r#"{"count":"inf","any":"1.0","text":"5","users":"c"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn json_is_one_array() {
        let mut out = Vec::new();
        let mut style = plain();
        style.limit = Some(1);
        write_json(&rows(), &style, &mut out).unwrap();
        let parsed: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(parsed.as_array().map(Vec::len), Some(1));
        out.clear();
        write_json(&Listing::new(&[("a", Type::Text)]), &style, &mut out).unwrap();
        assert_eq!(out, b"[]\n");
    }
}
