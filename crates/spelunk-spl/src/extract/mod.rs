//! Field extraction from text: key/value pairs, JSON, XML, and Windows events.

pub mod event;
pub mod fields;
pub mod json;
pub mod kv;
pub mod pairs;
pub mod windows;
pub mod windows_xml;
pub mod xml_tag;
