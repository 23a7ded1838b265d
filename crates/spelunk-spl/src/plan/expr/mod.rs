//! Expressions of plans: binding, row-by-row evaluation, and matchers of search terms.

pub mod bind;
pub mod eval;
pub mod matching;
