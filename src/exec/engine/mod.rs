//! The interface to Polars: optimization fences, the choice of engine, and its threads.

pub(in crate::exec) mod fences;
pub(in crate::exec) mod threads;
