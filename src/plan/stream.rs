//! What [`crate::plan::Plan::Stream`] does to rows in their order.

use crate::plan::AggregateCall;
use crate::source::Span;
use crate::syntax::ast::Expr;

/// Statistics of the rows up to each row.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The added columns.
    pub aggregates: Vec<AggregateCall>,
    /// Rows with the same values of these fields go together; a row that lacks one gets nothing.
    pub by: Vec<String>,
    /// Whether a row itself counts.
    pub current: bool,
    /// Rows that count at most; 0 for all.
    pub window: usize,
    /// Whether the window is over all rows, or over the rows of each group.
    pub global: bool,
    /// Only rows that are nearer in time than so many seconds count.
    pub seconds: Option<f64>,
    /// No result while a value is in that is no number.
    pub all_numbers: bool,
    /// Starts anew when the group changes from one row to the next.
    pub reset_on_change: bool,
    /// Starts anew before a row for which this is true.
    pub reset_before: Option<Expr>,
    /// Starts anew after a row for which this is true; it sees the added columns.
    pub reset_after: Option<Expr>,
    /// Where the command stands.
    pub span: Span,
}

impl Stream {
    /// Nothing added yet, over all rows up to each row.
    pub fn over_all(span: Span) -> Stream {
        Stream {
            aggregates: Vec::new(),
            by: Vec::new(),
            current: true,
            window: 0,
            global: true,
            seconds: None,
            all_numbers: false,
            reset_on_change: false,
            reset_before: None,
            reset_after: None,
            span,
        }
    }
}
