//! Event types and tags as fields, the last of Splunk's search-time operations: `eventtype`, `tag`,
//! and `tag::<field>` for the tags of a field's values.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Searchtimeoperationssequence>

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Column, Expr as Lazy, lit};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column};
use crate::exec::scan::sources::EventPartition;
use crate::plan::expr::matching::FieldMatcher;
use crate::syntax::SpecialField;
use crate::syntax::ast::{CompareOp, Literal, Search};
use crate::value::{Type, Value};

/// Name prefix of the columns that cache which events an event type matches, if all event types are
/// evaluated. No search can name them.
const MATCHED: &str = "\0eventtype:";

/// The cached column of an event type, if all event types were evaluated on these events; a
/// constant if it can't match any of them.
pub(in crate::exec) fn tried(name: &str, frame: &Frame) -> Option<Lazy> {
    let own = format!("{MATCHED}{name}");
    if frame.has(&own) {
        // Events with other rules may lack the column.
        return Some(column(&own).fill_null(lit(false)));
    }
    let mut names = frame.schema.keys().rev();
    names
        .any(|name| name.starts_with(MATCHED))
        .then(|| lit(false))
}

/// The values that a field gets if a condition holds.
#[derive(Clone)]
struct EventLabel {
    holds: Lazy,
    values: Vec<String>,
}

