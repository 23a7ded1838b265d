//! Partition pruning: skips sources by the values that all their events share, and batches by their
//! time range.

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::Frame;
use crate::exec::frame::time_order::micros;
use crate::exec::scan::sources::EventPartition;
use crate::knowledge::props::{FieldRules, TransformMethod};
use crate::plan::context::QueryContext;
use crate::plan::expr::matching::FieldMatcher;
use crate::store::{StoredSource, TimeRange};
use crate::syntax::SpecialField;
use crate::syntax::ast::{CompareOp, Literal, Search};
use crate::time;

/// Bounds that all events of a search satisfy.
pub(in crate::exec) struct ScanBounds<'s> {
    search: Option<&'s Search>,
    between: TimeRange,
}

impl<'s> ScanBounds<'s> {
    /// The bounds of a search: its time range, and its first search expression.
    pub(in crate::exec) fn of(
        context: &QueryContext,
        search: Option<&'s Search>,
    ) -> Result<ScanBounds<'s>> {
        let mut between = (context.earliest.map(micros), context.latest.map(micros));
        if let Some(search) = search {
            narrow(search, context, &mut between);
        }
        Ok(ScanBounds { search, between })
    }

    /// The time range.
    pub(in crate::exec) fn between(&self) -> TimeRange {
        self.between
    }
}

/// Narrows a time range by the terms that must all hold.
fn narrow(search: &Search, context: &QueryContext, between: &mut TimeRange) {
    match search {
        Search::And(parts) => parts.iter().for_each(|p| narrow(p, context, between)),
        Search::Compare { field, op, value } if *op == CompareOp::Eq => {
            let Some(at) = moment(value, context) else {
                return;
            };
            if field.text.eq_ignore_ascii_case("earliest") {
                between.0 = Some(between.0.map_or(at, |known| known.max(at)));
            } else if field.text.eq_ignore_ascii_case("latest") {
                between.1 = Some(between.1.map_or(at, |known| known.min(at)));
            }
        }
        Search::Or(_)
        | Search::Not(_)
        | Search::Compare { .. }
        | Search::In { .. }
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => {}
    }
}

/// Parses a time modifier. Returns `None` if it is invalid; building the filter reports the error.
fn moment(value: &Literal, context: &QueryContext) -> Option<i64> {
    let clock = &context.clock;
    let at = time::time_modifier(&value.text, clock.now, clock.zone).ok()?;
    Some(micros(at))
}

impl Executor<'_> {
    /// Whether a search within bounds may match an event of a partition.
    ///
    /// # Errors
    /// If a field rule can't be read.
    pub(in crate::exec) fn may_match(
        &self,
        part: &EventPartition,
        bounds: &ScanBounds<'_>,
    ) -> Result<bool> {
        let (from, before) = bounds.between;
        if (from.is_some() || before.is_some()) && part.frame.has("_time") {
            let inside = part.span.is_some_and(|(first, last)| {
                from.is_none_or(|from| last >= from) && before.is_none_or(|before| first < before)
            });
            if !inside {
                return Ok(false);
            }
        }
        let Some(search) = bounds.search else {
            return Ok(true);
        };
        if is_made_risk(part) && !names_index(search) {
            return Ok(false);
        }
        let catalog = &self.context.catalog;
        if catalog.props.minds_hosts() {
            return Ok(true);
        }
        let rules = catalog.field_rules(&part.sourcetype, &part.source, &part.host);
        Ok(may_match_term(
            search,
            &PartitionConstants::of(part, &rules),
        ))
    }

    /// The residual predicate: the search without the terms that hold for all events scanned, since
    /// their partitions have the value in common. Returns `None` if no term is left.
    ///
    /// # Errors
    /// If a field rule can't be read.
    pub(in crate::exec) fn residual(
        &self,
        search: &Search,
        bounds: &ScanBounds<'_>,
    ) -> Result<Option<Search>> {
        let mut terms: Vec<Search> = match search {
            Search::And(parts) => parts.clone(),
            other => vec![other.clone()],
        };
        let all = terms.len();
        let catalog = &self.context.catalog;
        if self.precomputed_events.is_none() && !catalog.props.minds_hosts() {
            let mut decided = vec![true; all];
            let mut met = false;
            for part in &self.data.events {
                if self.may_match(part, bounds)? {
                    met = true;
                    let rules = catalog.field_rules(&part.sourcetype, &part.source, &part.host);
                    let common = PartitionConstants::of(part, &rules);
                    for (decided, term) in decided.iter_mut().zip(&terms) {
                        *decided &= always_matches(term, &common);
                    }
                }
            }
            let mut decided = decided.into_iter();
            terms.retain(|_| !(met && decided.next().unwrap_or(false)));
        }
        Ok(match terms.len() {
            0 => None,
            n if n == all => Some(search.clone()),
            _ => Some(Search::And(terms)),
        })
    }

    /// Restricts a partition to the batches within a time range.
    ///
    /// # Errors
    /// If the store can't be read.
    pub(in crate::exec) fn prune_partitions(
        &self,
        part: &EventPartition,
        bounds: &ScanBounds<'_>,
    ) -> Result<EventPartition> {
        let mut part = part.clone();
        if let Some(stored) = &self.data.stored
            && !part.stored.is_empty()
            && bounds.between != (None, None)
        {
            let (lazy, schema) = stored.store.scan(&part.stored, bounds.between)?;
            part.frame = Frame::lazy(lazy, &schema);
        }
        Ok(part)
    }
}

