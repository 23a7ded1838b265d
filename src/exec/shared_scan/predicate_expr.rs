//! Boolean expressions over column predicates that many searches share.

use indexmap::IndexMap;

use crate::exec::expr::predicate::compile::{disjuncts, equals_one};
use crate::exec::frame::Frame;
use crate::exec::operators::filter::is_anything;
use crate::exec::shared_scan::column_predicates::{Builder, PRESENT};
use crate::plan::expr::matching::{FieldMatcher, TermMatcher};
use crate::syntax::SpecialField;
use crate::syntax::ast::{CompareOp, Literal, Search};

/// A necessary condition for a row to match. It may hold for rows that do not match, if column
/// predicates can't express a part of the search.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum BoolExpr {
    All(Vec<BoolExpr>),
    Any(Vec<BoolExpr>),
    Not(Box<BoolExpr>),
    /// The test of a column with this bit.
    Test {
        column: usize,
        bit: usize,
    },
    Constant(bool),
}

/// Number of values from which a single test covers them all, without telling which one matches.
const MANY: usize = 8;

/// The tested columns, with their tests.
#[derive(Default)]
pub(super) struct PredicateTable {
    pub names: Vec<String>,
    pub tests: Vec<Builder>,
}

impl PredicateTable {
    /// The conjunction of search expressions, for rows with these columns.
    pub(super) fn formula<'s>(
        &mut self,
        searches: impl IntoIterator<Item = &'s Search>,
        frame: &Frame,
    ) -> BoolExpr {
        let parts = searches
            .into_iter()
            .map(|search| self.of(search, true, frame));
        all(parts.collect())
    }

    /// Translates an expression, or its negation.
    fn of(&mut self, search: &Search, holds: bool, frame: &Frame) -> BoolExpr {
        let mut each = |parts: &[Search]| -> Vec<BoolExpr> {
            parts.iter().map(|p| self.of(p, holds, frame)).collect()
        };
        let exact = match search {
            Search::And(parts) if holds => return all(each(parts)),
            Search::And(parts) => return any(each(parts)),
            Search::Or(parts) if parts.is_empty() => None,
            Search::Or(parts) if holds => return self.alternatives(parts, frame),
            Search::Or(parts) => return all(each(parts)),
            Search::Not(inner) => return self.of(inner, !holds, frame),
            Search::Compare { field, op, value } => self.compare(&field.text, *op, &[value], frame),
            Search::In { field, values } => {
                let values: Vec<&Literal> = values.iter().collect();
                self.compare(&field.text, CompareOp::Eq, &values, frame)
            }
            Search::Term(literal) | Search::ExactTerm(literal) | Search::CaseTerm(literal) => {
                self.term(search, literal, frame)
            }
            Search::Subsearch(_) | Search::CompareSubsearch { .. } => None,
        };
        match (exact, holds) {
            // Unknown: the search itself filters these rows.
            (None, _) => BoolExpr::Constant(true),
            (Some(formula), true) => formula,
            (Some(BoolExpr::Constant(constant)), false) => BoolExpr::Constant(!constant),
            (Some(formula), false) => BoolExpr::Not(Box::new(formula)),
        }
    }

    /// Translates alternatives; those on one field become one test.
    fn alternatives(&mut self, parts: &[Search], frame: &Frame) -> BoolExpr {
        let mut values: IndexMap<&str, Vec<&Literal>> = IndexMap::new();
        let mut tests = Vec::new();
        for part in parts.iter().flat_map(disjuncts) {
            match equals_one(part) {
                Some((field, some)) => values.entry(field).or_default().extend(some),
                None => tests.push(self.of(part, true, frame)),
            }
        }
        for (field, values) in values {
            let test = self.compare(field, CompareOp::Eq, &values, frame);
            // Unknown: the search itself filters these rows.
            tests.push(test.unwrap_or(BoolExpr::Constant(true)));
        }
        any(tests)
    }

    fn compare(
        &mut self,
        name: &str,
        op: CompareOp,
        values: &[&Literal],
        frame: &Frame,
    ) -> Option<BoolExpr> {
        let special = SpecialField::of(name);
        let of_time_and_kin = special.is_some_and(|special| special != SpecialField::Index);
        let hidden = |value: &&Literal| name == "index" && value.text.starts_with('*');
        if of_time_and_kin || values.iter().any(hidden) {
            return None;
        }
        if !frame.has(name) {
            return Some(BoolExpr::Constant(false));
        }
        let column = self.column(name);
        let is_presence = |value: &&Literal| FieldMatcher::new(op, &value.text).is_exists();
        if values.len() >= MANY && !values.iter().any(is_presence) {
            let bit = self.tests[column].one_of(values);
            return Some(BoolExpr::Test { column, bit });
        }
        let tests = values.iter().map(|value| {
            let bit = match is_presence(value) {
                true => PRESENT,
                false => self.tests[column].field(op, &value.text),
            };
            BoolExpr::Test { column, bit }
        });
        Some(any(tests.collect()))
    }

    fn term(&mut self, search: &Search, literal: &Literal, frame: &Frame) -> Option<BoolExpr> {
        if is_anything(literal) {
            return None;
        }
        if !frame.has("_raw") {
            return Some(BoolExpr::Constant(false));
        }
        let matcher = TermMatcher::of(search)?.ok()?;
        let kind = match search {
            Search::ExactTerm(_) => 'e',
            Search::CaseTerm(_) => 'c',
            _ => 't',
        };
        let column = self.column("_raw");
        let bit = self.tests[column].term(format!("{kind}{}", literal.text), matcher);
        Some(BoolExpr::Test { column, bit })
    }

    fn column(&mut self, name: &str) -> usize {
        if let Some(at) = self.names.iter().position(|known| known == name) {
            return at;
        }
        self.names.push(name.to_owned());
        self.tests.push(Builder::default());
        self.names.len() - 1
    }
}

