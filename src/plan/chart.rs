//! What [`crate::plan::Plan::Chart`] makes of rows: aggregates by a row field, a column for each
//! value of a second one.

use crate::plan::pivot::Naming;
use crate::plan::{AggregateCall, Assignment};
use crate::source::Span;
use crate::time::Span as TimeSpan;

/// A table for a chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is aggregated.
    pub aggregates: Vec<AggregateCall>,
    /// Columns computed of the aggregates: `eval(round(avg(x), 1))`.
    pub computed: Vec<Assignment>,
    /// The field whose values are the rows; without it there is one row.
    pub row: Option<String>,
    /// What that field is called in the result.
    pub row_name: String,
    /// How the row field is put into buckets of time, when it is.
    pub times: Option<TimeBuckets>,
    /// The buckets of numbers that the row field was put into.
    pub width: Option<Width>,
    /// What splits the rows into series.
    pub split: Option<Split>,
    /// How columns are named.
    pub naming: Naming,
    /// A row counts once for a value that a multivalue field holds several times.
    pub distinct: bool,
    /// Where the command stands.
    pub span: Span,
}

/// Buckets of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Width {
    /// How wide each is.
    pub of: f64,
    /// Whether buckets without rows are there.
    pub continuous: bool,
}

/// Buckets of time.
#[derive(Clone, Debug)]
pub struct TimeBuckets {
    /// Their length; without it, the shortest that gives at most `bins` buckets.
    pub span: Option<TimeSpan>,
    /// Most buckets when no length is given.
    pub bins: usize,
    /// The shortest length when none is given, in seconds.
    pub min_span: Option<f64>,
    /// Epoch seconds at which a bucket starts.
    pub align: Option<f64>,
    /// Epoch seconds of the first moment searched.
    pub from: Option<f64>,
    /// Epoch seconds after the last moment searched.
    pub to: Option<f64>,
    /// Whether buckets without rows are there.
    pub continuous: bool,
    /// Whether buckets that the range of the search cuts are there.
    pub partial: bool,
}

/// Series and which of them are shown.
#[derive(Clone, Debug)]
pub struct Split {
    /// The field whose values name the series.
    pub field: String,
    /// Which series are shown; all without it.
    pub keep: Option<Keep>,
    /// What the series are judged by; without it the sum of their values.
    pub score: Option<AggregateCall>,
    /// The series that sums up the others, when there is one.
    pub other: Option<String>,
    /// The series of the rows without the field, when there is one.
    pub null: Option<String>,
}

/// Which series are shown, by their score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// The highest ones.
    Top(usize),
    /// The lowest ones.
    Bottom(usize),
    /// All but the highest.
    NotTop(usize),
    /// All but the lowest.
    NotBottom(usize),
    /// Those above a number.
    Above(f64),
    /// Those below a number.
    Below(f64),
}

/// How the names of columns begin that only computed ones need.
pub const PART: &str = "__part";
