//! Helpers for commands that prepare statistics for a later command (`sistats`, `sichart`,
//! `tstats prestats=true`).
//!
//! Splunk aggregates events into partial results that only the command of the same shape can read. Here the
//! rows themselves are passed on, with the fields that the later command needs, so it returns the same result
//! for any function.

use crate::plan::analysis::fields_of;
use crate::plan::build::{call, field, text};
use crate::plan::schema::Pattern;
use crate::plan::{AggregateCall, AggregateInput, Assignment, ByField, Plan, Projection, Target};

/// The rows with the fields that these aggregations and groups need.
pub(super) fn needed(rows: Plan, aggregates: &[AggregateCall], by: &[String]) -> Plan {
    let mut fields: Vec<Pattern> = by.iter().map(|name| Pattern::exact(name)).collect();
    for call in aggregates {
        match &call.arg {
            AggregateInput::Row => {}
            AggregateInput::Field(pattern) => fields.push(pattern.clone()),
            AggregateInput::Expr(expr) => {
                fields.extend(fields_of(expr).iter().map(|name| Pattern::exact(name)));
            }
        }
    }
    Plan::Project {
        input: Box::new(rows),
        mode: Projection::Keep,
        fields,
    }
    .drop(&["_raw"])
}

/// The rows for groups by these fields: buckets times, fills missing values if requested, and drops all other
/// rows.
fn grouped(rows: Plan, by: &[ByField], fill: Option<&str>) -> Plan {
    let mut rows = rows;
    for b in by {
        if let Some(span) = b.span {
            rows = Plan::Bucket {
                input: Box::new(rows),
                field: b.name.clone(),
                alias: b.name.clone(),
                span,
                align: None,
            };
        } else if let Some(value) = fill {
            rows = rows.extend(vec![Assignment {
                target: Target::Field(b.name.clone()),
                value: call("coalesce", vec![field(&b.name), text(value)]),
            }]);
        }
    }
    for b in by {
        rows = rows.filter(call("isnotnull", vec![field(&b.name)]));
    }
    rows
}

/// The rows that `prestats=true` passes on for groups by these fields, after the existing rows.
pub(super) fn handed_on(
    before: Option<Plan>,
    rows: Plan,
    by: &[ByField],
    fill: Option<&str>,
    aggregates: &[AggregateCall],
) -> Plan {
    let names: Vec<String> = by.iter().map(|b| b.name.clone()).collect();
    let rows = needed(grouped(rows, by, fill), aggregates, &names);
    match before {
        Some(before) => Plan::Union {
            inputs: vec![before, rows],
        },
        None => rows,
    }
}
