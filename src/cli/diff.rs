//! `diff`: compares the searches and rows of two versions of a detection.

use std::io::{self, Write};

use serde_json::{Value as Json, json};

use crate::cli::args::DiffArgs;
use crate::cli::error::CliError;
use crate::cli::output::sink::send;
use crate::cli::output::{Format, Style, Table, counted, json as rows_json, write};
use crate::cli::setup::CliContext;
use crate::detect::compare::Line;
use crate::error::Error;
use crate::exec::frame::result::Rows;
use crate::session::Comparison;
use crate::value::{Type, Value};

/// Context lines shown around each difference between the searches.
const AROUND: usize = 2;

/// Compares two versions of a detection; with `--exit-code`, returns an error if they differ.
pub fn diff(args: &DiffArgs, setup: &CliContext) -> Result<(), CliError> {
    let session = setup.open()?;
    let found = session.compare(&args.before, &args.after)?;
    setup.notices(&found.notices);
    let output = setup.output.as_deref();
    let format = setup.format.unwrap_or(Format::Table);
    match format {
        Format::Table | Format::Vertical => {
            let style = setup.style(format);
            send(output, |out| text(&found, args, format, &style, out))?;
        }
        Format::Json => {
            let object = object(&found, args)?;
            send(output, |out| writeln!(out, "{object:#}"))?;
        }
        Format::Ndjson => {
            let object = object(&found, args)?;
            send(output, |out| writeln!(out, "{object}"))?;
        }
        Format::Csv
        | Format::Markdown
        | Format::Parquet
        | Format::Html
        | Format::Junit
        | Format::Sarif => return Err(Error::usage("diff writes text, json or ndjson").into()),
    }
    if args.exit_code && found.differs() {
        return Err(CliError::Reported);
    }
    Ok(())
}

fn text(
    found: &Comparison,
    args: &DiffArgs,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let changed = |line: &Line| !matches!(line, Line::Same(_));
    if found.search.iter().any(changed) {
        writeln!(out, "--- {}", args.before)?;
        writeln!(out, "+++ {}", args.after)?;
        if found.expanded {
            writeln!(out, "the same search, but its macros differ:")?;
        }
        let mut skipped = false;
        for (at, line) in found.search.iter().enumerate() {
            let from = at.saturating_sub(AROUND);
            let to = (at + AROUND + 1).min(found.search.len());
            if !found.search[from..to].iter().any(changed) {
                skipped = true;
                continue;
            }
            if std::mem::take(&mut skipped) {
                writeln!(out, "  ...")?;
            }
            let (sign, line, code) = match line {
                Line::Same(line) => (' ', line, ""),
                Line::Lost(line) => ('-', line, "\u{1b}[31m"),
                Line::Gained(line) => ('+', line, "\u{1b}[32m"),
            };
            if style.color && !code.is_empty() {
                writeln!(out, "{code}{sign} {line}\u{1b}[0m")?;
            } else {
                writeln!(out, "{sign} {line}")?;
            }
        }
        writeln!(out)?;
    } else {
        writeln!(out, "the searches are the same\n")?;
    }
    let rows = &found.rows;
    writeln!(
        out,
        "{} before, {} after: {} the same, {} lost, {} gained",
        counted(found.before.len() as u64, "row"),
        found.after.len(),
        rows.same,
        rows.lost.len(),
        rows.gained.len()
    )?;
    for (what, columns) in [
        ("lost", &rows.columns_lost),
        ("gained", &rows.columns_gained),
    ] {
        if !columns.is_empty() {
            writeln!(out, "columns {what}: {}", columns.join(", "))?;
        }
    }
    for (what, of, picked) in [
        ("lost", &found.before, &rows.lost),
        ("gained", &found.after, &rows.gained),
    ] {
        if !picked.is_empty() {
            writeln!(out, "\n{what}:")?;
            write(&Picked { rows: of, picked }, format, style, out)?;
        }
    }
    Ok(())
}

fn object(found: &Comparison, args: &DiffArgs) -> Result<Json, CliError> {
    let lines = found.search.iter().map(|line| match line {
        Line::Same(line) => json!({"op": "same", "line": line}),
        Line::Lost(line) => json!({"op": "lost", "line": line}),
        Line::Gained(line) => json!({"op": "gained", "line": line}),
    });
    let rows = &found.rows;
    Ok(json!({
        "before": args.before,
        "after": args.after,
        "differs": found.differs(),
        "search": lines.collect::<Vec<_>>(),
        "macros_differ": found.expanded,
        "rows_before": found.before.len(),
        "rows_after": found.after.len(),
        "rows_same": rows.same,
        "columns_lost": rows.columns_lost,
        "columns_gained": rows.columns_gained,
        "lost": objects(&found.before, &rows.lost)?,
        "gained": objects(&found.after, &rows.gained)?,
    }))
}

fn objects(rows: &Rows, picked: &[usize]) -> Result<Json, CliError> {
    let mut bytes = Vec::new();
    rows_json::write_inline_array(&Picked { rows, picked }, &mut bytes)?;
    serde_json::from_slice(&bytes).map_err(|why| Error::internal(why.to_string()).into())
}

/// A subset of the rows.
struct Picked<'r> {
    rows: &'r Rows,
    picked: &'r [usize],
}

impl Table for Picked<'_> {
    fn names(&self) -> Vec<&str> {
        self.rows.names()
    }

    fn types(&self) -> &[Type] {
        self.rows.types()
    }

    fn height(&self) -> usize {
        self.picked.len()
    }

    fn value(&self, row: usize, column: usize) -> Value<'_> {
        self.rows.value(self.picked[row], column)
    }
}
