//! Event types and tags as expressions: the output of `typer` and `tags`, and the fields `eventtype` and
//! `tag` for searches that name them.

use crate::plan::build::{call, equals, field, never, text};
use crate::plan::context::QueryContext;
use crate::plan::expr::matching::FieldMatcher;
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::ast::{CompareOp, Expr, Literal, Name, Search, Stage};
use crate::syntax::{SpecialField, print};
use crate::word;

/// Temporary column for the event types while tags are computed.
const TYPES: &str = "__eventtype";

/// The names of the event types that an event matches.
pub(super) fn event_types(context: &QueryContext) -> Expr {
    event_types_of(context, |_| true)
}

/// Like [`event_types`], for some of the event types.
pub(super) fn event_types_of(context: &QueryContext, wanted: impl Fn(&str) -> bool) -> Expr {
    let names = context.catalog.event_types().keys();
    let each = names.filter(|name| wanted(name)).filter_map(|name| {
        let search = context.event_type(name)?;
        Some(name_if(&resolved(&search, context), name))
    });
    several(each.collect())
}

/// The fields that `tags` adds.
#[derive(Debug, Default)]
pub(super) struct TagFields {
    /// The fields whose values to tag; empty for all.
    pub(super) fields: Vec<String>,
    /// The only field to write, in place of `tag` and `tag::<field>`.
    pub(super) output: Option<String>,
    /// With `output`: whether to prefix the tag with the field's name.
    pub(super) name: bool,
    /// With `output`: whether to prefix the tag with the value.
    pub(super) value: bool,
    /// The only tags to write; empty for all.
    pub(super) allowed: Vec<String>,
}

impl TagFields {
    /// Adds the tags to the rows.
    pub(super) fn add(&self, rows: Plan, context: &QueryContext) -> Plan {
        let mut all = Vec::new();
        let mut by_field: Vec<(&str, Vec<Expr>)> = Vec::new();
        for (tag, pairs) in context.catalog.all_tags() {
            if !self.allowed.is_empty() && !self.allowed.contains(tag) {
                continue;
            }
            for (name, value) in pairs {
                if !self.fields.is_empty() && !self.fields.contains(name) {
                    continue;
                }
                let column = if name == "eventtype" { TYPES } else { name };
                let mut parts = Vec::new();
                if self.output.is_some() && self.name {
                    parts.push(name.as_str());
                }
                if self.output.is_some() && self.value {
                    parts.push(value);
                }
                parts.push(tag);
                let tagged = name_if(&equals(column, value), &parts.join("::"));
                all.push(tagged.clone());
                match by_field.iter_mut().find(|(known, _)| known == name) {
                    Some((_, tags)) => tags.push(tagged),
                    None => by_field.push((name, vec![tagged])),
                }
            }
        }
        let assign = |target: String, value: Expr| Assignment {
            target: Target::Field(target),
            value,
        };
        let types = call("coalesce", vec![field("eventtype"), event_types(context)]);
        let mut columns = vec![assign(TYPES.to_owned(), types)];
        match &self.output {
            Some(output) => columns.push(assign(output.clone(), several(all))),
            None => {
                // Data may already contain a field with that name.
                let kept = |name: &str, tags: Vec<Expr>| {
                    let value = call("coalesce", vec![several(tags), field(name)]);
                    assign(name.to_owned(), value)
                };
                columns.push(kept("tag", all));
                for (name, tags) in by_field {
                    columns.push(kept(&format!("tag::{name}"), tags));
                }
            }
        }
        rows.extend(columns).drop(&[TYPES])
    }
}

