//! Sources of rows: events, data models, summaries and lookup tables, with partition pruning.

pub(in crate::exec) mod build_summaries;
pub(in crate::exec) mod events;
pub(in crate::exec) mod models;
pub(in crate::exec) mod pruning;
pub mod sources;
pub(in crate::exec) mod summaries;
