//! Why a search found nothing: how many rows each condition passes, the nearest misses, and the command after
//! which no row is left.

mod evaluate;
mod json;
mod near;
mod render;
mod tree;

pub use evaluate::{filter, missing_everywhere};
pub use json::json;
pub use render::render;
pub use tree::{Condition, condition};

/// The analysis of a search.
#[derive(Clone, Debug, Default)]
pub struct Why {
    /// Row counts after each command.
    pub steps: Vec<StepRows>,
    /// The conditions that rows reached.
    pub filters: Vec<Filter>,
    /// The index of the command that removed the last row.
    pub lost: Option<usize>,
    /// Other explanations.
    pub notes: Vec<String>,
    /// The number of events searched.
    pub searched: u64,
}

/// The row count after a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRows {
    /// The command.
    pub command: String,
    /// Number of rows in its output.
    pub rows: usize,
}

/// The effect of a condition on its input rows.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The index of its command.
    pub step: usize,
    /// Its input: `events`, `Endpoint.Processes`, `rows`.
    pub over: String,
    /// Number of input rows.
    pub rows: usize,
    /// Number of rows that pass.
    pub pass: usize,
    /// Its terms.
    pub tree: Counted,
    /// Fields of the condition without a value in any row, each with the most similar name that exists.
    pub nowhere: Vec<(String, Option<String>)>,
    /// Values that differ from a term only in case, quotes, blanks or slashes.
    pub near: Vec<NearMatch>,
    /// The most frequent values of fields whose terms no row passes.
    pub values: Vec<(String, Vec<(String, usize)>)>,
    /// The rows that fail the fewest terms, if none passes.
    pub misses: Vec<NearMiss>,
}

/// A part of a condition, with the number of rows that pass it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// `all of`, `any of`, or the term.
    pub text: String,
    /// Whether it is a term.
    pub term: bool,
    /// Rows that pass it, regardless of the other parts.
    pub pass: usize,
    /// In a conjunction, rows that pass it and all parts before it.
    pub so_far: Option<usize>,
    /// Rows that fail only this part: they would pass without it.
    pub alone: Option<usize>,
    /// Its parts.
    pub parts: Vec<Counted>,
}

/// A value that a term would match in another spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMatch {
    /// The term.
    pub term: String,
    /// The field.
    pub field: String,
    /// The value.
    pub value: String,
    /// Number of rows with it.
    pub rows: usize,
    /// `case`, `quotes`, `blanks`, `slashes`; joined by ` and `.
    pub differs: String,
}

/// A row that nearly passes.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMiss {
    /// The number of terms that it fails.
    pub short: usize,
    /// The number of rows that fail as few.
    pub like: usize,
    /// The condition's fields in this row, as text; `None` for a missing one.
    pub fields: Vec<(String, Option<String>)>,
    /// The terms it fails.
    pub failing: Vec<Failed>,
}

/// A term that a row fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The term.
    pub term: String,
    /// The field it tests, if any.
    pub field: Option<String>,
    /// The number of alternatives to it, which the row fails as well.
    pub others: usize,
}
