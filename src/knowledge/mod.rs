//! Macros, lookups, extractions, data models, detections: what Splunk calls knowledge objects.

mod calls;
pub mod conf;
pub mod expand;
pub mod macros;
mod rope;
pub mod shipped;
mod yaml;
pub use yaml::Origin;
