//! Diagnostics of a search: field lineage, field statistics, and the rows that each term matches.

pub(crate) mod field_lineage;
pub(crate) mod field_stats;
pub mod term_eval;
