//! Key filters: filters on the scan that follow from lookups, `IN` lists and constant subsearches. If a filter accepts
//! only rows that a lookup matches, the lookup's keys become a filter below the aggregation.

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::expr::predicate::compile::{disjuncts, equals_one};
use crate::exec::operators::filter::conjuncts;
use crate::plan::optimize::filter_through_aggregate::{
    filter_columns, push_filter_through_aggregate,
};
use crate::plan::optimize::key_probe::referenced_columns;
use crate::plan::tuning::RuleId;
use crate::plan::{Plan, Predicate};
use crate::syntax::SpecialField;
use crate::syntax::ast::Search;

impl Executor<'_> {
    /// The plan with its known keys pushed to the scan, if a shared scan prefetched its rows.
    pub(in crate::exec) fn apply_key_filters(&self, plan: &Plan) -> Option<Plan> {
        if !self.data.has_found() {
            return None;
        }
        let sought = self.push_known_keys(plan);
        sought.filter(|sought| !self.is_large_scan(sought))
    }

    /// The plan with its known keys pushed to the scan. Returns `None` if the scan is small or no keys are
    /// known. The plan returns the same rows, from a smaller scan.
    pub(in crate::exec) fn push_known_keys(&self, plan: &Plan) -> Option<Plan> {
        if !self.context.tuning.allows(RuleId::KeyFilter) || !self.is_large_scan(plan) {
            return None;
        }
        self.dry_run(|executor| executor.known_keys_filter(plan))
    }

    fn known_keys_filter(&self, plan: &Plan) -> Option<Plan> {
        let mut sought: Option<Plan> = None;
        for (at, input) in plan.inputs().into_iter().enumerate() {
            if let Some(fewer) = self.known_keys_filter(input) {
                let plan = sought.get_or_insert_with(|| plan.clone());
                *plan.inputs_mut().swap_remove(at) = fewer;
            }
        }
        let Plan::Filter { input, predicate } = sought.as_ref().unwrap_or(plan) else {
            return sought;
        };
        let settled = self.fold_constant_subsearches(predicate);
        let asked = settled.as_ref().unwrap_or(predicate);
        let fewer = in_list_filter(input, asked, self.context.tuning.max_lookup_keys)
            .or_else(|| self.lookup_keys_filter(input, asked));
        if settled.is_none() && fewer.is_none() {
            return sought;
        }
        Some(Plan::Filter {
            input: fewer.map_or_else(|| input.clone(), Box::new),
            predicate: asked.clone(),
        })
    }

    /// A search expression with the results of its subsearches, if these read no data, report no warning and
    /// write nothing.
    fn fold_constant_subsearches(&self, predicate: &Predicate) -> Option<Predicate> {
        let Predicate::Search(_, plans) = predicate else {
            return None;
        };
        if plans.is_empty() || plans.iter().any(Plan::reads_data) {
            return None;
        }
        // An error of a subsearch is reported when it runs.
        let resolved = self.resolved(predicate).ok()?;
        self.context.is_quiet().then_some(resolved)
    }

    /// The input of a filter, reduced to the keys of the first lookup that the filter reads, if the filter
    /// accepts no unmatched row.
    fn lookup_keys_filter(&self, below: &Plan, predicate: &Predicate) -> Option<Plan> {
        let fewer = match below {
            Plan::Filter { input, .. } => self.lookup_keys_filter(input, predicate)?,
            Plan::Lookup { input, outputs, .. } => {
                let looked_at = referenced_columns(predicate)?;
                // An error of a lookup is reported when it runs.
                let known = self.known(below, predicate, &looked_at).ok().flatten();
                let mut written = outputs.iter().map(|(_, target)| &target.text);
                let is_other =
                    !outputs.is_empty() && !written.any(|target| looked_at.contains(target));
                match known {
                    Some(fewer) => fewer,
                    None if is_other => self.lookup_keys_filter(input, predicate)?,
                    None => return None,
                }
            }
            _ => return None,
        };
        let mut below = below.clone();
        *below.inputs_mut().swap_remove(0) = fewer;
        Some(below)
    }

    /// The input of a lookup, reduced to keys that it has, if the filter above accepts no others.
    fn known(
        &self,
        plan: &Plan,
        predicate: &Predicate,
        looked_at: &[String],
    ) -> Result<Option<Plan>> {
        let Plan::Lookup {
            input,
            lookup,
            keys,
            outputs,
            ..
        } = plan
        else {
            return Ok(None);
        };
        let ([(_, key)], Some(fields)) = (keys.as_slice(), filter_columns(input)) else {
            return Ok(None);
        };
        let ready = self.ready_lookup(lookup, keys, outputs)?;
        let is_there = |name: &str| fields.iter().any(|field| field == name);
        if !ready.defines_all(looked_at, is_there) || self.accepts_null(&ready, predicate)? {
            return Ok(None);
        }
        let texts = ready.matcher.texts();
        let texts = texts.filter(|texts| texts.len() <= self.context.tuning.max_lookup_keys);
        Ok(texts.and_then(|texts| push_filter_through_aggregate(input, &key.text, &texts)))
    }
}

/// The groups of a filter `key IN (...)`, aggregated from rows with these keys only.
fn in_list_filter(groups: &Plan, predicate: &Predicate, max: usize) -> Option<Plan> {
    let Predicate::Search(search, plans) = predicate else {
        return None;
    };
    if !plans.is_empty() {
        return None;
    }
    let mut fewer = None;
    for (field, values) in conjuncts(search).filter_map(|part| one_of(part, max)) {
        let groups = fewer.as_ref().unwrap_or(groups);
        fewer = push_filter_through_aggregate(groups, field, &values).or(fewer);
    }
    fewer
}

/// The field that must have one of these values.
fn one_of(search: &Search, max: usize) -> Option<(&str, Vec<String>)> {
    let mut one_of: Option<(&str, Vec<String>)> = None;
    for part in disjuncts(search) {
        let (field, values) = equals_one(part)?;
        if SpecialField::of(field).is_some() {
            return None;
        }
        let (known, texts) = one_of.get_or_insert_with(|| (field, Vec::new()));
        if *known != field {
            return None;
        }
        texts.extend(values.iter().map(|value| value.text.clone()));
    }
    one_of.filter(|(_, texts)| texts.len() <= max)
}
