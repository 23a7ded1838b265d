//! The searches of event types, which may refer to each other by name, by pattern or by tag.
//!
//! A reference through which an event type reaches itself never matches, and an event type that
//! expands to too many terms is switched off; both are faults of the event type.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Abouteventtypes>

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::knowledge::fault::{Fault, FaultKind};
use crate::plan::build::{equals, never};
use crate::plan::context::QueryContext;
use crate::plan::expr::matching::FieldMatcher;
use crate::plan::texts::parse_search;
use crate::syntax::SpecialField;
use crate::syntax::ast::{CompareOp, Literal, Name, Search};

/// The maximum depth of references between event types.
const MAX_DEPTH: usize = 32;

/// The maximum number of terms of an event type, including those of the event types that it refers
/// to.
const MAX_TERMS: usize = 10_000;

/// The event types that a search has used.
#[derive(Default)]
pub struct EventTypes(Mutex<Graph>);

#[derive(Default)]
struct Graph {
    nodes: HashMap<String, Node>,
    /// Sequence number of the next event type reached.
    reached: usize,
}

struct Node {
    /// Its search without references to itself; `None` if it is switched off.
    search: Option<Arc<Search>>,
    names: BTreeSet<String>,
    order: usize,
    /// The smallest `order` that it reaches among open nodes (Tarjan's low link).
    low: usize,
    open: bool,
    depth: usize,
    terms: usize,
}

impl EventTypes {
    /// The search of an event type. Returns `None` if there is no such event type, or a fault
    /// switches it off.
    pub fn search(&self, context: &QueryContext, name: &str) -> Option<Arc<Search>> {
        let mut graph = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !graph.nodes.contains_key(name) {
            graph.visit(context, name);
        }
        graph.nodes.get(name)?.search.clone()
    }
}

