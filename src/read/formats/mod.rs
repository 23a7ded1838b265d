//! File formats, one per file.

pub(in crate::read) mod csv;
pub(in crate::read) mod evtx;
pub(in crate::read) mod json_envelope;
pub(in crate::read) mod json_rows;
pub(in crate::read) mod parquet;
pub(in crate::read) mod text;
pub(in crate::read) mod vpcflow;
pub(in crate::read) mod w3c;
pub(in crate::read) mod windows;
pub(in crate::read) mod zeek;
