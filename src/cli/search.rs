//! `search`, `explain`.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::args::{ExplainArgs, SearchArgs, SplArgs, StageArg};
use crate::cli::error::CliError;
use crate::cli::fields;
use crate::cli::output::sink::{Sink, send};
use crate::cli::output::{Format, Style, Table, write};
use crate::cli::plot;
use crate::cli::setup::{CliContext, spl};
use crate::error::Error;
use crate::session::{SearchResult, Session, Stage};

/// Rows shown after every command, unless `--limit` is given.
const STEP_LIMIT: usize = 5;

/// Runs one search.
pub fn search(args: &SearchArgs, setup: &CliContext) -> Result<(), CliError> {
    plot::check(args.plot_file.as_ref())?;
    let answer = match &args.panel {
        Some(panel) => setup.open()?.search_panel(panel, &args.token)?,
        None => {
            let spl = spl(&args.search)?;
            let session = setup.open()?;
            if args.steps {
                return steps(&session, &spl, setup, setup.output.as_deref());
            }
            session.search(&spl)?
        }
    };
    if let Some(path) = &args.plot_file {
        plot::save(&answer.rows, path, setup)?;
    }
    if args.plot {
        plot::show(&answer.rows, setup)?;
    } else {
        setup.write_rows(&answer.rows)?;
    }
    setup.tell(&answer);
    Ok(())
}

/// Shows one stage of a search, or its rows after every command.
pub fn explain(args: &ExplainArgs, setup: &CliContext) -> Result<(), CliError> {
    if args.fields {
        return fields::explain(args, setup);
    }
    let spl = args.text()?.unwrap_or_default();
    let session = setup.open()?;
    if args.steps {
        return steps(&session, &spl, setup, setup.output.as_deref());
    }
    let text = session.explain(&spl, stage(args.stage))?;
    send(setup.output.as_deref(), |out| {
        writeln!(out, "{}", text.trim_end())
    })
}

impl ExplainArgs {
    /// The text of the search, if there is one.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn text(&self) -> Result<Option<String>, CliError> {
        if self.spl.is_none() && self.file.is_none() {
            return Ok(None);
        }
        let args = SplArgs {
            spl: self.spl.clone(),
            file: self.file.clone(),
        };
        spl(&args).map(Some)
    }
}

/// Writes the rows after every command to the named file, or to standard output.
pub fn steps(
    session: &Session,
    spl: &str,
    setup: &CliContext,
    path: Option<&Path>,
) -> Result<(), CliError> {
    let mut sink = Sink::open(path)?;
    for (command, answer) in session.steps(spl)? {
        let format = match setup.format_for(answer.rows.names().len()) {
            Format::Parquet => {
                return Err(Error::usage("--steps shows text: choose another --format").into());
            }
            format => format,
        };
        let mut style = setup.style(format);
        style.limit = setup.limit.or(Some(STEP_LIMIT));
        sink.write(|out| write_step(&command, &answer, format, &style, out))?;
        setup.notices(&answer.warnings);
    }
    sink.finish()
}

fn write_step(
    command: &str,
    answer: &SearchResult,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows = &answer.rows;
    let columns: Vec<String> = Table::names(rows)
        .iter()
        .zip(rows.types())
        .map(|(name, kind)| format!("{name}: {}", kind.name()))
        .collect();
    let command = command.trim().trim_start_matches('|').trim_start();
    writeln!(out, "| {command}")?;
    writeln!(out, "  {}", columns.join(", "))?;
    write(rows, format, style, out)?;
    writeln!(out)
}

/// The session's stage for an argument.
pub fn stage(stage: StageArg) -> Stage {
    match stage {
        StageArg::Macros => Stage::Macros,
        StageArg::Ast => Stage::Ast,
        StageArg::Plan => Stage::Plan,
        StageArg::Optimized => Stage::Optimized,
        StageArg::Physical => Stage::Physical,
        StageArg::Polars => Stage::Polars,
    }
}
