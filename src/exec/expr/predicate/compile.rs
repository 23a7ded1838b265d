//! Compiles search expressions that depend only on fields to column predicates.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use polars::prelude::{Expr as Lazy, lit};

use crate::error::{Error, ErrorKind, Result};
use crate::exec::context::Executor;
use crate::exec::expr::predicate::PhysicalPredicate;
use crate::exec::expr::predicate::in_list::{InList, InTuples, MANY};
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column};
use crate::exec::operators::filter::conjuncts;
use crate::plan::expr::matching::{FieldMatcher, TermMatcher};
use crate::syntax::ast::{CompareOp, Literal, Search};
use crate::value::Type;

impl Executor<'_> {
    /// Compiles a search expression that depends only on fields.
    pub(in crate::exec) fn compile_predicate(
        &self,
        search: &Search,
        frame: &Frame,
    ) -> Result<Lazy> {
        let mut names = Vec::new();
        let test = self.compile(search, frame, &mut names)?.order_by_cost();
        Ok(to_expr(test, names))
    }

    /// Compiles a search expression to a predicate over columns, whose names it adds to `names`.
    fn compile(
        &self,
        search: &Search,
        frame: &Frame,
        names: &mut Vec<String>,
    ) -> Result<PhysicalPredicate> {
        let mut all = |parts: &[Search]| {
            let planned = parts.iter().map(|p| self.compile(p, frame, names));
            planned.collect::<Result<Vec<PhysicalPredicate>>>()
        };
        Ok(match search {
            Search::And(parts) => PhysicalPredicate::All(all(parts)?),
            Search::Or(parts) => PhysicalPredicate::Any(self.compile_or(parts, frame, names)?),
            Search::Not(inner) => {
                PhysicalPredicate::Not(Box::new(self.compile(inner, frame, names)?))
            }
            Search::Compare { field, op, value } => {
                let tests = vec![FieldMatcher::new(*op, &value.text)];
                self.field_test(&field.text, tests, frame, names)
            }
            Search::In { field, values } => {
                let tests = values
                    .iter()
                    .map(|v| FieldMatcher::new(CompareOp::Eq, &v.text))
                    .collect();
                self.field_test(&field.text, tests, frame, names)
            }
            Search::Term(literal) | Search::ExactTerm(literal) | Search::CaseTerm(literal) => {
                match TermMatcher::of(search) {
                    Some(Ok(matcher)) if frame.has("_raw") => {
                        PhysicalPredicate::Term(place("_raw", names), matcher)
                    }
                    Some(Err(message)) => {
                        return Err(Error::new(ErrorKind::Regex(message)).at(literal.span));
                    }
                    _ => PhysicalPredicate::Constant(false),
                }
            }
            Search::Subsearch(_) | Search::CompareSubsearch { .. } => {
                PhysicalPredicate::Constant(false)
            }
        })
    }

    /// Compiles alternatives. Those on one field become one predicate, as do tuples of several
    /// fields, such as subsearches return.
    fn compile_or(
        &self,
        parts: &[Search],
        frame: &Frame,
        names: &mut Vec<String>,
    ) -> Result<Vec<PhysicalPredicate>> {
        let mut tests = Vec::new();
        let mut of_field: IndexMap<&str, Vec<FieldMatcher>> = IndexMap::new();
        let mut rows: IndexMap<Vec<&str>, Vec<Row<'_>>> = IndexMap::new();
        for part in parts.iter().flat_map(disjuncts) {
            match part {
                Search::Compare { field, op, value } => {
                    let known = of_field.entry(field.text.as_str()).or_default();
                    known.push(FieldMatcher::new(*op, &value.text));
                }
                Search::In { field, values } => {
                    let known = of_field.entry(field.text.as_str()).or_default();
                    let equal = |value: &Literal| FieldMatcher::new(CompareOp::Eq, &value.text);
                    known.extend(values.iter().map(equal));
                }
                other => match tuple_of(other) {
                    Some((fields, tests)) => {
                        rows.entry(fields).or_default().push((other, tests));
                    }
                    None => tests.push(self.compile(other, frame, names)?),
                },
            }
        }
        for (field, found) in of_field {
            tests.push(self.field_test(field, found, frame, names));
        }
        for (fields, rows) in rows {
            if rows.len() < MANY || !fields.iter().all(|field| frame.has(field)) {
                for (row, _) in rows {
                    tests.push(self.compile(row, frame, names)?);
                }
                continue;
            }
            let texts = |(_, tests): &'_ Row<'_>| -> Vec<String> {
                let wholes = tests.iter().filter_map(FieldMatcher::equality_literal);
                wholes.map(str::to_owned).collect()
            };
            let texts: Vec<Vec<String>> = rows.iter().map(texts).collect();
            let texts = texts
                .iter()
                .map(|row| row.iter().map(String::as_str).collect());
            let places = fields.iter().map(|field| place(field, names)).collect();
            tests.push(PhysicalPredicate::Together(places, InTuples::new(texts)));
        }
        Ok(tests)
    }

    fn field_test(
        &self,
        name: &str,
        tests: Vec<FieldMatcher>,
        frame: &Frame,
        names: &mut Vec<String>,
    ) -> PhysicalPredicate {
        if !frame.has(name) {
            if !self.is_of_knowledge.get() {
                self.context.missing_field(name, &frame.schema);
            }
            return PhysicalPredicate::Constant(false);
        }
        let at = place(name, names);
        match tests.iter().any(FieldMatcher::is_exists) {
            true => PhysicalPredicate::Present(at),
            false => PhysicalPredicate::Field(at, InList::new(tests)),
        }
    }

    /// Whether one of the tests passes on a field; false if it is missing.
    pub(in crate::exec) fn test(
        &self,
        name: &str,
        tests: Vec<FieldMatcher>,
        frame: &Frame,
    ) -> Lazy {
        let mut names = Vec::new();
        let test = self.field_test(name, tests, frame, &mut names);
        to_expr(test, names)
    }
}