/// Adds `eventtype` and `tag` to events if one of the later stages names these fields. Splunk adds them to
/// every event, which would be expensive and usually unused.
pub(super) fn when_named(rows: Plan, later: &[Stage], context: &QueryContext) -> Plan {
    let catalog = &context.catalog;
    if catalog.event_types().is_empty() && catalog.all_tags().is_empty() {
        return rows;
    }
    let (mut types, mut tags) = (false, false);
    for stage in later {
        let text = print::stage(stage);
        for word in text.split(|c: char| !(word::is_part(c) || matches!(c, ':' | '.'))) {
            types |= word == "eventtype";
            tags |= word == "tag" || word.starts_with("tag::");
        }
    }
    let rows = if types {
        let found = call("coalesce", vec![field("eventtype"), event_types(context)]);
        rows.set("eventtype", found)
    } else {
        rows
    };
    if !tags {
        return rows;
    }
    TagFields::default().add(rows, context)
}

/// A text if a search matches.
fn name_if(search: &Search, name: &str) -> Expr {
    let holds = call("searchmatch", vec![text(&print::search(search))]);
    call("if", vec![holds, text(name), call("null", Vec::new())])
}

/// A multivalue of the distinct non-missing values.
fn several(values: Vec<Expr>) -> Expr {
    if values.is_empty() {
        return call("null", Vec::new());
    }
    call("mvdedup", vec![call("mvappend", values)])
}

/// The search with event types and tags replaced by their definitions. Terms about time and servers are true
/// for every row found.
fn resolved(search: &Search, context: &QueryContext) -> Search {
    let all = |parts: &[Search]| parts.iter().map(|p| resolved(p, context)).collect();
    let meant = |field: &Name, value: &Literal| match SpecialField::of(&field.text)? {
        SpecialField::EventType => Some(named(&value.text, context)),
        SpecialField::Tag => Some(tagged(&value.text, None, context)),
        SpecialField::TagOf(of) => Some(tagged(&value.text, Some(of), context)),
        SpecialField::Index
        | SpecialField::Earliest
        | SpecialField::Latest
        | SpecialField::Server => None,
    };
    let is_modifier =
        |field: &Name| SpecialField::of(&field.text).is_some_and(SpecialField::is_modifier);
    match search {
        Search::And(parts) => Search::And(all(parts)),
        Search::Or(parts) => Search::Or(all(parts)),
        Search::Not(inner) => Search::Not(Box::new(resolved(inner, context))),
        Search::Compare { field, .. } if is_modifier(field) => Search::Not(Box::new(never())),
        Search::Compare { field, op, value } => match meant(field, value) {
            Some(meant) if *op == CompareOp::Ne => Search::Not(Box::new(meant)),
            Some(meant) => meant,
            None => search.clone(),
        },
        Search::In { field, values } => {
            let each = values.iter().map(|value| meant(field, value));
            match each.collect::<Option<Vec<_>>>() {
                Some(any) => Search::Or(any),
                None => search.clone(),
            }
        }
        Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => search.clone(),
    }
}

/// The disjunction of the searches of the event types that match this name or pattern.
fn named(pattern: &str, context: &QueryContext) -> Search {
    let wanted = FieldMatcher::new(CompareOp::Eq, pattern);
    let names = context.catalog.event_types().keys();
    let searches = names
        .filter(|name| wanted.matches_text(name))
        .filter_map(|name| context.event_type(name));
    let mut any = vec![never()];
    any.extend(searches.map(|search| resolved(&search, context)));
    Search::Or(any)
}

/// The disjunction of the field-value pairs that carry a tag.
fn tagged(pattern: &str, of_field: Option<&str>, context: &QueryContext) -> Search {
    let wanted = FieldMatcher::new(CompareOp::Eq, pattern);
    let tags = context.catalog.all_tags().iter();
    let pairs = tags
        .filter(|(tag, _)| wanted.matches_text(tag))
        .flat_map(|(_, pairs)| pairs)
        .filter(|(name, _)| of_field.is_none_or(|of| of == name));
    let mut any = vec![never()];
    any.extend(pairs.map(|(name, value)| match name.as_str() {
        "eventtype" => named(value, context),
        name => equals(name, value),
    }));
    Search::Or(any)
}
