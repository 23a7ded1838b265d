//! Runtime filters for aggregations. If a filter above depends only on some keys or on cheap aggregates, these are
//! computed first, and only the keys that pass are aggregated.

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::engine::fences::has_file_scan;
use crate::exec::frame::result::Rows;
use crate::exec::scan::sources::ModelTable;
use crate::plan::optimize::filter_through_aggregate::push_filter_through_aggregate;
use crate::plan::optimize::key_probe::{KeyProbe, key_probe};
use crate::plan::{Plan, Scan};
use crate::value::Type;

/// The distinct values of a column. Returns `None` if there are more than `max` rows.
pub(in crate::exec) fn collect_in_list(
    rows: &Rows,
    column: usize,
    max: usize,
) -> Option<Vec<String>> {
    if rows.len() > max {
        return None;
    }
    let values = (0..rows.len()).flat_map(|row| rows.value(row, column).into_values());
    let mut values: Vec<String> = values.map(|value| value.into_owned()).collect();
    values.sort();
    values.dedup();
    Some(values)
}

impl Executor<'_> {
    /// The plan without the groups that its filters drop. Returns `None` if no probe is cheap enough to find
    /// them.
    pub(in crate::exec) fn apply_runtime_filters(&self, plan: &Plan) -> Result<Option<Plan>> {
        let Some((path, KeyProbe { plan: values, keys })) = self.find_probe(plan) else {
            return Ok(None);
        };
        let rows = self.dry_run(|executor| executor.run(&values))?;

        let mut plan = plan.clone();
        let mut filter = &mut plan;
        for at in path {
            filter = filter.inputs_mut().swap_remove(at);
        }
        let mut is_fewer = false;
        for key in keys {
            let Some(column) = rows.column_index(&key) else {
                continue;
            };
            if let Some(values) = collect_in_list(&rows, column, self.context.tuning.max_in_list)
                && let Some(fewer) = push_filter_through_aggregate(filter, &key, &values)
            {
                *filter = fewer;
                is_fewer = true;
            }
        }
        Ok(is_fewer.then_some(plan))
    }

    /// The first filter over a large scan that a probe can evaluate: its path by inputs, and the probe.
    fn find_probe(&self, plan: &Plan) -> Option<(Vec<usize>, KeyProbe)> {
        if !self.is_large_scan(plan) {
            return None;
        }
        let inputs = plan.inputs().into_iter().enumerate();
        for (at, input) in inputs {
            if let Some((mut path, probe)) = self.find_probe(input) {
                path.insert(0, at);
                return Some((path, probe));
            }
        }
        let found = key_probe(plan, |field| self.is_text_in_files(plan, field));
        found.map(|found| (Vec::new(), found))
    }

    /// Whether a plan scans a dataset in files whose field holds single texts.
    fn is_text_in_files(&self, plan: &Plan, field: &str) -> bool {
        match plan {
            Plan::Scan(Scan::Model { model, dataset, .. }) => {
                let given = self.registered_rows(model, dataset.as_ref());
                let field = field.rsplit('.').next().unwrap_or(field);
                let is_text = |part: &&ModelTable| {
                    has_file_scan(&part.frame.lazy) && part.frame.kind(field) == Type::Text
                };
                !given.is_empty() && given.iter().all(is_text)
            }
            Plan::Scan(_) => false,
            _ => {
                let input = plan.inputs().into_iter().next();
                input.is_some_and(|input| self.is_text_in_files(input, field))
            }
        }
    }

    /// Whether a plan scans many rows, as far as is known.
    pub(in crate::exec) fn is_large_scan(&self, plan: &Plan) -> bool {
        let many_events = self.data.event_count() >= self.context.tuning.large_scan_rows;
        match plan {
            Plan::Filter { .. } if self.is_found_in_model(plan) => false,
            Plan::Scan(Scan::Events | Scan::EventsUnordered) => many_events,
            Plan::Scan(Scan::Model { model, dataset, .. }) => {
                let given = self.registered_rows(model, dataset.as_ref());
                let in_files = given.iter().any(|part| has_file_scan(&part.frame.lazy));
                in_files || given.is_empty() && many_events
            }
            _ => plan
                .inputs()
                .into_iter()
                .any(|input| self.is_large_scan(input)),
        }
    }
}
