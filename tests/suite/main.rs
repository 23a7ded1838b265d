//! All tests that see the program from outside, as one test program: linking Polars takes longer
//! than the tests.

mod bad_data;
mod bad_input;
mod bad_logs;
mod cli;
mod detection;
mod detection_tests;
mod drive;
mod errors;
mod feeds;
mod fetch;
mod fields;
mod golden;
mod golden_case;
mod hostile;
mod layers;
mod learn;
mod learning;
mod line_rules;
mod lints;
mod plot;
mod properties;
mod repl;
mod reports;
mod risk;
mod shared;
mod sources;
mod store;
mod store_shared;
mod support;
mod tables;
mod together;
mod versions;
mod why;
mod writes;
