//! The kernels of `transaction`: grouping events, and combining their fields.

pub(crate) mod assemble;
pub(crate) mod group;
