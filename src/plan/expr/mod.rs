//! Expressions of plans: binding, evaluation row by row, and the patterns of search terms.

pub mod bind;
pub mod eval;
pub mod matching;
