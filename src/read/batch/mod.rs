//! Batches of events: columns under construction and their schemas.

pub(in crate::read) mod batches;
pub(in crate::read) mod columns;
pub(in crate::read) mod interner;
pub(in crate::read) mod row_events;
pub(in crate::read) mod schema_union;
