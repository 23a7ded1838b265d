//! Lowers search expressions to Polars.

use std::collections::BTreeSet;

use polars::prelude::{Expr as Lazy, lit};

use crate::error::{Error, Result};
use crate::exec::blame::Blame;
use crate::exec::context::Executor;
use crate::exec::engine::fences::{has_file_scan, optimization_fence};
use crate::exec::fields::tried;
use crate::exec::frame::{Frame, column};
use crate::knowledge::fault::FaultKind;
use crate::plan::expr::matching::FieldMatcher;
use crate::syntax::SpecialField;
use crate::syntax::ast::{CompareOp, Literal, Name, Search};
use crate::time;

impl Executor<'_> {
    /// Lowers a search expression whose subsearches have been replaced by their results.
    ///
    /// # Errors
    /// If a time can't be parsed.
    pub fn search(&self, search: &Search, frame: &Frame) -> Result<Lazy> {
        if is_plain(search) {
            return self.compile_predicate(search, frame);
        }
        Ok(match search {
            Search::And(parts) => joined(self.parts(parts, Search::And, frame)?, true),
            Search::Or(parts) => joined(self.parts(parts, Search::Or, frame)?, false),
            Search::Not(inner) => self.search(inner, frame)?.not(),
            Search::Compare {
                field: name,
                op,
                value,
            } => self.compare(name, *op, value, frame)?,
            Search::In {
                field: name,
                values,
            } if SpecialField::of(&name.text).is_some() => {
                let each = values
                    .iter()
                    .map(|value| self.compare(name, CompareOp::Eq, value, frame));
                joined(each.collect::<Result<_>>()?, false)
            }
            Search::In {
                field: name,
                values,
            } => {
                let tests: Vec<FieldMatcher> = values
                    .iter()
                    .map(|v| FieldMatcher::new(CompareOp::Eq, &v.text))
                    .collect();
                self.test(&name.text, tests, frame)
            }
            Search::Term(_) | Search::ExactTerm(_) | Search::CaseTerm(_) => lit(true),
            Search::Subsearch(pipeline) | Search::CompareSubsearch { pipeline, .. } => {
                return Err(Error::argument(
                    pipeline.span,
                    "this search expression cannot contain a subsearch",
                ));
            }
        })
    }

    /// The rows that match a search expression; `seen` are the columns as it sees them.
    ///
    /// On rows from files, expensive terms are evaluated after the cheap ones, so that their
    /// columns are read only for the remaining rows.
    ///
    /// # Errors
    /// As for [`Executor::search`].
    pub(in crate::exec) fn searched(
        &self,
        frame: Frame,
        search: &Search,
        seen: &Frame,
    ) -> Result<Frame> {
        let (first, then) = match search {
            Search::And(_) if has_file_scan(&frame.lazy) => {
                let (first, then): (Vec<_>, Vec<_>) =
                    conjuncts(search).cloned().partition(is_cheap);
                let looked_at = fields_looked_at(&first);
                match fields_looked_at(&then).is_subset(&looked_at) {
                    true => (search.clone(), None),
                    false if first.is_empty() => (Search::And(then), None),
                    false => (Search::And(first), Some(Search::And(then))),
                }
            }
            _ => (search.clone(), None),
        };
        let mut lazy = frame.lazy.filter(self.search(&first, seen)?);
        if let Some(then) = then {
            lazy = optimization_fence(lazy).filter(self.search(&then, seen)?);
        }
        Ok(Frame {
            lazy,
            schema: frame.schema,
        })
    }

    /// Lowers the parts of a conjunction or disjunction; compiles those that depend only on fields
    /// together.
    fn parts(
        &self,
        parts: &[Search],
        join: fn(Vec<Search>) -> Search,
        frame: &Frame,
    ) -> Result<Vec<Lazy>> {
        let (plain, others): (Vec<&Search>, Vec<&Search>) = parts.iter().partition(|p| is_plain(p));
        let mut terms = Vec::with_capacity(others.len() + 1);
        if !plain.is_empty() {
            let plain = join(plain.into_iter().cloned().collect());
            terms.push(self.compile_predicate(&plain, frame)?);
        }
        for other in others {
            terms.push(self.search(other, frame)?);
        }
        Ok(terms)
    }

    fn compare(&self, name: &Name, op: CompareOp, value: &Literal, frame: &Frame) -> Result<Lazy> {
        let negated = |e: Lazy| if op == CompareOp::Ne { e.not() } else { e };
        match SpecialField::of(&name.text) {
            Some(SpecialField::Earliest) => return self.time_bound(value, frame, true),
            Some(SpecialField::Latest) => return self.time_bound(value, frame, false),
            Some(SpecialField::Server) => return Ok(lit(true)),
            Some(SpecialField::EventType) if !frame.has(&name.text) => {
                return Ok(negated(self.event_types(&value.text, frame)?));
            }
            Some(SpecialField::Tag) if !frame.has(&name.text) => {
                return Ok(negated(self.tagged(&value.text, None, frame)?));
            }
            Some(SpecialField::TagOf(field)) if !frame.has(&name.text) => {
                return Ok(negated(self.tagged(&value.text, Some(field), frame)?));
            }
            Some(SpecialField::Index)
                if frame.has("index") && value.text.starts_with('*') && op == CompareOp::Eq =>
            {
                let test = self.test("index", vec![FieldMatcher::new(op, &value.text)], frame);
                let hidden =
                    self.test("index", vec![FieldMatcher::new(CompareOp::Eq, "_*")], frame);
                return Ok(test.and(hidden.not()));
            }
            Some(
                SpecialField::EventType
                | SpecialField::Tag
                | SpecialField::TagOf(_)
                | SpecialField::Index,
            )
            | None => {}
        }
        Ok(self.test(&name.text, vec![FieldMatcher::new(op, &value.text)], frame))
    }

    fn time_bound(&self, value: &Literal, frame: &Frame, earliest: bool) -> Result<Lazy> {
        let clock = &self.context.clock;
        let at = time::time_modifier(&value.text, clock.now, clock.zone)
            .map_err(|message| Error::argument(value.span, message))?;
        if !frame.has("_time") {
            return Ok(lit(true));
        }
        let micros = lit((at * 1e6).round() as i64);
        let time = column("_time").cast(polars::prelude::DataType::Int64);
        let inside = if earliest {
            time.gt_eq(micros)
        } else {
            time.lt(micros)
        };
        Ok(inside.fill_null(lit(false)))
    }

    /// The disjunction of the searches of event types that match a name.
    fn event_types(&self, pattern: &str, frame: &Frame) -> Result<Lazy> {
        let wanted = FieldMatcher::new(CompareOp::Eq, pattern);
        let mut any = Vec::new();
        for name in self.context.catalog.event_types().keys() {
            if wanted.matches_text(name) {
                if let Some(found) = tried(name, frame) {
                    any.push(found);
                    continue;
                }
                let Some(search) = self.context.event_type(name) else {
                    continue;
                };
                if self.may_hold(&search, frame, None)? {
                    any.extend(self.event_type(name, &search, frame)?);
                }
            }
        }
        Ok(joined(any, false))
    }

    /// The search of an event type. Returns `None` if a fault switches it off. Does not warn about
    /// missing fields, since the user did not type this search.
    pub(in crate::exec) fn event_type(
        &self,
        name: &str,
        search: &Search,
        frame: &Frame,
    ) -> Result<Option<Lazy>> {
        let catalog = &self.context.catalog;
        let origin = catalog.event_types().get(name).map(|found| &found.origin);
        let blame = Blame {
            kind: FaultKind::EventType,
            origin: origin.cloned().unwrap_or_default(),
            object: format!("event type [{name}]"),
            effect: "the event type is switched off",
            beside: None,
        };
        self.of_knowledge(|| self.blaming(blame, || self.search(search, frame)))
    }

    /// Whether an event has a tag, through its event types or a field value.
    fn tagged(&self, pattern: &str, field: Option<&str>, frame: &Frame) -> Result<Lazy> {
        let wanted = FieldMatcher::new(CompareOp::Eq, pattern);
        let mut any = Vec::new();
        let tags = self.context.catalog.all_tags().iter();
        for (name, value) in tags
            .filter(|(tag, _)| wanted.matches_text(tag))
            .flat_map(|(_, pairs)| pairs)
        {
            if field.is_some_and(|f| f != name) {
                continue;
            }
            any.push(if name == "eventtype" {
                self.event_types(value, frame)?
            } else {
                let test = FieldMatcher::new(CompareOp::Eq, value);
                self.test(name, vec![test], frame)
            });
        }
        Ok(joined(any, false))
    }
}

