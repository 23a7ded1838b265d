//! The options of [`crate::plan::Plan::Chart`]: aggregates by a row field, with a column for each
//! value of a second field.

use crate::plan::pivot::Naming;
use crate::plan::{AggregateCall, Assignment};
use crate::source::Span;
use crate::time::Span as TimeSpan;

/// The table of a chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The aggregates.
    pub aggregates: Vec<AggregateCall>,
    /// Columns computed from the aggregates: `eval(round(avg(x), 1))`.
    pub computed: Vec<Assignment>,
    /// The field whose values are the rows; without it there is a single row.
    pub row: Option<String>,
    /// The name of that field in the result.
    pub row_name: String,
    /// The time buckets of the row field, if any.
    pub times: Option<TimeBuckets>,
    /// The numeric buckets of the row field, if any.
    pub width: Option<Width>,
    /// The split into series.
    pub split: Option<Split>,
    /// Column naming.
    pub naming: Naming,
    /// Counts a row once per distinct value of a multivalue field.
    pub distinct: bool,
    /// The position of the command.
    pub span: Span,
}

/// Numeric buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width {
    /// Their width.
    pub of: f64,
    /// Whether to include buckets without rows.
    pub continuous: bool,
}

/// Time buckets.
#[derive(Clone, Debug)]
pub struct TimeBuckets {
    /// Their length; without it, the shortest that gives at most `bins` buckets.
    pub span: Option<TimeSpan>,
    /// The maximum number of buckets if no length is given.
    pub bins: usize,
    /// The minimum length in seconds if no length is given.
    pub min_span: Option<f64>,
    /// Epoch seconds at which a bucket starts.
    pub align: Option<f64>,
    /// Epoch seconds of the start of the search.
    pub from: Option<f64>,
    /// Epoch seconds of the end of the search, exclusive.
    pub to: Option<f64>,
    /// Whether to include buckets without rows.
    pub continuous: bool,
    /// Whether to include partial buckets at the ends of the search's time range.
    pub partial: bool,
}

/// The split into series, and their selection.
#[derive(Clone, Debug)]
pub struct Split {
    /// The field whose values name the series.
    pub field: String,
    /// The selection of series; without it, all.
    pub keep: Option<Keep>,
    /// The score of a series; without it, the sum of its values.
    pub score: Option<AggregateCall>,
    /// The series that combines the others, if any.
    pub other: Option<String>,
    /// The series of the rows without the field, if any.
    pub null: Option<String>,
}

/// The selection of series by score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// The highest scores.
    Top(usize),
    /// The lowest scores.
    Bottom(usize),
    /// All but the highest.
    NotTop(usize),
    /// All but the lowest.
    NotBottom(usize),
    /// Scores above a number.
    Above(f64),
    /// Scores below a number.
    Below(f64),
}

/// Name prefix of the columns that only computed columns read.
pub const PART: &str = "__part";
