//! The error that ends a subcommand, and its exit code.

use std::io;
use std::process::ExitCode;

use crate::error::Error;
use crate::report;
use crate::session::Failure;
use crate::source::SourceMap;

/// Why a subcommand ended early.
pub enum CliError {
    /// A search failed; carries its source texts, so that the report can point into them.
    Search(Box<Failure>),
    /// Any other error.
    Error(Error),
    /// Standard output could not be written.
    Write(io::Error),
    /// Already reported; only the exit code remains.
    Reported,
}

impl From<Error> for CliError {
    fn from(error: Error) -> CliError {
        CliError::Error(error)
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> CliError {
        CliError::Search(Box::new(failure))
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> CliError {
        CliError::Write(error)
    }
}

impl CliError {
    /// Whether the reader closed the pipe: `spelunk search ... | head`.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, CliError::Write(why) if why.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The text for standard error; `None` if there is nothing to report.
    pub fn text(&self, color: bool) -> Option<String> {
        match self {
            CliError::Search(failure) => {
                Some(report::render(&failure.error, &failure.sources, color))
            }
            CliError::Error(error) => Some(report::render(error, &SourceMap::new(), color)),
            CliError::Write(_) if self.is_closed_pipe() => None,
            CliError::Write(why) => Some(format!("error: standard output: {why}")),
            CliError::Reported => None,
        }
    }

    /// 0 for a closed pipe, 2 for wrong usage, else 1.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            CliError::Search(failure) => ExitCode::from(failure.error.exit_code()),
            CliError::Error(error) => ExitCode::from(error.exit_code()),
            CliError::Write(_) if self.is_closed_pipe() => ExitCode::SUCCESS,
            CliError::Write(_) | CliError::Reported => ExitCode::FAILURE,
        }
    }
}
