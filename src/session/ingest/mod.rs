//! Ingestion: from files to event partitions, and into the store.

pub(in crate::session) mod damage;
pub(in crate::session) mod index_time;
pub(in crate::session) mod index_time_eval;
pub(in crate::session) mod line_breaking;
pub(in crate::session) mod model_files;
pub(in crate::session) mod parquet_source;
pub(in crate::session) mod partitions;
pub(in crate::session) mod replay;
pub(in crate::session) mod sources;
