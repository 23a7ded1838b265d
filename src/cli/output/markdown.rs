//! A Markdown table.

use std::io::{self, Write};

use crate::cli::output::{Style, Table, is_time, lines};
use crate::value::Type;

/// A header, a rule, and the rows.
pub fn write_markdown(table: &dyn Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let names = table.names();
    if names.is_empty() {
        return Ok(());
    }
    let times: Vec<bool> = names
        .iter()
        .zip(table.types())
        .map(|(name, kind)| is_time(name, *kind))
        .collect();
    for name in &names {
        write!(out, "| {} ", escaped(name))?;
    }
    out.write_all(b"|\n")?;
    for kind in table.types() {
        out.write_all(match kind {
            Type::Number => b"| ---: ",
            Type::Null | Type::Bool | Type::Text | Type::Any | Type::Multi | Type::Time => {
                b"| --- "
            }
        })?;
    }
    out.write_all(b"|\n")?;
    for row in 0..style.shown(table.height()) {
        for (column, time) in times.iter().enumerate() {
            let cell = lines(table.value(row, column), *time, style.zone);
            let cell: Vec<String> = cell.iter().map(|line| escaped(line)).collect();
            write!(out, "| {} ", cell.join("<br>"))?;
        }
        out.write_all(b"|\n")?;
    }
    Ok(())
}

/// Escapes the characters that Markdown reads as table markup or HTML. An underscore inside a word, as in
/// `process_name`, is kept.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let inside = before.is_alphanumeric() && rest.peek().is_some_and(|c| c.is_alphanumeric());
        match c {
            '_' if inside => escaped.push(c),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' => escaped.push(' '),
            c => escaped.push(c),
        }
        before = c;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::write_markdown;
    use crate::cli::output::listing::{Listing, plain};
    use crate::value::{Type, Value};

    #[test]
    fn cells_cannot_break_the_table() {
        let mut rows = Listing::new(&[("n_1", Type::Number), ("_t", Type::Multi)]);
        rows.push(vec![
            Value::Num(1.5),
            Value::multi(vec!["a|b".into(), "<c>".into()]),
        ]);
        let mut out = Vec::new();
        write_markdown(&rows, &plain(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "| n_1 | \\_t |\n| ---: | --- |\n| 1.5 | a\\|b<br>&lt;c> |\n"
        );
    }
}
