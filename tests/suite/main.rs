//! All tests that see the program from outside, as one test program: linking Polars takes longer
//! than the tests.

mod detection;
mod errors;
mod golden;
mod golden_case;
mod layers;
mod shared;
mod support;
mod tables;
