//! All tests that see the program from outside, as one test program: linking Polars takes longer
//! than the tests.

mod bad_data;
mod bad_input;
mod cli;
mod drive;
mod repl;