impl Executor<'_> {
    /// Adds event types and tags to the events of a partition. A log that brings fields of these
    /// names keeps them.
    pub(super) fn with_eventtypes_and_tags(
        &self,
        frame: Frame,
        part: &EventPartition,
    ) -> Result<Frame> {
        if frame.schema.keys().any(|name| is_mark(name)) {
            return Ok(frame);
        }
        let tags = self.context.catalog.all_tags();
        let (mut types, mut tried) = (Vec::new(), Vec::new());
        let mut by_field: BTreeMap<String, Vec<EventLabel>> = BTreeMap::new();
        for name in self.context.catalog.event_types().keys() {
            let Some(search) = self.context.event_type(name) else {
                continue;
            };
            if !self.may_hold(&search, &frame, Some(part))? {
                continue;
            }
            let Some(mut holds) = self.event_type(name, &search, &frame)? else {
                continue;
            };
            if self.materialize_all {
                // Cached, since data models ask again.
                let own = format!("{MATCHED}{name}");
                tried.push((own.clone(), Type::Bool, holds));
                holds = column(&own);
            }
            let mark = |values| EventLabel {
                holds: holds.clone(),
                values,
            };
            types.push(mark(vec![name.clone()]));
            let found = tags_of(tags, "eventtype", name);
            if !found.is_empty() {
                let marks = by_field.entry("eventtype".to_owned()).or_default();
                marks.push(mark(found));
            }
        }
        let pairs: BTreeSet<&(String, String)> = tags.values().flatten().collect();
        for (name, value) in pairs {
            if frame.has(name) {
                let test = FieldMatcher::new(CompareOp::Eq, value);
                let marks = by_field.entry(name.clone()).or_default();
                marks.push(EventLabel {
                    holds: self.test(name, vec![test], &frame),
                    values: tags_of(tags, name, value),
                });
            }
        }
        let frame = frame.with(tried);
        let mut columns = Vec::new();
        let mut all = Vec::new();
        for (name, marks) in by_field {
            all.extend(marks.iter().cloned());
            columns.push((format!("tag::{name}"), marks));
        }
        columns.insert(0, ("eventtype".to_owned(), types));
        columns.insert(1, ("tag".to_owned(), all));
        let columns = columns
            .into_iter()
            .filter(|(_, marks)| !marks.is_empty())
            .map(|(name, marks)| (name.clone(), Type::Multi, values(&name, marks, &frame)))
            .collect();
        Ok(frame.with(columns))
    }

    /// The events as conditions on `eventtype` and `tag` see them: without these fields, so that
    /// only the event types and tags of the condition are evaluated.
    pub(in crate::exec) fn without_eventtypes_and_tags(&self, frame: &Frame) -> Frame {
        let brought = |part: &EventPartition| part.frame.schema.keys().any(|name| is_mark(name));
        let mut frame = frame.clone();
        if !self.data.events.iter().any(brought) {
            frame.schema.retain(|name, _| !is_mark(name));
        }
        frame
    }

    /// Whether a search may match events with these fields, or of this partition if known.
    pub(in crate::exec) fn may_hold(
        &self,
        search: &Search,
        frame: &Frame,
        part: Option<&EventPartition>,
    ) -> Result<bool> {
        let equals = |field: &str, value: &Literal| -> Result<bool> {
            let matcher = FieldMatcher::new(CompareOp::Eq, &value.text);
            let known = match (field, part) {
                ("sourcetype", Some(part)) => Some(&part.sourcetype),
                ("source", Some(part)) => Some(&part.source).filter(|s| !s.is_empty()),
                _ => None,
            };
            if let Some(known) = known.filter(|_| frame.has(field)) {
                // A rule may have renamed the sourcetype.
                let renamed = field == "sourcetype" && frame.has("_sourcetype");
                return Ok(renamed || matcher.matches_text(known));
            }
            Ok(match SpecialField::of(field) {
                Some(SpecialField::EventType) => {
                    for name in self.context.catalog.event_types().keys() {
                        if matcher.matches_text(name)
                            && let Some(inner) = self.context.event_type(name)
                            && self.may_hold(&inner, frame, part)?
                        {
                            return Ok(true);
                        }
                    }
                    false
                }
                Some(SpecialField::Index) | None => frame.has(field),
                Some(
                    SpecialField::Tag
                    | SpecialField::TagOf(_)
                    | SpecialField::Earliest
                    | SpecialField::Latest
                    | SpecialField::Server,
                ) => true,
            })
        };
        match search {
            Search::And(parts) => {
                for inner in parts {
                    if !self.may_hold(inner, frame, part)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Search::Or(parts) => {
                for inner in parts {
                    if self.may_hold(inner, frame, part)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Search::Compare { field, op, value } if *op == CompareOp::Eq => {
                equals(&field.text, value)
            }
            Search::In { field, values } => {
                for value in values {
                    if equals(&field.text, value)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Search::Compare { .. }
            | Search::Not(_)
            | Search::Term(_)
            | Search::ExactTerm(_)
            | Search::CaseTerm(_)
            | Search::Subsearch(_)
            | Search::CompareSubsearch { .. } => Ok(true),
        }
    }
}

/// Whether a field holds event types or tags.
fn is_mark(name: &str) -> bool {
    SpecialField::of(name).is_some_and(SpecialField::is_mark)
}

/// The tags of a field's value.
fn tags_of(tags: &BTreeMap<String, Vec<(String, String)>>, name: &str, value: &str) -> Vec<String> {
    tags.iter()
        .filter(|(_, pairs)| pairs.iter().any(|(n, v)| n == name && v == value))
        .map(|(tag, _)| tag.clone())
        .collect()
}

/// The sorted values of all labels that hold; missing if none does.
fn values(name: &str, marks: Vec<EventLabel>, frame: &Frame) -> Lazy {
    let (conditions, values): (Vec<Lazy>, Vec<Vec<String>>) =
        marks.into_iter().map(|m| (m.holds, m.values)).unzip();
    // Conditions may be constants: a column of the events provides the number of rows.
    let rows = ["sourcetype", "_time"].into_iter().find(|n| frame.has(n));
    let rows = rows.or(frame.schema.keys().next().map(String::as_str));
    let (name, title) = (name.to_owned(), name.to_owned());
    let run = move |columns: &mut [Column]| {
        let height = columns[0].len();
        let conditions = columns[1..]
            .iter()
            .map(|c| c.bool().map(|truth| (truth, c.len() == 1)))
            .collect::<Result<Vec<_>, _>>()?;
        let mut builder = Builder::new(&name, Type::Multi, height);
        for row in 0..height {
            let mut found = BTreeSet::new();
            for ((truth, single), values) in conditions.iter().zip(&values) {
                if truth.get(if *single { 0 } else { row }) == Some(true) {
                    found.extend(values.iter().map(|v| Cow::Borrowed(v.as_str())));
                }
            }
            builder.push(Value::multi(found.into_iter().collect()));
        }
        Ok(builder.finish())
    };
    column(rows.unwrap_or_default())
        .map_many(run, &conditions, move |_, _| Ok(field(&title, Type::Multi)))
}