impl BoolExpr {
    /// Evaluates with three-valued logic: `None` if unknown tests decide, which are added to
    /// `open`.
    pub(super) fn eval_partial(
        &self,
        passes: &impl Fn(usize, usize) -> Option<bool>,
        open: &mut Vec<(usize, usize)>,
    ) -> Option<bool> {
        match self {
            BoolExpr::All(parts) => settled(parts, true, passes, open),
            BoolExpr::Any(parts) => settled(parts, false, passes, open),
            BoolExpr::Not(inner) => inner.eval_partial(passes, open).map(|holds| !holds),
            BoolExpr::Test { column, bit } => {
                let passed = passes(*column, *bit);
                if passed.is_none() {
                    open.push((*column, *bit));
                }
                passed
            }
            BoolExpr::Constant(constant) => Some(*constant),
        }
    }
}

/// Evaluates the parts of a conjunction or disjunction; one that is not `neutral` decides.
fn settled(
    parts: &[BoolExpr],
    neutral: bool,
    passes: &impl Fn(usize, usize) -> Option<bool>,
    open: &mut Vec<(usize, usize)>,
) -> Option<bool> {
    let before = open.len();
    let mut all_known = true;
    for part in parts {
        match part.eval_partial(passes, open) {
            Some(holds) if holds != neutral => {
                open.truncate(before);
                return Some(holds);
            }
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(neutral)
}

fn all(parts: Vec<BoolExpr>) -> BoolExpr {
    joined(parts, true, BoolExpr::All)
}

fn any(parts: Vec<BoolExpr>) -> BoolExpr {
    joined(parts, false, BoolExpr::Any)
}

/// Joins parts; `neutral` ones are dropped, their opposites decide.
fn joined(
    mut parts: Vec<BoolExpr>,
    neutral: bool,
    join: fn(Vec<BoolExpr>) -> BoolExpr,
) -> BoolExpr {
    if parts.contains(&BoolExpr::Constant(!neutral)) {
        return BoolExpr::Constant(!neutral);
    }
    parts.retain(|part| *part != BoolExpr::Constant(neutral));
    match parts.len() {
        0 => BoolExpr::Constant(neutral),
        1 => parts.remove(0),
        _ => join(parts),
    }
}
