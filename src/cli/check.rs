//! `check`: errors and lints of searches and detections.

use std::path::PathBuf;

use serde_json::Value;

use crate::cli::args::CheckArgs;
use crate::cli::error::CliError;
use crate::cli::output::Format;
use crate::cli::output::sink::send;
use crate::cli::setup::CliContext;
use crate::detect::report::sarif;
use crate::error::Error;
use crate::knowledge::load::is_app;

/// Checks searches and detections without running them. Returns an error if one is wrong or a denied lint
/// fires.
pub fn check(args: &CheckArgs, setup: &CliContext) -> Result<(), CliError> {
    let session = setup.open_with(
        args.what
            .iter()
            .map(PathBuf::from)
            .filter(|path| is_app(path)),
    )?;
    let mut rules = session.lint_rules();
    rules.allow(&args.allow)?;
    rules.deny(&args.deny)?;
    let report = match args.what.as_slice() {
        [] if !setup.options.has_knowledge() => {
            let why = "name a search, a file or a folder, or knowledge with --app, --apps, --content or --macros";
            return Err(Error::usage(why).into());
        }
        [] => session.check_knowledge(&rules)?,
        what => session.check(what, &args.token, &rules)?,
    };
    let text = match setup.format.unwrap_or(Format::Table) {
        Format::Table | Format::Vertical => report.render(setup.color),
        Format::Json => format!("{:#}", Value::Array(report.json())),
        Format::Ndjson => {
            let lines = report
                .json()
                .into_iter()
                .map(|object| format!("{object}\n"));
            lines.collect()
        }
        Format::Sarif => sarif::log(&report.annotations()),
        Format::Csv | Format::Markdown | Format::Parquet | Format::Html | Format::Junit => {
            return Err(Error::usage("check writes text, json, ndjson or sarif").into());
        }
    };
    let text = text.trim_end();
    send(setup.output.as_deref(), |out| {
        if text.is_empty() {
            return Ok(());
        }
        writeln!(out, "{text}")
    })?;
    if report.is_ok() {
        Ok(())
    } else {
        Err(CliError::Reported)
    }
}
