//! The front end of spelunk: Splunk's Search Processing Language without an engine.
//!
//! Parses searches, expands macros, loads knowledge objects and builds plans of a few node types; knows the
//! functions and the bodies of commands, value by value. It holds no columnar engine, so editors, linters,
//! fuzzers and other engines can use it alone. A module uses only the modules above it.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod word;
pub mod source;
pub mod error;
pub mod report;
pub mod value;
pub mod time;
pub mod pcre;
pub mod extract;
pub mod syntax;
pub mod knowledge;
pub mod functions;
pub mod plan;
pub mod kernels;
pub mod commands;
pub mod lint;

#[cfg(test)]
#[allow(
    dead_code,
    reason = "shared with the tests of the program, which use all of it"
)]
#[path = "../../../tests/suite/testing.rs"]
mod testing;