/// The parts of a conjunction, flattened.
pub(in crate::exec) fn conjuncts(search: &Search) -> Box<dyn Iterator<Item = &Search> + '_> {
    match search {
        Search::And(parts) => Box::new(parts.iter().flat_map(conjuncts)),
        single => Box::new(std::iter::once(single)),
    }
}

/// Whether a part compares whole values, or reads only the event's time and origin.
fn is_cheap(search: &Search) -> bool {
    let whole = |op: CompareOp, value: &Literal| FieldMatcher::new(op, &value.text).is_whole();
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().all(is_cheap),
        Search::Not(inner) => is_cheap(inner),
        Search::Compare { field, op, value } => {
            let special = SpecialField::of(&field.text);
            special.map_or_else(|| whole(*op, value), |special| !special.is_mark())
        }
        Search::In { field, values } => {
            !SpecialField::of(&field.text).is_some_and(SpecialField::is_mark)
                && values.iter().all(|value| whole(CompareOp::Eq, value))
        }
        Search::Term(literal) => is_anything(literal),
        Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => false,
    }
}

/// The fields that search expressions read.
pub(in crate::exec) fn fields_looked_at(searches: &[Search]) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Search> = searches.iter().collect();
    while let Some(search) = open.pop() {
        match search {
            Search::And(parts) | Search::Or(parts) => open.extend(parts),
            Search::Not(inner) => open.push(inner),
            Search::Compare { field, .. } | Search::In { field, .. } => {
                found.insert(field.text.as_str());
            }
            Search::Term(_) | Search::ExactTerm(_) | Search::CaseTerm(_) => {
                found.insert("_raw");
            }
            Search::Subsearch(_) | Search::CompareSubsearch { .. } => {}
        }
    }
    found
}