/// A predicate as a Polars expression over the columns of these names.
fn to_expr(test: PhysicalPredicate, names: Vec<String>) -> Lazy {
    let mut columns = names.iter().map(|name| column(name));
    let Some(first) = columns.next() else {
        return lit(test.constant_value());
    };
    if let PhysicalPredicate::Present(_) = test {
        return first.is_not_null();
    }
    let others: Vec<Lazy> = columns.collect();
    first.map_many(
        move |columns| test.rows(columns),
        &others,
        |_, f| Ok(field(f[0].name(), Type::Bool)),
    )
}

/// The index of a column in a list of names; appends a new name.
fn place(name: &str, names: &mut Vec<String>) -> usize {
    names.iter().position(|n| n == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

/// The alternatives of an `OR`, flattened.
pub(in crate::exec) fn disjuncts(search: &Search) -> Box<dyn Iterator<Item = &Search> + '_> {
    match search {
        Search::Or(parts) => Box::new(parts.iter().flat_map(disjuncts)),
        Search::And(parts) if parts.len() == 1 => disjuncts(&parts[0]),
        single => Box::new(std::iter::once(single)),
    }
}

/// The field and the values it may equal, if the expression asks only that.
pub(in crate::exec) fn equals_one(search: &Search) -> Option<(&str, &[Literal])> {
    match search {
        Search::Compare {
            field,
            op: CompareOp::Eq,
            value,
        } => Some((&field.text, std::slice::from_ref(value))),
        Search::In { field, values } => Some((&field.text, values)),
        _ => None,
    }
}

/// A conjunction and its comparisons.
type Row<'s> = (&'s Search, Vec<FieldMatcher>);

/// The fields and comparisons of a conjunction that tests several fields for equality, each once,
/// ordered by field name.
fn tuple_of(search: &Search) -> Option<(Vec<&str>, Vec<FieldMatcher>)> {
    let mut row = BTreeMap::new();
    for part in conjuncts(search) {
        let Search::Compare { field, op, value } = part else {
            return None;
        };
        let test = FieldMatcher::new(*op, &value.text);
        test.equality_literal()?;
        if row.insert(field.text.as_str(), test).is_some() {
            return None;
        }
    }
    (row.len() > 1).then(|| row.into_iter().unzip())
}
