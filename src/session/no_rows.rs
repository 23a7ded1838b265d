//! Why a search over events found none: an index that no event has, or a time range without events.

use crate::exec::scan::sources::DataSources;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::{Plan, Predicate, Scan};
use crate::syntax::ast::{CompareOp, Literal, Search};
use crate::time::{strftime, time_modifier};

/// The conditions of a search on where its events are.
#[derive(Default)]
struct Conditions<'p> {
    indexes: Vec<&'p Literal>,
    earliest: Option<f64>,
    latest: Option<f64>,
}

/// What to say about a search that found no rows. Empty if its indexes and its time range have events.
pub(super) fn explain(plan: &Plan, data: &DataSources, context: &QueryContext) -> Vec<String> {
    let mut filters = Vec::new();
    collect(plan, &mut filters);
    let mut told = Vec::new();
    for filter in filters {
        let mut found = Conditions {
            earliest: context.earliest,
            latest: context.latest,
            ..Conditions::default()
        };
        found.read(filter, context);
        told.extend(found.index(data));
        told.extend(found.time(data, context));
    }
    told.sort();
    told.dedup();
    told
}

/// The search expressions that select events.
fn collect<'p>(plan: &'p Plan, found: &mut Vec<&'p Search>) {
    if let Plan::Filter {
        input,
        predicate: Predicate::Search(search, _),
    } = plan
        && matches!(**input, Plan::Scan(Scan::Events | Scan::EventsUnordered))
    {
        found.push(search);
    }
    for input in plan.inputs() {
        collect(input, found);
    }
}

impl<'p> Conditions<'p> {
    fn read(&mut self, search: &'p Search, context: &QueryContext) {
        match search {
            Search::And(parts) => parts.iter().for_each(|part| self.read(part, context)),
            Search::Or(parts) if parts.iter().all(is_index) => {
                parts.iter().for_each(|part| self.read(part, context));
            }
            Search::Compare {
                field,
                op: CompareOp::Eq,
                value,
            } => {
                let clock = &context.clock;
                let time = || time_modifier(&value.text, clock.now, clock.zone).ok();
                match field.text.to_ascii_lowercase().as_str() {
                    "index" => self.indexes.push(value),
                    "earliest" => self.earliest = time(),
                    "latest" => self.latest = time(),
                    _ => {}
                }
            }
            Search::In { field, values } if field.text.eq_ignore_ascii_case("index") => {
                self.indexes.extend(values);
            }
            _ => {}
        }
    }

    fn index(&self, data: &DataSources) -> Option<String> {
        let mut known: Vec<&str> = data.events.iter().map(|part| part.index.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let names = |value: &&Literal| {
            let pattern = Pattern::new(value.text.to_lowercase());
            known
                .iter()
                .any(|index| index.is_empty() || pattern.matches(&index.to_lowercase()))
        };
        if self.indexes.is_empty() || known.is_empty() || self.indexes.iter().any(names) {
            return None;
        }
        let wanted: Vec<String> = self
            .indexes
            .iter()
            .map(|v| format!("`{}`", v.text))
            .collect();
        Some(format!(
            "no event is in the index {} (there are: {}); --any-index ignores conditions on the index",
            wanted.join(" or "),
            known.join(", ")
        ))
    }

    fn time(&self, data: &DataSources, context: &QueryContext) -> Option<String> {
        let spans = || data.events.iter().filter_map(|part| part.span);
        let first = spans().map(|(first, _)| first).min()? as f64 / 1e6;
        let last = spans().map(|(_, last)| last).max()? as f64 / 1e6;
        let shown = |time: f64| {
            strftime(time, "%Y-%m-%d %H:%M:%S %Z", context.clock.zone).unwrap_or_default()
        };
        if let Some(earliest) = self.earliest.filter(|earliest| last < *earliest) {
            return Some(format!(
                "the last event is from {}, but the search begins at {}; --now latest counts relative times from the \
                 last event",
                shown(last),
                shown(earliest)
            ));
        }
        let latest = self.latest.filter(|latest| first >= *latest)?;
        Some(format!(
            "the first event is from {}, but the search ends at {}",
            shown(first),
            shown(latest)
        ))
    }
}

fn is_index(search: &Search) -> bool {
    matches!(search, Search::Compare { field, .. } if field.text.eq_ignore_ascii_case("index"))
}
