//! Logical optimizer rules: rewrites of plans that look at no data.

pub mod filter_through_aggregate;
pub mod key_probe;
pub mod order_elimination;