/// Whether a partition contains risk events that detections generated. In Splunk, a search that
/// names no index does not search the index of risk events. Here it searches all other indexes, so
/// that detections find the same events however often they run.
fn is_made_risk(part: &EventPartition) -> bool {
    !part.stored.is_empty() && part.stored.iter().all(StoredSource::is_made_risk)
}

/// Whether a search expression names an index. Event types and subsearches count as if they did.
fn names_index(search: &Search) -> bool {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().any(names_index),
        Search::Compare { field, .. } | Search::In { field, .. } => {
            SpecialField::of(&field.text).is_some_and(|special| !special.is_modifier())
        }
        Search::Subsearch(_) | Search::CompareSubsearch { .. } => true,
        Search::Not(_) | Search::Term(_) | Search::ExactTerm(_) | Search::CaseTerm(_) => false,
    }
}

/// The values that all events of a partition have in common; `None` if unknown.
struct PartitionConstants<'p> {
    index: Option<&'p str>,
    source: Option<&'p str>,
    sourcetype: Option<&'p str>,
}

impl<'p> PartitionConstants<'p> {
    /// Unknown if field rules may overwrite the field.
    fn of(part: &'p EventPartition, rules: &'p FieldRules) -> PartitionConstants<'p> {
        let known = |name: &str, value: &'p str| {
            (part.frame.has(name) && !value.is_empty() && !sets(rules, name)).then_some(value)
        };
        let renamed = rules.rename.as_ref().map(|r| r.rule.as_str());
        PartitionConstants {
            index: known("index", &part.index),
            source: known("source", &part.source),
            sourcetype: known("sourcetype", renamed.unwrap_or(&part.sourcetype)),
        }
    }

    fn get(&self, name: &str) -> Option<&'p str> {
        match name {
            "index" => self.index,
            "source" => self.source,
            "sourcetype" => self.sourcetype,
            _ => None,
        }
    }
}

/// Whether search-time rules may set a field of this name. `KV_MODE` changes no existing field.
fn sets(rules: &FieldRules, name: &str) -> bool {
    let group = |regex: &str| regex.contains(&format!("<{name}>"));
    rules.extracts.iter().any(|r| group(&r.rule.regex))
        || rules.reports.iter().any(|r| match &r.rule.method {
            TransformMethod::Pairs { .. } => true,
            TransformMethod::Columns { fields, .. } => fields.iter().any(|f| f == name),
            TransformMethod::Regex { regex, format } if format.is_empty() => {
                group(regex) || regex.contains("_KEY_")
            }
            TransformMethod::Regex { format, .. } => {
                format.iter().any(|(f, _)| f == name || f.contains('$'))
            }
        })
        || rules.aliases.iter().any(|r| r.rule.to == name)
        || rules.evals.iter().any(|r| r.rule.field == name)
        || rules.lookups.iter().any(|r| {
            let outputs = &r.rule.outputs;
            outputs.is_empty() || outputs.iter().any(|(_, field)| field == name)
        })
}

/// Whether a term matches all events that have these values in common.
fn always_matches(term: &Search, common: &PartitionConstants<'_>) -> bool {
    let Search::Compare {
        field,
        op: op @ CompareOp::Eq,
        value,
    } = term
    else {
        return false;
    };
    // `*` does not include internal indexes.
    let hides = |known: &str| {
        field.text == "index" && value.text.starts_with('*') && known.starts_with('_')
    };
    let matcher = FieldMatcher::new(*op, &value.text);
    let known = common.get(&field.text);
    known.is_some_and(|known| matcher.matches_text(known) && !hides(known))
}

/// Whether a search expression may match an event; false only if it certainly does not.
fn may_match_term(search: &Search, common: &PartitionConstants<'_>) -> bool {
    let compare = |name: &str, op: CompareOp, value: &Literal| {
        common
            .get(name)
            .is_none_or(|known| FieldMatcher::new(op, &value.text).matches_text(known))
    };
    match search {
        Search::And(parts) => parts.iter().all(|part| may_match_term(part, common)),
        Search::Or(parts) => {
            parts.is_empty() || parts.iter().any(|part| may_match_term(part, common))
        }
        Search::Compare { field, op, value } => compare(&field.text, *op, value),
        Search::In { field, values } => values
            .iter()
            .any(|value| compare(&field.text, CompareOp::Eq, value)),
        Search::Not(_)
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => true,
    }
}
