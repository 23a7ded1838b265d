//! What a session gives back.

use std::time::Duration;

use crate::exec::rows::Rows;

/// What a search gave.
#[derive(Debug)]
pub struct Answer {
    /// The rows.
    pub rows: Rows,
    /// Things worth knowing that are no errors.
    pub notices: Vec<String>,
    /// How many events were searched.
    pub searched: u64,
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
    /// Files read.
    pub files: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// What could not be read, and other things worth knowing.
    pub notices: Vec<String>,
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
    /// The plan as it is run.
    Optimized,
    /// What Polars does.
    Polars,
}
