//! JSON: one object a row. Numbers are numbers, several values an array, missing fields left out.

use std::io::{self, Write};

use crate::cli::output::{Style, Table, is_time, time};
use crate::value::{Type, Value, format_number, is_canonical_number};

/// One object a line.
pub fn write_ndjson(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let columns = columns(table);
    for row in 0..style.shown(table.height()) {
        write_row(table, &columns, row, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// One array, an object a line.
pub fn write_json(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_array(table, style.shown(table.height()), out)?;
    out.write_all(b"\n")
}

/// The first `count` rows as an array.
pub fn write_array(table: &dyn Table, count: usize, out: &mut dyn Write) -> io::Result<()> {
    let columns = columns(table);
    out.write_all(b"[")?;
    for row in 0..count {
        out.write_all(if row == 0 { b"\n" } else { b",\n" })?;
        write_row(table, &columns, row, out)?;
    }
    out.write_all(if count == 0 { b"]" } else { b"\n]" })
}

/// The rows as an array without line breaks.
pub fn write_inline_array(table: &dyn Table, out: &mut dyn Write) -> io::Result<()> {
    let columns = columns(table);
    out.write_all(b"[")?;
    for row in 0..table.height() {
        if row > 0 {
            out.write_all(b",")?;
        }
        write_row(table, &columns, row, out)?;
    }
    out.write_all(b"]")
}

/// A text as a JSON string.
pub fn write_string(text: &str, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(out, text).map_err(io::Error::from)
}

/// A column, as every row needs it.
struct Column {
    /// The name as a JSON key, with the colon.
    key: Vec<u8>,
    kind: Type,
    time: bool,
}

fn columns(table: &dyn Table) -> Vec<Column> {
    let key = |name: &str| {
        let mut key = Vec::new();
        write_string(name, &mut key).expect("writing to memory does not fail");
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

fn write_row(
    table: &dyn Table,
    columns: &[Column],
    row: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    out.write_all(b"{")?;
    let mut first = true;
    for (index, column) in columns.iter().enumerate() {
        let value = table.value(row, index);
        if value.is_null() {
            continue;
        }
        if !first {
            out.write_all(b",")?;
        }
        first = false;
        out.write_all(&column.key)?;
        write_value(&value, column, out)?;
    }
    out.write_all(b"}")
}

fn write_value(value: &Value<'_>, column: &Column, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Null => out.write_all(b"null"),
        // JSON has no infinity.
        Value::Num(n) if !n.is_finite() => write_string(&format_number(*n), out),
        Value::Num(n) if column.time => out.write_all(time::epoch(*n).as_bytes()),
        Value::Num(n) => out.write_all(format_number(*n).as_bytes()),
        Value::Text(text) if column.kind == Type::Any && is_canonical_number(text) => {
            out.write_all(text.as_bytes())
        }
        Value::Text(text) => write_string(text, out),
        Value::Bool(b) => write_string(if *b { "True" } else { "False" }, out),
        Value::Multi(values) => {
            out.write_all(b"[")?;
            for (i, text) in values.iter().enumerate() {
                if i > 0 {
                    out.write_all(b",")?;
                }
                write_string(text, out)?;
            }
            out.write_all(b"]")
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
