//! Explains a wrong answer to a lesson: how its rows differ from the expected ones.

use std::fmt::Write as _;

use crate::cli::output::listing::Listing;
use crate::cli::output::{Format, Style, counted, is_time, time, write};
use crate::exec::frame::result::Rows;
use crate::session::Attempt;
use crate::value::{Type, Value};

/// Names of a list that are shown at most.
const NAMES: usize = 6;

/// The explanation, in a few lines; empty for a right answer.
pub fn explain(attempt: &Attempt) -> String {
    let Some(found) = &attempt.difference else {
        return String::new();
    };
    let (wanted, got) = (&attempt.wanted, &attempt.answer.rows);
    let mut text = "\nNot yet.".to_owned();
    let _ = match found.heights {
        (wanted, got) if wanted == got => Ok(()),
        (wanted, 0) => write!(
            text,
            " This search finds nothing, and there {} to be found.",
            are(wanted)
        ),
        (wanted, got) => write!(
            text,
            " This search gives {}; there should be {wanted}.",
            counted(got as u64, "row")
        ),
    };
    text.push('\n');
    // Without rows the columns are unknown.
    if found.heights.1 == 0 {
        return text;
    }
    for (is, should) in &found.renamed {
        let _ = writeln!(text, "The column `{is}` holds what `{should}` should.");
    }
    let told = |name: &String, of: fn(&(String, String)) -> &String| {
        found.renamed.iter().any(|pair| of(pair) == name)
    };
    let rest = |names: &[String], of: fn(&(String, String)) -> &String| -> Vec<String> {
        names.iter().filter(|n| !told(n, of)).cloned().collect()
    };
    listed(
        &mut text,
        "Missing columns",
        &rest(&found.missing_columns, |p| &p.1),
    );
    listed(
        &mut text,
        "Extra columns",
        &rest(&found.extra_columns, |p| &p.0),
    );
    if let Some(row) = found.order {
        let _ = writeln!(
            text,
            "The rows are right, but not their order: row {} should be another.",
            row + 1
        );
    }
    let (missing, extra) = (found.missing.len(), found.extra.len());
    let about = |count: usize| counted(count as u64, "row");
    let _ = match (missing, extra) {
        (0, 0) => Ok(()),
        (0, _) => writeln!(text, "All expected rows are there, plus {extra} extra."),
        (_, 0) => writeln!(
            text,
            "All these rows are right, but {} missing.",
            is_or_are(missing)
        ),
        _ => writeln!(
            text,
            "{} missing, and {} should not be there.",
            is_or_are(missing),
            about(extra)
        ),
    };
    text.push_str(&side_by_side(attempt, wanted, got).unwrap_or_default());
    text.push_str(".hint helps.");
    text
}

fn are(count: usize) -> String {
    match count {
        1 => "is 1 row".to_owned(),
        _ => format!("are {count} rows"),
    }
}

fn is_or_are(count: usize) -> String {
    match count {
        1 => "1 row is".to_owned(),
        _ => format!("{} are", counted(count as u64, "row")),
    }
}

fn listed(text: &mut String, what: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let shown: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
    let _ = write!(text, "{what}: {}", shown.join(", "));
    if names.len() > NAMES {
        let _ = write!(text, " and {} more", names.len() - NAMES);
    }
    text.push('\n');
}

/// The fields in which two rows differ: the first missing row and the most similar one found, or a row that
/// should not be there.
fn side_by_side(attempt: &Attempt, wanted: &Rows, got: &Rows) -> Option<String> {
    let found = attempt.difference.as_ref()?;
    let mut rows = Listing::new(&[
        ("field", Type::Text),
        ("should be", Type::Multi),
        ("is", Type::Multi),
    ]);
    let intro = match found.nearest(wanted, got) {
        Some((missing, extra)) => {
            for (name, should) in shown(wanted, missing) {
                let is = shown(got, extra).into_iter().find(|(n, _)| *n == name);
                let Some((_, is)) = is else { continue };
                if is != should {
                    rows.push(vec![Value::text(name), should, is]);
                }
            }
            format!("The first row that differs ({}):", extra + 1)
        }
        None if !found.extra.is_empty() => {
            let extra = found.extra[0];
            for (name, is) in shown(got, extra).into_iter().take(8) {
                rows.push(vec![Value::text(name), Value::Null, is]);
            }
            format!("The first that should not be there is row {}:", extra + 1)
        }
        None => {
            let missing = *found.missing.first()?;
            for (name, should) in shown(wanted, missing).into_iter().take(8) {
                rows.push(vec![Value::text(name), should, Value::Null]);
            }
            "The first that is missing:".to_owned()
        }
    };
    let style = Style {
        limit: Some(8),
        width: None,
        zone: chrono_tz::UTC,
        color: false,
        boxes: false,
    };
    let mut drawn = Vec::new();
    write(&rows, Format::Table, &style, &mut drawn).ok()?;
    let drawn = String::from_utf8(drawn).ok()?;
    // Drops the row count below the table.
    let table: Vec<&str> = drawn
        .lines()
        .filter(|l| l.starts_with(['+', '|']))
        .collect();
    if table.is_empty() {
        return None;
    }
    Some(format!("{intro}\n{}\n", table.join("\n")))
}

/// The fields that a row has, cut to fit a line.
fn shown(rows: &Rows, row: usize) -> Vec<(String, Value<'static>)> {
    let names = rows.names();
    let mut out = Vec::new();
    for (column, (name, kind)) in names.iter().zip(rows.types()).enumerate() {
        let value = match rows.value(row, column) {
            Value::Null => continue,
            Value::Num(seconds) if is_time(name, *kind) => {
                Value::text(time::readable(seconds, chrono_tz::UTC))
            }
            value => value.into_owned(),
        };
        let cut = |text: &str| match text.char_indices().nth(60) {
            Some((at, _)) => format!("{}...", &text[..at]),
            None => text.to_owned(),
        };
        let values = value.into_values().into_iter().take(5);
        let texts = values.map(|v| cut(&v).into()).collect();
        out.push(((*name).to_owned(), Value::multi(texts)));
    }
    out
}