/// Whether an expression depends only on the fields of a row.
fn is_plain(search: &Search) -> bool {
    let plain = |name: &str| SpecialField::of(name).is_none();
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().all(is_plain),
        Search::Not(inner) => is_plain(inner),
        Search::Compare { field, .. } | Search::In { field, .. } => plain(&field.text),
        Search::Term(literal) => !is_anything(literal),
        Search::ExactTerm(_) | Search::CaseTerm(_) => true,
        Search::Subsearch(_) | Search::CompareSubsearch { .. } => false,
    }
}

/// Whether a term is `*`.
pub(in crate::exec) fn is_anything(term: &Literal) -> bool {
    term.text.bytes().all(|b| b == b'*')
}

/// Joins terms by `AND` if `all`, else by `OR`.
fn joined(mut terms: Vec<Lazy>, all: bool) -> Lazy {
    // Terms that always hold, such as `*`, may come by the thousand.
    let (neutral, deciding) = (lit(all), lit(!all));
    if terms.contains(&deciding) {
        return deciding;
    }
    terms.retain(|term| *term != neutral);
    let join = if all { Lazy::and } else { Lazy::or };
    // In pairs: Polars recurses over the tree, too deep for a chain of a hundred thousand terms.
    while terms.len() > 1 {
        let mut halves = Vec::with_capacity(terms.len().div_ceil(2));
        let mut left = terms.into_iter();
        while let Some(first) = left.next() {
            halves.push(match left.next() {
                Some(second) => join(first, second),
                None => first,
            });
        }
        terms = halves;
    }
    terms.pop().unwrap_or(neutral)
}
