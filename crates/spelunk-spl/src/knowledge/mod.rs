//! Splunk's knowledge objects: macros, lookups, extractions, data models and detections.
//!
//! A [`Catalog`] is filled first from shipped knowledge, then from Splunk app directories and folders in the
//! layout of Splunk's published content. Later ones override earlier ones.

mod calls;
mod catalog;
pub mod conf;
pub mod dashboard;
pub mod dataset;
pub mod detection;
mod detection_v1;
pub mod detections;
pub mod expand;
pub mod fault;
mod field_rules;
mod fingerprint;
pub mod index_rules;
mod lenient;
pub mod lessons;
pub mod load;
pub mod lookups;
pub mod macros;
mod model_file;
pub mod models;
mod pattern;
pub mod props;
mod replaced;
pub mod risk;
mod rules;
pub mod saved;
mod saved_detection;
mod settings;
pub mod shipped;
mod substitute;
pub mod tags;
pub mod text_settings;
mod traced_text;
mod yaml;

pub use catalog::Catalog;
pub use load::is_app;
pub use yaml::Origin;
