//! The kernels of `transaction`: grouping events, and putting their fields together.

pub(crate) mod assemble;
pub(crate) mod group;
