//! Physical optimizer rules: rewrites that look at data or run probes.

pub(in crate::exec) mod lookup_semijoin;
pub(in crate::exec) mod runtime_filter;
