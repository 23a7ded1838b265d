//! Why a search found nothing: what each of its conditions lets pass, which rows were nearest, and
//! after which command the last row is gone.

mod evaluate;
mod json;
mod near;
mod render;
mod tree;

pub use evaluate::{filter, missing_everywhere};
pub use json::json;
pub use render::render;
pub use tree::{Condition, Leaf, Node, condition};

/// What was found out about a search.
#[derive(Clone, Debug, Default)]
pub struct Why {
    /// Rows after each command.
    pub steps: Vec<StepRows>,
    /// Its conditions, as far as rows come to them.
    pub filters: Vec<Filter>,
    /// The number of the command, from 0, after which no row is left though some came in.
    pub lost: Option<usize>,
    /// Other things that explain it.
    pub notes: Vec<String>,
    /// How many events were searched.
    pub searched: u64,
}

/// Rows after a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRows {
    /// The command.
    pub command: String,
    /// How many rows came out.
    pub rows: usize,
}

/// What a condition does to the rows that come to it.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The number of its command, from 0.
    pub step: usize,
    /// What it is tried on: `events`, `Endpoint.Processes`, `rows`.
    pub over: String,
    /// How many rows come.
    pub rows: usize,
    /// How many pass.
    pub pass: usize,
    /// Its terms.
    pub tree: Counted,
    /// Fields it asks for that no row has a value of, with the nearest name of one that there is.
    pub nowhere: Vec<(String, Option<String>)>,
    /// Values that a term misses by their writing only.
    pub near: Vec<NearMatch>,
    /// The most frequent values of fields whose terms no row passes.
    pub values: Vec<(String, Vec<(String, usize)>)>,
    /// Rows that fail the fewest terms, where none passes.
    pub misses: Vec<NearMiss>,
}

/// A part of a condition, with how many rows pass it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// `all of`, `any of`, or the term.
    pub text: String,
    /// Whether it is a term.
    pub term: bool,
    /// Rows that pass it, whatever the others say.
    pub pass: usize,
    /// Rows that pass it and all before it, where all must be passed.
    pub so_far: Option<usize>,
    /// Rows that fail it alone: they would pass without it.
    pub alone: Option<usize>,
    /// What it is made of.
    pub parts: Vec<Counted>,
}

/// Values that a term would take if it were written otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMatch {
    /// The term.
    pub term: String,
    /// The field.
    pub field: String,
    /// The value.
    pub value: String,
    /// How many rows have it.
    pub rows: usize,
    /// `case`, `quotes`, `blanks`, `slashes`; joined by ` and `.
    pub differs: String,
}

/// A row that nearly passes.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMiss {
    /// How many terms it fails.
    pub short: usize,
    /// How many rows fail as few.
    pub like: usize,
    /// Its fields that the condition asks for, as text; none for a missing one.
    pub fields: Vec<(String, Option<String>)>,
    /// The terms it fails.
    pub failing: Vec<Failed>,
}

/// A term that a row fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The term.
    pub term: String,
    /// The field it asks for, if it does.
    pub field: Option<String>,
    /// How many alternatives to it there are, which the row fails as well.
    pub others: usize,
}
