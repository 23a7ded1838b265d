//! Event types and tags as expressions: what `typer` and `tags` write, and what searches that
//! name the fields `eventtype` and `tag` see.

use crate::commands::planner::parse_search;
use crate::error::{Error, Result};
use crate::plan::build::{call, equals, field, text};
use crate::plan::context::PlanContext;
use crate::plan::matching::FieldMatcher;
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::ast::{CompareOp, Expr, Search, Stage};
use crate::syntax::print;

/// How deep event types may name each other.
const MAX_DEPTH: usize = 10;

/// The column that holds the event types while tags are computed.
const TYPES: &str = "__eventtype";

/// The names of the event types that an event satisfies.
///
/// # Errors
/// An event type whose search can't be read.
pub(super) fn event_types(context: &PlanContext) -> Result<Expr> {
    event_types_of(context, |_| true)
}

/// The same for some of the event types.
///
/// # Errors
/// As for [`event_types`].
pub(super) fn event_types_of(context: &PlanContext, wanted: impl Fn(&str) -> bool) -> Result<Expr> {
    let mut names = Vec::new();
    for (name, event_type) in context.catalog.event_types() {
        if !wanted(name) {
            continue;
        }
        let search = parse_search(context, &event_type.search)
            .and_then(|search| resolved(&search, context, 0))
            .map_err(|error| in_type(error, name))?;
        names.push(name_if(&search, name));
    }
    Ok(several(names))
}

/// What `tags` adds.
#[derive(Debug, Default)]
pub(super) struct TagFields {
    /// The fields whose values' tags are taken; all when there is none.
    pub(super) fields: Vec<String>,
    /// The only field written, in place of `tag` and `tag::<field>`.
    pub(super) output: Option<String>,
    /// There, whether the field's name stands before the tag.
    pub(super) name: bool,
    /// There, whether the value stands before the tag.
    pub(super) value: bool,
    /// The only tags written; all when there is none.
    pub(super) allowed: Vec<String>,
}

impl TagFields {
    /// The rows with their tags.
    ///
    /// # Errors
    /// An event type whose search can't be read.
    pub(super) fn add(&self, rows: Plan, context: &PlanContext) -> Result<Plan> {
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
        let types = call("coalesce", vec![field("eventtype"), event_types(context)?]);
        let mut columns = vec![assign(TYPES.to_owned(), types)];
        match &self.output {
            Some(output) => columns.push(assign(output.clone(), several(all))),
            None => {
                // Data may have a field of that name of its own.
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
        Ok(rows.extend(columns).drop(&[TYPES]))
    }
}

/// Adds `eventtype` and `tag` to events when one of the stages after them names these fields:
/// Splunk adds them to every event, which would be much work for nothing.
///
/// # Errors
/// An event type whose search can't be read.
pub(super) fn when_named(rows: Plan, later: &[Stage], context: &PlanContext) -> Result<Plan> {
    let catalog = &context.catalog;
    if catalog.event_types().is_empty() && catalog.all_tags().is_empty() {
        return Ok(rows);
    }
    let (mut types, mut tags) = (false, false);
    for stage in later {
        let text = print::stage(stage);
        for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.'))) {
            types |= word == "eventtype";
            tags |= word == "tag" || word.starts_with("tag::");
        }
    }
    let rows = if types {
        let found = call("coalesce", vec![field("eventtype"), event_types(context)?]);
        rows.set("eventtype", found)
    } else {
        rows
    };
    if !tags {
        return Ok(rows);
    }
    TagFields::default().add(rows, context)
}

/// A text where a search holds.
fn name_if(search: &Search, name: &str) -> Expr {
    let holds = call("searchmatch", vec![text(&print::search(search))]);
    call("if", vec![holds, text(name), call("null", Vec::new())])
}

/// Values that are there, each once.
fn several(values: Vec<Expr>) -> Expr {
    if values.is_empty() {
        return call("null", Vec::new());
    }
    call("mvdedup", vec![call("mvappend", values)])
}

fn in_type(error: Error, name: &str) -> Error {
    error.hint(format!("in the event type `{name}`"))
}

/// A search that nothing satisfies: no row has such a field.
fn never() -> Search {
    equals("__never", "1")
}

/// The search with event types and tags replaced by what they mean; terms about time and servers
/// hold for every row that was found.
fn resolved(search: &Search, context: &PlanContext, depth: usize) -> Result<Search> {
    let all = |parts: &[Search]| {
        parts
            .iter()
            .map(|p| resolved(p, context, depth))
            .collect::<Result<Vec<_>>>()
    };
    Ok(match search {
        Search::And(parts) => Search::And(all(parts)?),
        Search::Or(parts) => Search::Or(all(parts)?),
        Search::Not(inner) => Search::Not(Box::new(resolved(inner, context, depth)?)),
        Search::Compare { field, op, value } => {
            let lower = field.text.to_ascii_lowercase();
            let meant = match lower.as_str() {
                "earliest" | "latest" | "_index_earliest" | "_index_latest" | "splunk_server" => {
                    return Ok(Search::Not(Box::new(never())));
                }
                "eventtype" => named(&value.text, context, depth)?,
                "tag" => tagged(&value.text, None, context, depth)?,
                _ => match lower.strip_prefix("tag::") {
                    Some(of) => tagged(&value.text, Some(of), context, depth)?,
                    None => return Ok(search.clone()),
                },
            };
            match op {
                CompareOp::Ne => Search::Not(Box::new(meant)),
                _ => meant,
            }
        }
        other => other.clone(),
    })
}

/// The searches of the event types of that name or pattern, any of them.
fn named(pattern: &str, context: &PlanContext, depth: usize) -> Result<Search> {
    let wanted = FieldMatcher::new(CompareOp::Eq, pattern);
    let mut any = vec![never()];
    if depth < MAX_DEPTH {
        for (name, event_type) in context.catalog.event_types() {
            if wanted.matches_text(name) {
                let search = parse_search(context, &event_type.search)?;
                any.push(resolved(&search, context, depth + 1)?);
            }
        }
    }
    Ok(Search::Or(any))
}

/// What carries a tag, any of it.
fn tagged(
    pattern: &str,
    of_field: Option<&str>,
    context: &PlanContext,
    depth: usize,
) -> Result<Search> {
    let wanted = FieldMatcher::new(CompareOp::Eq, pattern);
    let mut any = vec![never()];
    for (tag, pairs) in context.catalog.all_tags() {
        if !wanted.matches_text(tag) {
            continue;
        }
        for (name, value) in pairs {
            if of_field.is_some_and(|f| !f.eq_ignore_ascii_case(name)) {
                continue;
            }
            any.push(if name == "eventtype" {
                named(value, context, depth)?
            } else {
                equals(name, value)
            });
        }
    }
    Ok(Search::Or(any))
}