impl Graph {
    /// Reads an event type and all that it reaches: Tarjan's strongly connected components, with an
    /// explicit stack, since chains of event types may be long.
    fn visit(&mut self, context: &QueryContext, name: &str) {
        let mut path: Vec<(String, Vec<String>)> = Vec::new();
        let mut component: Vec<String> = Vec::new();
        self.enter(context, name, &mut path, &mut component);
        while let Some((current, waiting)) = path.last_mut() {
            let current = current.clone();
            if let Some(next) = waiting.pop() {
                match self.nodes.get(&next) {
                    None => self.enter(context, &next, &mut path, &mut component),
                    Some(known) if known.open => {
                        let order = known.order;
                        if let Some(node) = self.nodes.get_mut(&current) {
                            node.low = node.low.min(order);
                        }
                    }
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            let (order, low) = match self.nodes.get(&current) {
                Some(node) => (node.order, node.low),
                None => continue,
            };
            if let Some((outer, _)) = path.last()
                && let Some(outer) = self.nodes.get_mut(outer)
            {
                outer.low = outer.low.min(low);
            }
            if low == order
                && let Some(start) = component.iter().position(|name| *name == current)
            {
                let members = component.split_off(start);
                self.close(context, &members);
            }
        }
    }

    fn enter(
        &mut self,
        context: &QueryContext,
        name: &str,
        path: &mut Vec<(String, Vec<String>)>,
        component: &mut Vec<String>,
    ) {
        let search = read(context, name);
        let names = search
            .as_ref()
            .map(|search| references(context, search))
            .unwrap_or_default();
        let order = self.reached;
        self.reached += 1;
        path.push((name.to_owned(), names.iter().cloned().collect()));
        component.push(name.to_owned());
        let node = Node {
            search: search.map(Arc::new),
            names,
            order,
            low: order,
            open: true,
            depth: 0,
            terms: 0,
        };
        self.nodes.insert(name.to_owned(), node);
    }

    /// Cuts the references within a component, and switches off event types that expand too far.
    /// All other event types that they refer to are closed.
    fn close(&mut self, context: &QueryContext, members: &[String]) {
        for name in members {
            let Some(node) = self.nodes.get(name) else {
                continue;
            };
            let cut: BTreeSet<&str> = members
                .iter()
                .map(String::as_str)
                .filter(|member| node.names.contains(*member))
                .collect();
            let search = node.search.as_ref().map(|search| match cut.is_empty() {
                true => Arc::clone(search),
                false => Arc::new(without(context, search, &cut)),
            });
            let others = node.names.iter().filter(|other| !members.contains(other));
            let others = others.filter_map(|other| self.nodes.get(other));
            let depth = 1 + others.map(|other| other.depth).max().unwrap_or(0);
            let terms = search
                .as_deref()
                .map_or(0, |search| self.terms(context, search));
            if let Some(first) = cut.iter().next() {
                let why = match *first == name {
                    true => "it names itself".to_owned(),
                    false => format!("it names `{first}`, which leads back to it"),
                };
                fault(context, name, &why, "that reference never holds");
            }
            let too_much = if depth > MAX_DEPTH {
                Some(format!(
                    "event types name each other more than {MAX_DEPTH} deep"
                ))
            } else if terms > MAX_TERMS {
                Some(format!("it expands to more than {MAX_TERMS} terms"))
            } else {
                None
            };
            if let Some(why) = &too_much {
                fault(context, name, why, "the event type is switched off");
            }
            if let Some(node) = self.nodes.get_mut(name) {
                node.search = search.filter(|_| too_much.is_none());
                // An event type that is switched off adds nothing to those that refer to it.
                (node.depth, node.terms) = match node.search {
                    Some(_) => (depth, terms),
                    None => (0, 0),
                };
                node.open = false;
            }
        }
    }

    /// The number of terms of a search expression, including those of the event types that it
    /// refers to.
    fn terms(&self, context: &QueryContext, search: &Search) -> usize {
        let mut count = own_terms(search);
        each_mark(search, &mut |field, value| {
            for name in meant(context, field, value) {
                let terms = self.nodes.get(name).map_or(0, |node| node.terms);
                count = count.saturating_add(terms);
            }
        });
        count
    }
}

/// Parses the search of an event type.
fn read(context: &QueryContext, name: &str) -> Option<Search> {
    let event_type = context.catalog.event_types().get(name)?;
    let why = match parse_search(context, &event_type.search) {
        Ok(search) if has_subsearch(&search) => "an event type can't hold a subsearch".to_owned(),
        Ok(search) => return Some(search),
        Err(error) => error.to_string(),
    };
    fault(context, name, &why, "the event type is switched off");
    None
}

fn has_subsearch(search: &Search) -> bool {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().any(has_subsearch),
        Search::Not(inner) => has_subsearch(inner),
        Search::Subsearch(_) | Search::CompareSubsearch { .. } => true,
        Search::Compare { .. }
        | Search::In { .. }
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_) => false,
    }
}

fn fault(context: &QueryContext, name: &str, why: &str, effect: &'static str) {
    if let Some(event_type) = context.catalog.event_types().get(name) {
        let object = format!("event type [{name}]");
        let origin = &event_type.origin;
        let faults = context.catalog.faults();
        faults.add(Fault::new(
            FaultKind::EventType,
            origin,
            object,
            why,
            effect,
        ));
    }
}

/// The event types that a search expression refers to.
fn references(context: &QueryContext, search: &Search) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_mark(search, &mut |field, value| {
        found.extend(meant(context, field, value).into_iter().map(str::to_owned));
    });
    found
}

/// Calls `see` with each comparison of event types or tags.
fn each_mark<'s>(search: &'s Search, see: &mut dyn FnMut(SpecialField<'s>, &'s Literal)) {
    match search {
        Search::And(parts) | Search::Or(parts) => {
            parts.iter().for_each(|part| each_mark(part, see));
        }
        Search::Not(inner) => each_mark(inner, see),
        Search::Compare { field, value, .. } => {
            if let Some(special) = SpecialField::of(&field.text).filter(|s| s.is_mark()) {
                see(special, value);
            }
        }
        Search::In { field, values } => {
            if let Some(special) = SpecialField::of(&field.text).filter(|s| s.is_mark()) {
                values.iter().for_each(|value| see(special, value));
            }
        }
        Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => {}
    }
}

