//! The workflows of a session beyond searching: detections and their tests, risk, comparison, formatting,
//! lessons.

pub(in crate::session) mod changed;
pub(in crate::session) mod check;
pub(in crate::session) mod compare;
pub(in crate::session) mod dashboards;
pub(in crate::session) mod detection_tests;
pub(in crate::session) mod detections;
pub(in crate::session) mod fetch;
pub(in crate::session) mod git;
pub(in crate::session) mod layout;
pub(in crate::session) mod lessons;
pub(in crate::session) mod risk;
pub(in crate::session) mod test_cache;
pub(in crate::session) mod why;
