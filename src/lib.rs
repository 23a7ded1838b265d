//! spelunk runs Splunk's Search Processing Language on local files, without a Splunk server.
//!
//! The front end, from the text of a search to its plan, is the crate `spelunk-spl`, re-exported here. A
//! [`session::Session`] holds knowledge and data, and runs searches. The modules are in the order in which a search
//! passes through them; a module uses only the modules above it.
//!
#![doc = include_str!("../docs/architecture.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub use spelunk_spl::{
    commands, error, extract, functions, kernels, knowledge, lint, pcre, plan, report, source,
    syntax, time, value, word,
};

pub mod parallel;
pub mod read;
pub mod store;
pub mod exec;
pub mod detect;
pub mod session;
pub mod library;
pub mod cli;

pub use library::{Builder, Events, FromValue, Results, Row, Search, SearchError, Spelunk};

#[cfg(test)]
#[path = "../tests/suite/testing.rs"]
mod testing;
