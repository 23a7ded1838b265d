//! Expressions and predicates, compiled to Polars expressions and column predicates.

pub(in crate::exec) mod builtin_aggregates;
pub(in crate::exec) mod predicate;
pub(in crate::exec) mod scalar;
pub(in crate::exec) mod vectorized;
