//! Logical optimizer rules: rewrites of plans that look at no data.

use crate::plan::Plan;
use crate::plan::tuning::{RuleId, Tuning};

pub mod filter_through_aggregate;
pub mod key_probe;
pub mod order_elimination;

/// The plan after the logical rules: those that look at no data.
pub fn logical(plan: Plan, tuning: &Tuning) -> Plan {
    match tuning.allows(RuleId::OrderElimination) {
        true => order_elimination::optimize(plan),
        false => plan,
    }
}
