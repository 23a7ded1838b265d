//! Recognizers of log formats by the content of a line or an object.

pub(in crate::read) mod devices;
pub(in crate::read) mod json;
pub(in crate::read) mod lines;
