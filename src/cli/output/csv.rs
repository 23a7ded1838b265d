//! CSV as Splunk exports it: a header, one record per row, multivalues joined by line breaks.

use std::io::{self, Write};

use crate::cli::output::{Style, Table, is_time, time};
use crate::value::Value;

/// A header and the rows.
pub fn write_csv(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let names = table.names();
    if names.is_empty() {
        return Ok(());
    }
    let times: Vec<bool> = names
        .iter()
        .zip(table.types())
        .map(|(name, kind)| is_time(name, *kind))
        .collect();
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(&names).map_err(io_error)?;
    for row in 0..style.shown(table.height()) {
        for (column, is_time) in times.iter().enumerate() {
            let text = match table.value(row, column) {
                Value::Num(seconds) if *is_time => time::exported(seconds, style.zone),
                value => value.into_values().join("\n"),
            };
            writer.write_field(text).map_err(io_error)?;
        }
        writer.write_record(None::<&[u8]>).map_err(io_error)?;
    }
    writer.flush()
}

/// Keeps a closed pipe recognisable as one.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::write_csv;
    use crate::cli::output::listing::{Listing, plain};
    use crate::value::{Type, Value};

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut rows = Listing::new(&[
            ("_time", Type::Time),
            ("a,b", Type::Text),
            ("m", Type::Multi),
            ("n", Type::Number),
        ]);
        rows.push(vec![
            Value::Num(1_714_521_600.0),
            Value::text("say \"x\""),
            Value::multi(vec!["1".into(), "2".into()]),
            Value::Null,
        ]);
        let mut out = Vec::new();
        write_csv(&rows, &plain(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "_time,\"a,b\",m,n\n2024-05-01T00:00:00.000+0000,\"say \"\"x\"\"\",\"1\n2\",\n"
        );
    }
}
