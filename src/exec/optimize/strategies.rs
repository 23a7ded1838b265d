//! Rules that mark single nodes with how they run. What a mark means is up to the node's operator.

use crate::exec::operators::map_columns::is_volatile;
use crate::exec::operators::sort::absorbs_scan_order;
use crate::plan::Plan;
use crate::plan::tuning::RuleId;

/// Marks every node to which a rule applies.
pub(super) fn mark(plan: &mut Plan, rule: RuleId) {
    for input in inner(plan).inputs_mut() {
        mark(input, rule);
    }
    if applies(inner(plan), rule) {
        match plan {
            Plan::Physical { rules, .. } => rules.push(rule),
            node => {
                let bare = std::mem::replace(node, Plan::Generate { count: 0 });
                *node = Plan::Physical {
                    node: Box::new(bare),
                    rules: vec![rule],
                };
            }
        }
    }
}

/// The node itself, below its marks.
fn inner(plan: &mut Plan) -> &mut Plan {
    match plan {
        Plan::Physical { node, .. } => node,
        node => node,
    }
}

fn applies(node: &Plan, rule: RuleId) -> bool {
    match (rule, node) {
        (RuleId::LookupSemiJoin, Plan::Filter { input, .. }) => {
            matches!(input.as_ref(), Plan::Lookup { .. })
        }
        (RuleId::JoinBuildFilter, Plan::Join { right, .. }) => {
            matches!(right.as_ref(), Plan::Subquery { .. })
        }
        (RuleId::TopKFilter, Plan::Sort { input, limit, .. }) => *limit > 0 && !is_volatile(input),
        (RuleId::SortMerge, Plan::Sort { input, .. } | Plan::Distinct { input, .. }) => {
            absorbs_scan_order(input)
        }
        _ => false,
    }
}
