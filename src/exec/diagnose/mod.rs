//! Answers about a search rather than its rows: field lineage, field statistics and the rows each term matches.

pub(crate) mod field_lineage;
pub(crate) mod field_stats;
pub mod term_eval;
