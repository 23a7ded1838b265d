//! spelunk runs Splunk's Search Processing Language on local files, without a Splunk server.
//!
//! The modules stand in the order in which a search passes them, and a module uses only what
//! stands above it.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod parallel;
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
pub mod read;
pub mod plan;
pub mod kernels;
pub mod commands;
pub mod store;
pub mod lint;
pub mod exec;
pub mod detect;
pub mod session;
pub mod cli;

#[cfg(test)]
#[path = "../tests/suite/testing.rs"]
mod testing;
