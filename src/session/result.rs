//! What a session gives back.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::exec::frame::result::Rows;
use crate::read::{BadLines, Skipped};
use crate::session::ingest::sources::{dropped, unread};

/// What a search gave.
#[derive(Debug)]
pub struct SearchResult {
    /// The rows.
    pub rows: Rows,
    /// Things worth knowing that are no errors.
    pub notices: Vec<String>,
    /// How many events were searched.
    pub events_scanned: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// What a run of detections was.
#[derive(Debug)]
pub struct RunSummary {
    /// How many events were searched.
    pub searched: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Things worth knowing that are no errors.
    pub notices: Vec<String>,
}

/// What a replay wrote.
#[derive(Debug)]
pub struct ReplaySummary {
    /// Events written.
    pub events: u64,
    /// Files read, also those inside archives.
    pub files: u64,
    /// Bytes read from disk.
    pub bytes: u64,
    /// Events that index-time rules dropped.
    pub dropped: u64,
    /// Smallest and largest `_time`, microseconds since 1970 UTC.
    pub span: Option<(i64, i64)>,
    /// Events by sourcetype.
    pub sourcetypes: BTreeMap<String, u64>,
    /// Rows by data set of a data model (`Endpoint.Processes`).
    pub models: BTreeMap<String, u64>,
    /// Places that could not be read.
    pub bad: Vec<BadLines>,
    /// Files that could not be read.
    pub skipped: Vec<Skipped>,
    /// How long it took.
    pub elapsed: Duration,
    /// Other things worth knowing.
    pub notices: Vec<String>,
}

impl ReplaySummary {
    /// What could not be read, and other things worth knowing, a line each; summed up where there is
    /// much of a kind, unless `all` is asked for.
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
    /// The tree, printed as a search.
    Ast,
    /// The plan.
    Plan,
    /// The plan after the logical rules.
    Optimized,
    /// The plan after the physical rules: exactly the nodes that run.
    Physical,
    /// What Polars does.
    Polars,
}
