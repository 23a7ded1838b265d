//! Collects the leading filters of plans over events and data models.

use std::collections::BTreeSet;

use crate::exec::operators::filter::fields_looked_at;
use crate::exec::scan::summaries::scan;
use crate::plan::analysis::fields_of;
use crate::plan::names::{DEFAULT_FIELDS, referenced_names};
use crate::plan::{AggregateInput, Plan, Predicate, Scan};
use crate::syntax::ast::{Name, Search};

/// The source of a scan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ScanSource {
    Events,
    Model {
        model: String,
        dataset: Option<String>,
        summaries_only: bool,
    },
}

/// The leading filter of one search.
pub(super) struct ScanRequest<'p> {
    pub source: ScanSource,
    /// Identifies the request.
    pub key: String,
    /// The expressions that must all hold.
    pub searches: Vec<&'p Search>,
    /// The columns read; `None` for all.
    pub columns: Option<BTreeSet<String>>,
    /// The names of the model and the data set, with their spans.
    pub names: Option<(&'p Name, Option<&'p Name>)>,
}

/// Adds the scan requests of a plan.
pub(super) fn collect_requests<'p>(plan: &'p Plan, found: &mut Vec<ScanRequest<'p>>) {
    // Fields computed only for searches that name them are not computed for all.
    let of_events = referenced_names(plan, &DEFAULT_FIELDS).is_empty();
    visit(plan, of_events, found);
}

fn visit<'p>(plan: &'p Plan, of_events: bool, found: &mut Vec<ScanRequest<'p>>) {
    match plan {
        Plan::Aggregate { input, .. } if scan(plan).is_some_and(|w| w.is_slim()) => {
            found.extend(of_model(plan, input));
        }
        Plan::Filter {
            input,
            predicate: predicate @ Predicate::Search(search, _),
        } if of_events
            && matches!(
                input.as_ref(),
                Plan::Scan(Scan::Events | Scan::EventsUnordered)
            ) =>
        {
            found.push(ScanRequest {
                source: ScanSource::Events,
                key: event_key(predicate),
                searches: vec![search],
                columns: None,
                names: None,
            });
        }
        _ => {}
    }
    if let Plan::Filter {
        predicate: Predicate::Search(_, plans),
        ..
    } = plan
    {
        for plan in plans {
            visit(plan, of_events, found);
        }
    }
    for input in plan.inputs() {
        visit(input, of_events, found);
    }
}

/// The request of an aggregation over the filtered rows of a data set.
fn of_model<'p>(plan: &'p Plan, input: &'p Plan) -> Option<ScanRequest<'p>> {
    let mut searches = Vec::new();
    let mut columns = aggregated(plan);
    let mut below = input;
    while let Plan::Filter { input, predicate } = below {
        let looked_at: Vec<String> = match predicate {
            Predicate::Search(search, plans) => {
                searches.push(search);
                if !plans.is_empty() {
                    columns = None;
                }
                let fields = fields_looked_at(std::slice::from_ref(search));
                fields.into_iter().map(str::to_owned).collect()
            }
            Predicate::Expr(expr) => fields_of(expr),
        };
        columns.iter_mut().for_each(|c| c.extend(looked_at.clone()));
        below = input;
    }
    let Plan::Scan(Scan::Model {
        model,
        dataset,
        summaries_only,
    }) = below
    else {
        return None;
    };
    (!searches.is_empty()).then(|| ScanRequest {
        source: ScanSource::Model {
            model: model.text.clone(),
            dataset: dataset.as_ref().map(|d| d.text.clone()),
            summaries_only: *summaries_only,
        },
        key: model_key(input),
        searches,
        columns,
        names: Some((model, dataset.as_ref())),
    })
}

/// The columns that an aggregation reads. Returns `None` if it does not name them.
fn aggregated(plan: &Plan) -> Option<BTreeSet<String>> {
    let Plan::Aggregate { aggregates, by, .. } = plan else {
        return None;
    };
    let mut columns = BTreeSet::from(["_time".to_owned()]);
    columns.extend(by.iter().map(|by| by.name.clone()));
    for call in aggregates {
        match &call.arg {
            AggregateInput::Row => {}
            AggregateInput::Field(pattern) if !pattern.is_wild() => {
                columns.insert(pattern.text.clone());
            }
            AggregateInput::Field(_) => return None,
            AggregateInput::Expr(expr) => columns.extend(fields_of(expr)),
        }
    }
    Some(columns)
}

/// Identifies the filtered rows of a data set.
pub(in crate::exec) fn model_key(filtered: &Plan) -> String {
    format!("{filtered:?}")
}

/// Identifies the events that a search matches.
pub(in crate::exec) fn event_key(predicate: &Predicate) -> String {
    format!("{predicate:?}")
}
