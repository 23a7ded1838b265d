//! Formats for people: a table that fits the terminal, and one field per line.

use std::io::{self, Write};
use std::ops::Range;

use comfy_table::presets::{ASCII_FULL_CONDENSED, UTF8_FULL_CONDENSED};
use comfy_table::{Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Width};

use crate::cli::output::{Style, Table, counted, is_time, lines, printable};
use crate::value::{Type, Value, is_canonical_number};

/// Rows drawn at a time.
const BLOCK: usize = 5_000;

/// Beyond this column width the blocks of a long table need not align: it would not be visible, and the time
/// to arrange them grows with the square of the width.
const WIDEST: u16 = 10_000;

/// The terminal's width in characters; `None` if standard output is not a terminal or the width is unknown
/// (some report 0).
pub fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width().filter(|width| *width > 9)
}

/// Whether a table with this many columns is readable at this width.
pub fn fits(columns: usize, width: Option<u16>) -> bool {
    // Room for a short word and the frame of each column.
    width.is_none_or(|width| columns * 9 < usize::from(width))
}

/// A table, then the number of rows.
pub fn write_table(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let names = table.names();
    let shown = style.shown(table.height());
    if !names.is_empty() && shown > 0 {
        write_blocks(table, &names, shown, style, out)?;
    }
    write_count(table.height(), shown, out)
}

/// One field per line, rows separated by a numbered rule, then the number of rows.
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

/// Draws rows in blocks, because a drawn table takes many times the memory of its rows.
fn write_blocks(
    table: &dyn Table,
    names: &[&str],
    shown: usize,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let types = table.types();
    let right: Vec<bool> = (0..names.len())
        .map(|column| is_numeric(table, column, types[column], shown))
        .collect();
    // A table that must fit a width can only be drawn as a whole.
    let size = if style.width.is_some() { shown } else { BLOCK };
    let blocks: Vec<Range<usize>> = (0..shown)
        .step_by(size)
        .map(|start| start..(start + size).min(shown))
        .collect();
    let mut widths = vec![0; names.len()];
    if blocks.len() > 1 {
        for block in &blocks {
            let drawn = drawn(table, names, block.clone(), &right, style);
            for (width, here) in widths.iter_mut().zip(drawn.column_max_content_widths()) {
                *width = here.max(*width);
            }
            // Detects a closed pipe even if there is nothing to write.
            out.flush()?;
        }
    }
    for (number, block) in blocks.iter().enumerate() {
        let mut drawn = drawn(table, names, block.clone(), &right, style);
        for (column, width) in drawn.column_iter_mut().zip(&widths) {
            if blocks.len() == 1 || *width > WIDEST {
                continue;
            }
            let padded = width + 2;
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(padded)));
        }
        let text = drawn.trim_fmt();
        let mut lines: Vec<&str> = text.lines().collect();
        // The line below the last row is printed once, and so are the three lines of the header.
        if number + 1 < blocks.len() {
            lines.pop();
        }
        for line in lines.iter().skip(if number == 0 { 0 } else { 3 }) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn drawn(
    table: &dyn Table,
    names: &[&str],
    rows: Range<usize>,
    right: &[bool],
    style: &Style,
) -> comfy_table::Table {
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
    for row in rows {
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

/// Whether the shown part of a column holds only numbers.
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
    fn a_long_table_is_one_table() {
        let mut rows = Listing::new(&[("a_name", Type::Text), ("n", Type::Number)]);
        for n in 0..super::BLOCK * 2 + 7 {
            rows.push(vec![Value::text("x".repeat(n % 9)), Value::Num(n as f64)]);
        }
        let mut out = Vec::new();
        write_table(&rows, &plain(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 10_007 + 4 + 1);
        assert!(
            lines[..lines.len() - 1].iter().all(|l| l.len() == 20),
            "{}",
            lines[0]
        );
        assert_eq!(
            lines[5_003],
            "|          |  5000 |".replace("          ", " xxxxx    ")
        );
        assert_eq!(text.matches("a_name").count(), 1);
        assert_eq!(text.matches('+').count(), 3 + 2 + 3);
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
