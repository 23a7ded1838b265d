//! Field extraction from text: key/value pairs, JSON, XML, and Windows events.

pub(crate) mod event;
pub(crate) mod fields;
pub(crate) mod json;
pub mod kv;
pub mod pairs;
pub mod timestamp;
pub(crate) mod windows;
pub(crate) mod windows_xml;
pub(crate) mod xml_tag;
