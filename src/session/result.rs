//! The results of a session.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::exec::frame::result::Rows;
use crate::read::{BadLines, Skipped};
use crate::session::ingest::sources::{dropped, unread};

/// The result of a search.
#[derive(Debug)]
pub struct SearchResult {
    /// The rows.
    pub rows: Rows,
    /// What was skipped, guessed or cut off.
    pub warnings: Vec<Warning>,
    /// The number of events searched.
    pub events_scanned: u64,
    /// The run time.
    pub elapsed: Duration,
}

/// A warning: part of the knowledge or data was skipped, or a search does not do what its text suggests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// One sentence, with the remedy if there is one.
    pub message: String,
}

/// What a [`Warning`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// A faulty knowledge object, switched off.
    Knowledge,
    /// Data that could not be read.
    Data,
    /// The search: a limit it reached, an option without effect.
    Search,
}

impl AsRef<str> for Warning {
    fn as_ref(&self) -> &str {
        &self.message
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The summary of a run of detections.
#[derive(Debug)]
pub struct RunSummary {
    /// The number of events searched.
    pub searched: u64,
    /// The run time.
    pub elapsed: Duration,
    /// Warnings and other notices.
    pub notices: Vec<String>,
}

/// The summary of a replay.
#[derive(Debug)]
pub struct ReplaySummary {
    /// Events written.
    pub events: u64,
    /// Files read, including those in archives.
    pub files: u64,
    /// Bytes read from disk.
    pub bytes: u64,
    /// Events that index-time rules dropped.
    pub dropped: u64,
    /// Minimum and maximum of `_time`, in microseconds since 1970 UTC.
    pub span: Option<(i64, i64)>,
    /// Events by sourcetype.
    pub sourcetypes: BTreeMap<String, u64>,
    /// Rows by data set of a data model (`Endpoint.Processes`).
    pub models: BTreeMap<String, u64>,
    /// Places that could not be read.
    pub bad: Vec<BadLines>,
    /// Files that could not be read.
    pub skipped: Vec<Skipped>,
    /// The run time.
    pub elapsed: Duration,
    /// Other notices.
    pub notices: Vec<String>,
}

impl ReplaySummary {
    /// Unreadable parts and other notices, one line each; many of a kind are summed up unless `all` is set.
    pub fn notices(&self, all: bool) -> Vec<String> {
        let mut lines = unread(&self.bad, &self.skipped, all);
        if self.dropped > 0 {
            lines.push(dropped(self.dropped));
        }
        lines.extend(self.notices.iter().cloned());
        lines
    }
}

/// The stages of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The text with its macros expanded.
    Macros,
    /// The syntax tree, printed as a search.
    Ast,
    /// The plan.
    Plan,
    /// The plan after the logical rules.
    Optimized,
    /// The plan after the physical rules: exactly the nodes that run.
    Physical,
    /// The Polars query plan.
    Polars,
}
