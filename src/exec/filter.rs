//! Search expressions to Polars.

use polars::prelude::{
    BooleanChunked, Column, Expr as Lazy, IntoColumn as _, NewChunkedArray as _, PolarsResult, lit,
};

use crate::error::{Error, ErrorKind, Result};
use crate::exec::Executor;
use crate::exec::column::{Cells, field};
use crate::exec::distinct::Distinct;
use crate::exec::frame::{Frame, column};
use crate::plan::bind::Binder;
use crate::plan::matching::{FieldMatcher, TermMatcher};
use crate::source::Span;
use crate::syntax::ast::{CompareOp, Literal, Name, Search};
use crate::time;
use crate::value::Type;

impl Executor<'_> {
    /// A search expression whose subsearches have been replaced by their results.
    ///
    /// # Errors
    /// An event type or a time that can't be understood.
    pub fn search(&self, search: &Search, frame: &Frame) -> Result<Lazy> {
        let all = |parts: &[Search]| {
            let mut lazies = Vec::new();
            let mut by_row = Vec::new();
            for part in parts {
                if parts.len() > FEW && is_plain(part) {
                    by_row.push(part.clone());
                } else {
                    lazies.push(self.search(part, frame)?);
                }
            }
            Ok::<_, Error>((lazies, by_row))
        };
        Ok(match search {
            Search::And(parts) => {
                let (mut terms, by_row) = all(parts)?;
                if !by_row.is_empty() {
                    terms.push(self.by_row(&Search::And(by_row), frame)?);
                }
                joined(terms, true)
            }
            Search::Or(parts) => {
                let (mut terms, by_row) = all(parts)?;
                if !by_row.is_empty() {
                    terms.push(self.by_row(&Search::Or(by_row), frame)?);
                }
                joined(terms, false)
            }
            Search::Not(inner) => self.search(inner, frame)?.not(),
            Search::Compare {
                field: name,
                op,
                value,
            } => self.compare(name, *op, value, frame)?,
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
            Search::Term(literal) if is_anything(literal) => lit(true),
            Search::Term(literal) | Search::ExactTerm(literal) | Search::CaseTerm(literal) => {
                self.term(search, literal, frame)?
            }
            Search::Subsearch(pipeline) | Search::CompareSubsearch { pipeline, .. } => {
                return Err(Error::argument(
                    pipeline.span,
                    "a subsearch can't stand inside this search expression",
                ));
            }
        })
    }

    /// An expression of many terms.
    fn by_row(&self, search: &Search, frame: &Frame) -> Result<Lazy> {
        let program =
            Binder::new(&frame.schema, &|text| self.parse_search(text)).row_search(search)?;
        Ok(self.program(program, frame, Span::default()).0)
    }

    fn compare(&self, name: &Name, op: CompareOp, value: &Literal, frame: &Frame) -> Result<Lazy> {
        let negated = |e: Lazy| if op == CompareOp::Ne { e.not() } else { e };
        let lower = name.text.to_ascii_lowercase();
        match lower.as_str() {
            "earliest" | "_index_earliest" => {
                return self.time_bound(value, frame, true);
            }
            "latest" | "_index_latest" => return self.time_bound(value, frame, false),
            "splunk_server" => return Ok(lit(true)),
            // Names mind their case: `eventType` is a field of Okta's, `EventType` one of Sysmon's.
            "eventtype" if !frame.has("eventtype") && !frame.has(&name.text) => {
                return Ok(negated(self.event_types(&value.text, frame)?));
            }
            "tag" if !frame.has("tag") && !frame.has(&name.text) => {
                return Ok(negated(self.tagged(&value.text, None, frame)?));
            }
            "index" if frame.has("index") && value.text.starts_with('*') && op == CompareOp::Eq => {
                let test = self.test("index", vec![FieldMatcher::new(op, &value.text)], frame);
                let hidden =
                    self.test("index", vec![FieldMatcher::new(CompareOp::Eq, "_*")], frame);
                return Ok(test.and(hidden.not()));
            }
            _ => {}
        }
        if let Some(field) = lower.strip_prefix("tag::")
            && !frame.has(&name.text)
        {
            let field = &name.text[name.text.len() - field.len()..];
            return Ok(negated(self.tagged(&value.text, Some(field), frame)?));
        }
        Ok(self.test(&name.text, vec![FieldMatcher::new(op, &value.text)], frame))
    }

    /// Whether one of the tests passes on a field; false where it is missing.
    pub(super) fn test(&self, name: &str, tests: Vec<FieldMatcher>, frame: &Frame) -> Lazy {
        if !frame.has(name) {
            self.context.missing_field(name, &frame.schema);
            return lit(false);
        }
        if tests.iter().any(FieldMatcher::is_presence) {
            return column(name).is_not_null();
        }
        column(name).map(
            move |c| test_column(&c, &tests),
            |_, f| Ok(field(f.name(), Type::Bool)),
        )
    }

    fn term(&self, search: &Search, literal: &Literal, frame: &Frame) -> Result<Lazy> {
        let matcher = match TermMatcher::of(search) {
            Some(Ok(matcher)) if frame.has("_raw") => matcher,
            Some(Err(message)) => {
                return Err(Error::new(ErrorKind::Regex(message)).at(literal.span));
            }
            _ => return Ok(lit(false)),
        };
        Ok(column("_raw").map(
            move |c| {
                let cells = Cells::new(&c);
                Ok(mask(&c, |row| {
                    cells
                        .get(row)
                        .as_text()
                        .is_some_and(|raw| matcher.matches(&raw))
                }))
            },
            |_, f| Ok(field(f.name(), Type::Bool)),
        ))
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

    /// The searches of the event types that match a name, any of them.
    fn event_types(&self, pattern: &str, frame: &Frame) -> Result<Lazy> {
        let wanted = FieldMatcher::new(CompareOp::Eq, pattern);
        let mut any = lit(false);
        for (name, event_type) in self.context.catalog.event_types() {
            if wanted.matches_text(name) {
                let search = self.parse_search(&event_type.search)?;
                if self.may_hold(&search, frame, None, 0)? {
                    any = any.or(self.search(&search, frame)?);
                }
            }
        }
        Ok(any)
    }

    /// Whether an event has a tag: through its event types, or through a field's value.
    fn tagged(&self, pattern: &str, field: Option<&str>, frame: &Frame) -> Result<Lazy> {
        let wanted = FieldMatcher::new(CompareOp::Eq, pattern);
        let mut any = lit(false);
        let tags = self.context.catalog.all_tags().iter();
        for (name, value) in tags
            .filter(|(tag, _)| wanted.matches_text(tag))
            .flat_map(|(_, pairs)| pairs)
        {
            if field.is_some_and(|f| f != name) {
                continue;
            }
            any = any.or(if name == "eventtype" {
                self.event_types(value, frame)?
            } else {
                let test = FieldMatcher::new(CompareOp::Eq, value);
                self.test(name, vec![test], frame)
            });
        }
        Ok(any)
    }
}

