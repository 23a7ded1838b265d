//! Windows events in JSON, text and exported logs.

pub(in crate::read) mod json;
pub(in crate::read) mod log;
pub(in crate::read) mod messages;
pub(in crate::read) mod text;