/// The event types that a comparison with `eventtype`, `tag` or `tag::eventtype` refers to.
fn meant<'c>(context: &'c QueryContext, field: SpecialField<'_>, value: &Literal) -> Vec<&'c str> {
    let types = context.catalog.event_types().keys().map(String::as_str);
    let wanted = FieldMatcher::new(CompareOp::Eq, &value.text);
    match field {
        SpecialField::EventType => types.filter(|name| wanted.matches_text(name)).collect(),
        SpecialField::Tag | SpecialField::TagOf("eventtype") => {
            let tags = context.catalog.all_tags().iter();
            let carriers: Vec<FieldMatcher> = tags
                .filter(|(tag, _)| wanted.matches_text(tag))
                .flat_map(|(_, pairs)| pairs)
                .filter(|(name, _)| name == "eventtype")
                .map(|(_, value)| FieldMatcher::new(CompareOp::Eq, value))
                .collect();
            types
                .filter(|name| carriers.iter().any(|c| c.matches_text(name)))
                .collect()
        }
        SpecialField::TagOf(_)
        | SpecialField::Earliest
        | SpecialField::Latest
        | SpecialField::Server
        | SpecialField::Index => Vec::new(),
    }
}

/// Rewrites a search expression so that comparisons no longer match the event types `cut`.
fn without(context: &QueryContext, search: &Search, cut: &BTreeSet<&str>) -> Search {
    let all = |parts: &[Search]| {
        let each = parts.iter().map(|part| without(context, part, cut));
        each.collect::<Vec<_>>()
    };
    let one = |field: &Name, value: &Literal| {
        let special = SpecialField::of(&field.text).filter(|s| s.is_mark())?;
        let types = meant(context, special, value);
        if !types.iter().any(|name| cut.contains(name)) {
            return None;
        }
        let mut any: Vec<Search> = types
            .into_iter()
            .filter(|name| !cut.contains(name))
            .map(|name| equals("eventtype", name))
            .collect();
        if special == SpecialField::Tag {
            any.extend(tagged_values(context, value));
        }
        if any.is_empty() {
            any.push(never());
        }
        Some(Search::Or(any))
    };
    match search {
        Search::And(parts) => Search::And(all(parts)),
        Search::Or(parts) => Search::Or(all(parts)),
        Search::Not(inner) => Search::Not(Box::new(without(context, inner, cut))),
        Search::Compare { field, op, value } => match one(field, value) {
            Some(rest) if *op == CompareOp::Ne => Search::Not(Box::new(rest)),
            Some(rest) => rest,
            None => search.clone(),
        },
        Search::In { field, values } => {
            let each = values.iter().map(|value| {
                one(field, value).unwrap_or_else(|| Search::Compare {
                    field: field.clone(),
                    op: CompareOp::Eq,
                    value: value.clone(),
                })
            });
            Search::Or(each.collect())
        }
        Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => search.clone(),
    }
}

/// The comparisons that give a tag, other than by event type.
fn tagged_values(context: &QueryContext, tag: &Literal) -> Vec<Search> {
    let wanted = FieldMatcher::new(CompareOp::Eq, &tag.text);
    let tags = context.catalog.all_tags().iter();
    tags.filter(|(tag, _)| wanted.matches_text(tag))
        .flat_map(|(_, pairs)| pairs)
        .filter(|(name, _)| name != "eventtype")
        .map(|(name, value)| equals(name, value))
        .collect()
}

fn own_terms(search: &Search) -> usize {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().map(own_terms).sum(),
        Search::Not(inner) => own_terms(inner),
        Search::In { values, .. } => values.len(),
        Search::Compare { .. }
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => 1,
    }
}
