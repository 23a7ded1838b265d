//! Figures of rows: in the terminal (`--plot`), and in files (`--plot-file`).

mod figure;
mod file;
mod terminal;

use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::output::sink::send;
use crate::cli::output::{Format, Table};
use crate::cli::plot::figure::Figure;
use crate::cli::setup::{CliContext, note};
use crate::error::Error;

/// Rejects a file with an unsupported extension before the search runs.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`].
pub fn check(path: Option<&PathBuf>) -> Result<(), Error> {
    path.map(|path| file::Kind::of(path))
        .transpose()
        .map(|_| ())
}

/// Draws rows on standard output.
///
/// # Errors
/// If the rows can't be drawn or the output can't be written.
pub fn show(rows: &dyn Table, setup: &CliContext) -> Result<(), CliError> {
    let figure = Figure::of(rows, setup.options.zone)?;
    let look = terminal::Look {
        width: setup.style(Format::Table).width,
        color: setup.color,
    };
    send(setup.output.as_deref(), |out| {
        write!(out, "{}", terminal::draw(&figure, look))
    })
}

/// Draws rows into a file: `.svg` or `.png`.
///
/// # Errors
/// If the rows can't be drawn or the file can't be written.
pub fn save(rows: &dyn Table, path: &Path, setup: &CliContext) -> Result<(), CliError> {
    let figure = Figure::of(rows, setup.options.zone)?;
    file::write(&figure, path)?;
    if !setup.quiet {
        note(&format!("wrote {}", path.display()));
    }
    Ok(())
}
