//! The options of [`crate::plan::Plan::Stream`], which processes rows in order.

use crate::plan::AggregateCall;
use crate::source::Span;
use crate::syntax::ast::Expr;

/// Running aggregates of the rows up to each row.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The added columns.
    pub aggregates: Vec<AggregateCall>,
    /// Rows with the same values of these fields form a group; a row that lacks one gets no result.
    pub by: Vec<String>,
    /// Whether to include the current row.
    pub current: bool,
    /// The maximum number of rows in the window; 0 for all.
    pub window: usize,
    /// Whether the window counts all rows, or the rows of each group.
    pub global: bool,
    /// Restricts the window to rows less than this many seconds away.
    pub seconds: Option<f64>,
    /// Returns no result while the window contains a value that is not a number.
    pub all_numbers: bool,
    /// Resets when the group changes from one row to the next.
    pub reset_on_change: bool,
    /// Resets before a row for which this is true.
    pub reset_before: Option<Expr>,
    /// Resets after a row for which this is true; it sees the added columns.
    pub reset_after: Option<Expr>,
    /// The position of the command.
    pub span: Span,
}

impl Stream {
    /// No aggregates yet, over all rows up to each row.
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
