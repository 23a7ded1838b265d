//! spelunk runs Splunk's Search Processing Language on local files, without a Splunk server.
//!
//! The front end, from the text of a search to its plan, is the crate `spelunk-spl`, re-exported here. A
//! [`session::Session`] holds knowledge and data, and runs searches. The modules are in the order in which a search
//! passes through them; a module uses only the modules above it.
//!
#![doc = include_str!("../docs/architecture.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

use spelunk_spl::{
    commands, error, extract, functions, kernels, knowledge, lint, pcre, plan, report, source,
    syntax, time, value, word,
};

mod parallel;
mod read;
mod store;
mod exec;
mod detect;
#[doc(hidden)]
pub mod session;
mod library;
#[doc(hidden)]
#[cfg(feature = "cli")]
pub mod cli;

#[cfg(feature = "arrow")]
pub use arrow_array::RecordBatch;
pub use library::{
    Builder, Clock, Events, FromValue, PreparedSearch, Results, Row, Search, SearchError, Spelunk,
};
pub use session::{CancelHandle, Stage, Warning, WarningKind};
pub use spelunk_spl::error::Error;
pub use spelunk_spl::value::{Type, Value};

/// What tests and benchmarks use besides the library's interface.
#[doc(hidden)]
pub mod internal {
    pub use crate::detect::check::CheckReport;
    pub use crate::detect::is_refusal;
    pub use crate::exec::frame::result::Rows;
    pub use crate::read::{
        BASE, Batch, Options as ReadOptions, event_fields, leading_json_fields, read_bytes,
        read_paths, xml_fields,
    };
}

#[cfg(test)]
#[path = "../tests/suite/testing.rs"]
mod testing;
