//! What ends a subcommand early, and the exit code it gives.

use std::io;
use std::process::ExitCode;

use crate::error::Error;
use crate::report;
use crate::session::Failure;
use crate::source::SourceMap;

/// What went wrong.
pub enum Problem {
    /// A search failed; the texts are there to point into.
    Search(Box<Failure>),
    /// Anything else of ours.
    Error(Error),
    /// Standard output could not be written.
    Write(io::Error),
    /// It has been reported already; only the exit code is left.
    Reported,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem::Error(error)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        Problem::Search(Box::new(failure))
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Problem {
        Problem::Write(error)
    }
}

impl Problem {
    /// Whether nobody reads any more: `spelunk search ... | head`.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Problem::Write(why) if why.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What is told on standard error; `None` when there is nothing to tell.
    pub fn text(&self, color: bool) -> Option<String> {
        match self {
            Problem::Search(failure) => {
                Some(report::render(&failure.error, &failure.sources, color))
            }
            Problem::Error(error) => Some(report::render(error, &SourceMap::new(), color)),
            Problem::Write(_) if self.is_closed_pipe() => None,
            Problem::Write(why) => Some(format!("error: standard output: {why}")),
            Problem::Reported => None,
        }
    }

    /// 0 for a closed pipe, 2 for wrong usage, else 1.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Problem::Search(failure) => ExitCode::from(failure.error.exit_code()),
            Problem::Error(error) => ExitCode::from(error.exit_code()),
            Problem::Write(_) if self.is_closed_pipe() => ExitCode::SUCCESS,
            Problem::Write(_) | Problem::Reported => ExitCode::FAILURE,
        }
    }
}
