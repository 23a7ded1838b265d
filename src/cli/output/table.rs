//! Formats for people: a table that fits the terminal, and one field a line.

use std::io::{self, Write};

use comfy_table::presets::{ASCII_FULL_CONDENSED, UTF8_FULL_CONDENSED};
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement};

use crate::cli::output::{Style, Table, counted, is_time, lines, printable};
use crate::value::{Type, Value, is_canonical_number};

/// Characters a line of the terminal on standard output has; `None` when it is none, or does
/// not know (some say 0).
pub fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width().filter(|width| *width > 9)
}

/// Whether a table of that many columns can be read at that width.
pub fn fits(columns: usize, width: Option<u16>) -> bool {
    // Room for a short word and the frame of each column.
    width.is_none_or(|width| columns * 9 < usize::from(width))
}

/// A table, then the number of rows.
pub fn write_table(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let names = table.names();
    let shown = style.shown(table.height());
    if !names.is_empty() && shown > 0 {
        writeln!(out, "{}", drawn(table, &names, shown, style).trim_fmt())?;
    }
    write_count(table.height(), shown, out)
}

/// One field a line, rows apart by a rule with their number, then the number of rows.
pub fn write_vertical(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<_> = table.names().into_iter().map(printable).collect();
    let shown = style.shown(table.height());
    let room = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    for row in 0..shown {
        writeln!(out, "--- row {} ---", row + 1)?;
        for (column, (name, kind)) in names.iter().zip(table.types()).enumerate() {
            let value = table.value(row, column);
            if value.is_null() {
                continue;
            }
            let mut label: &str = name;
            let lines = lines(value, is_time(name, *kind), style.zone);
            if lines.is_empty() {
                writeln!(out, "{label}")?;
            }
            for line in lines {
                writeln!(out, "{label:room$}  {line}")?;
                label = "";
            }
        }
    }
    write_count(table.height(), shown, out)
}

fn write_count(height: usize, shown: usize, out: &mut dyn Write) -> io::Result<()> {
    let count = counted(height as u64, "row");
    if shown < height {
        writeln!(out, "{count} ({shown} shown)")
    } else {
        writeln!(out, "{count}")
    }
}

fn drawn(table: &dyn Table, names: &[&str], shown: usize, style: &Style) -> comfy_table::Table {
    let mut drawn = comfy_table::Table::new();
    drawn
        .load_style(if style.boxes {
            UTF8_FULL_CONDENSED
        } else {
            ASCII_FULL_CONDENSED
        })
        .force_no_tty()
        .set_header(names.iter().map(|name| {
            let cell = Cell::new(printable(name));
            if style.color {
                cell.add_attribute(Attribute::Bold)
            } else {
                cell
            }
        }));
    if style.color {
        drawn.enforce_styling();
    }
    if let Some(width) = style.width {
        drawn
            .set_width(width)
            .set_content_arrangement(ContentArrangement::Dynamic);
    }
    let types = table.types();
    let right: Vec<bool> = (0..names.len())
        .map(|column| is_numeric(table, column, types[column], shown))
        .collect();
    for row in 0..shown {
        drawn.add_row(names.iter().enumerate().map(|(column, name)| {
            let time = is_time(name, types[column]);
            let lines = lines(table.value(row, column), time, style.zone);
            let cell = Cell::new(lines.join("\n"));
            if right[column] && !time {
                cell.set_alignment(CellAlignment::Right)
            } else {
                cell
            }
        }));
    }
    drawn
}

/// Whether a column is one of numbers, as far as it is shown.
fn is_numeric(table: &dyn Table, column: usize, kind: Type, shown: usize) -> bool {
    match kind {
        Type::Number => true,
        Type::Any => (0..shown).all(|row| match table.value(row, column) {
            Value::Null | Value::Num(_) => true,
            Value::Text(text) => is_canonical_number(&text),
            Value::Bool(_) | Value::Multi(_) => false,
        }),
        Type::Null | Type::Bool | Type::Text | Type::Multi | Type::Time => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{fits, write_table, write_vertical};
    use crate::cli::output::Style;
    use crate::cli::output::listing::{Listing, plain};
    use crate::value::{Type, Value};

    fn rows() -> Listing {
        let mut rows = Listing::new(&[
            ("_time", Type::Time),
            ("user", Type::Multi),
            ("count", Type::Number),
        ]);
        rows.push(vec![
            Value::Num(1_714_521_600.5),
            Value::multi(vec!["ann".into(), "bob".into()]),
            Value::Num(12.0),
        ]);
        rows.push(vec![Value::Null, Value::text("cid"), Value::Num(7.0)]);
        rows
    }

    fn written(
        write: fn(&dyn super::Table, &Style, &mut dyn std::io::Write) -> std::io::Result<()>,
        style: &Style,
    ) -> String {
        let mut out = Vec::new();
        write(&rows(), style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_has_a_value_a_line_and_numbers_to_the_right() {
        assert_eq!(
            written(write_table, &plain()),
            "\
+-------------------------+------+-------+
| _time                   | user | count |
+========================================+
| 2024-05-01 00:00:00.500 | ann  |    12 |
|                         | bob  |       |
|                         | cid  |     7 |
+-------------------------+------+-------+
2 rows
"
        );
    }

    #[test]
    fn a_table_fits_its_width_and_says_what_it_leaves_out() {
        let mut style = plain();
        style.width = Some(30);
        style.limit = Some(1);
        let text = written(write_table, &style);
        assert!(
            text.lines().all(|line| line.chars().count() <= 30),
            "{text}"
        );
        assert!(text.ends_with("2 rows (1 shown)\n"));
        assert!(!fits(12, Some(80)));
        assert!(fits(12, None));
    }

    #[test]
    fn vertical_leaves_missing_fields_out() {
        assert_eq!(
            written(write_vertical, &plain()),
            "\
--- row 1 ---
_time  2024-05-01 00:00:00.500
user   ann
       bob
count  12
--- row 2 ---
user   cid
count  7
2 rows
"
        );
    }
}
