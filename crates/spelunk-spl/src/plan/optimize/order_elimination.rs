//! Order elimination: drops sorts, and the order of scans, that nothing above observes.
//!
//! Polars pushes filters and projections itself. It cannot know that the order of events, newest first, is not
//! observed; sorting them would cost more than the search. The rule reads properties of nodes, never the
//! command that built them.

use crate::plan::Plan;

/// The plan after the rule.
pub fn optimize(plan: Plan) -> Plan {
    eliminate_unobserved_order(plan, false)
}

/// Drops sorts below an aggregation that does not depend on the order. `lost` says whether the order of
/// this node's rows is lost above it.
fn eliminate_unobserved_order(plan: Plan, lost: bool) -> Plan {
    let each = |input: Box<Plan>, lost: bool| Box::new(eliminate_unobserved_order(*input, lost));
    match plan {
        Plan::Sort {
            input,
            keys,
            limit: 0,
        } if lost => {
            drop(keys);
            eliminate_unobserved_order(*input, true)
        }
        Plan::Reverse { input } if lost => eliminate_unobserved_order(*input, true),
        Plan::Sort { input, keys, limit } => Plan::Sort {
            input: each(input, false),
            keys,
            limit,
        },
        Plan::Aggregate {
            input,
            aggregates,
            by,
            fill,
            all_numbers,
            sorted,
        } => {
            let minds = !sorted || aggregates.iter().any(|a| a.function.order_sensitive);
            Plan::Aggregate {
                input: each(input, !minds),
                aggregates,
                by,
                fill,
                all_numbers,
                sorted,
            }
        }
        Plan::Chart { input, chart } => {
            let minds = chart
                .aggregates
                .iter()
                .chain(chart.split.iter().filter_map(|s| s.score.as_ref()))
                .any(|a| a.function.order_sensitive);
            Plan::Chart {
                input: each(input, !minds),
                chart,
            }
        }
        Plan::Filter { input, predicate } => Plan::Filter {
            input: each(input, lost),
            predicate,
        },
        Plan::Extend { input, columns } => Plan::Extend {
            input: each(input, lost),
            columns,
        },
        Plan::Project {
            input,
            mode,
            fields,
        } => Plan::Project {
            input: each(input, lost),
            mode,
            fields,
        },
        Plan::Rename { input, pairs } => Plan::Rename {
            input: each(input, lost),
            pairs,
        },
        // Row by row, whatever is around a row.
        Plan::Bucket {
            input,
            field,
            alias,
            span,
            align,
        } => Plan::Bucket {
            input: each(input, lost),
            field,
            alias,
            span,
            align,
        },
        Plan::Explode {
            input,
            field,
            limit,
        } => Plan::Explode {
            input: each(input, lost),
            field,
            limit,
        },
        Plan::Lookup {
            input,
            lookup,
            keys,
            outputs,
            overwrite,
        } => Plan::Lookup {
            input: each(input, lost),
            lookup,
            keys,
            outputs,
            overwrite,
        },
        Plan::Union { inputs } => Plan::Union {
            inputs: inputs
                .into_iter()
                .map(|input| eliminate_unobserved_order(input, lost))
                .collect(),
        },
        Plan::Scan(crate::plan::Scan::Events) if lost => {
            Plan::Scan(crate::plan::Scan::EventsUnordered)
        }
        other @ (Plan::Scan(_)
        | Plan::Physical { .. }
        | Plan::Generate { .. }
        | Plan::Values(_)
        | Plan::Window { .. }
        | Plan::Stream { .. }
        | Plan::Lag { .. }
        | Plan::ForwardFill { .. }
        | Plan::Reverse { .. }
        | Plan::PartialDistinct { .. }
        | Plan::Limit { .. }
        | Plan::Skip { .. }
        | Plan::TakeWhile { .. }
        | Plan::Subquery { .. }
        | Plan::Distinct { .. }
        | Plan::Join { .. }
        | Plan::With { .. }
        | Plan::Deferred { .. }
        | Plan::MapColumns { .. }
        | Plan::HConcat { .. }
        | Plan::Kernel { .. }) => other,
    }
}