/// Terms joined by `AND` or `OR` that are handed to Polars as operators, which it can move and
/// split. The work that takes grows with the square of their number, so that more are tried row by
/// row.
const FEW: usize = 256;

/// Fields with a meaning of their own, which are not just compared.
const SPECIAL: [&str; 8] = [
    "earliest",
    "latest",
    "_index_earliest",
    "_index_latest",
    "splunk_server",
    "eventtype",
    "tag",
    "index",
];

/// Whether an expression can be tried on the fields of a row alone.
fn is_plain(search: &Search) -> bool {
    let plain = |name: &str| {
        let name = name.to_ascii_lowercase();
        !SPECIAL.contains(&name.as_str()) && !name.starts_with("tag::")
    };
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
fn is_anything(term: &Literal) -> bool {
    term.text.bytes().all(|b| b == b'*')
}

/// Terms joined by `AND` when `all` must hold, else by `OR`.
fn joined(mut terms: Vec<Lazy>, all: bool) -> Lazy {
    // Terms that always hold, `*` or one that no word could miss, may come by the thousand.
    let (neutral, deciding) = (lit(all), lit(!all));
    if terms.contains(&deciding) {
        return deciding;
    }
    terms.retain(|term| *term != neutral);
    let join = if all { Lazy::and } else { Lazy::or };
    // In pairs: the engine walks a tree of a hundred thousand terms in a row by recursion.
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

fn mask(column: &Column, mut keep: impl FnMut(usize) -> bool) -> Column {
    truths(column, (0..column.len()).map(|row| Some(keep(row))))
}

fn truths(column: &Column, values: impl Iterator<Item = Option<bool>>) -> Column {
    BooleanChunked::from_iter_options(column.name().clone(), values).into_column()
}

fn test_column(column: &Column, tests: &[FieldMatcher]) -> PolarsResult<Column> {
    let cells = Cells::new(column);
    let passes = |row: usize| {
        let value = cells.get(row);
        tests.iter().any(|m| m.matches(&value))
    };
    match Distinct::if_worth_it(&[cells], column.len()) {
        Some(distinct) => {
            let firsts = distinct.firsts.iter();
            distinct.spread(&truths(column, firsts.map(|&row| Some(passes(row)))))
        }
        None => Ok(mask(column, passes)),
    }
}
