//! Field lineage: which rule set which field. Applies the rules one at a time and compares the
//! rows.

use polars::prelude::{Column, IntoLazy as _};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::result::Rows;
use crate::exec::frame::{Frame, column};
use crate::exec::scan::sources::EventPartition;
use crate::knowledge::props::RuleOrigin;
use crate::plan::{Plan, Predicate};
use crate::value::Value;

/// A field and the rule that set it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldOrigin {
    /// The sourcetype of the events as they were read.
    pub sourcetype: String,
    /// The field.
    pub field: String,
    /// The rule; `None` for fields that the reader of the format found.
    pub rule: Option<RuleOrigin>,
    /// The transform that the rule names, if any.
    pub transform: Option<String>,
    /// Number of events in which the rule set the value. A later rule may have set it again.
    pub rows: u64,
    /// The value in the first of these events.
    pub example: Value<'static>,
}

/// A rule application, and the field that it changed.
struct Found {
    field: String,
    rule: Option<RuleOrigin>,
    transform: Option<String>,
    /// The field after the step, and the changed rows.
    values: Column,
    rows: Vec<usize>,
}

/// A rule, and the transform that it names.
pub(crate) type Named = (RuleOrigin, Option<String>);

/// Traces rules over events in memory.
pub(crate) struct Trace {
    before: Rows,
    found: Vec<Found>,
}

impl Trace {
    /// Compares the rows after a step with those before it. `rule` returns the rule of the step
    /// that sets a field.
    pub(crate) fn step(
        &mut self,
        executor: &Executor<'_>,
        frame: Frame,
        rule: &dyn Fn(&str) -> Option<Named>,
    ) -> Result<Frame> {
        let schema = frame.schema.clone();
        let after = executor.collect(frame)?;
        for values in after.frame().columns() {
            let name = values.name().as_str();
            let Some((origin, transform)) = rule(name) else {
                continue;
            };
            let rows = changed(self.before.frame().column(name).ok(), values);
            if !rows.is_empty() {
                self.found.push(Found {
                    field: name.to_owned(),
                    rule: Some(origin),
                    transform,
                    values: values.clone(),
                    rows,
                });
            }
        }
        let lazy = after.frame().clone().lazy();
        self.before = after;
        Ok(Frame { lazy, schema })
    }
}

/// Rows with a value that they did not have before.
fn changed(before: Option<&Column>, after: &Column) -> Vec<usize> {
    let (old, new) = (before.map(ValueReader::new), ValueReader::new(after));
    (0..after.len())
        .filter(|&row| {
            let value = new.get(row);
            let same = old.as_ref().is_some_and(|old| old.get(row) == value);
            !value.is_null() && !same
        })
        .collect()
}

impl Executor<'_> {
    /// Which rules set the fields of a partition's events, in the order of Splunk's search-time
    /// operations; with `selection`, only for the events that it selects.
    ///
    /// # Errors
    /// If a rule can't be applied.
    pub fn field_origins(
        &self,
        part: &EventPartition,
        selection: Option<&Plan>,
    ) -> Result<Vec<FieldOrigin>> {
        let mut origins = Vec::new();
        for (frame, rules) in self.with_rules(part)? {
            let schema = frame.schema.clone();
            let read = self.collect(self.in_range(frame))?;
            let found = read
                .frame()
                .columns()
                .iter()
                .map(|values| Found {
                    field: values.name().to_string(),
                    rule: None,
                    transform: None,
                    values: values.clone(),
                    rows: changed(None, values),
                })
                .collect();
            let start = Frame {
                lazy: read.frame().clone().lazy(),
                schema,
            };
            let mut trace = Trace {
                before: read,
                found,
            };
            let end = self.apply(start, &rules, Some(&mut trace))?;
            let chosen = match selection {
                Some(plan) => Some(self.selected(plan, end)?),
                None => None,
            };
            for found in trace.found {
                let is_chosen = |row: &usize| chosen.as_ref().is_none_or(|c| c[*row]);
                let rows: Vec<usize> = found.rows.into_iter().filter(is_chosen).collect();
                let Some(first) = rows.first() else {
                    continue;
                };
                origins.push(FieldOrigin {
                    sourcetype: part.sourcetype.clone(),
                    field: found.field,
                    rule: found.rule,
                    transform: found.transform,
                    rows: rows.len() as u64,
                    example: ValueReader::new(&found.values).get(*first).into_owned(),
                });
            }
        }
        Ok(origins)
    }

    /// Whether each row passes the leading filters of a plan.
    fn selected(&self, plan: &Plan, frame: Frame) -> Result<Vec<bool>> {
        const CHOSEN: &str = "__chosen";
        let mut filters = Vec::new();
        let mut at = plan;
        loop {
            if let Plan::Filter { predicate, .. } = at {
                filters.push(match predicate {
                    Predicate::Expr(expr) => self.condition(expr, &frame)?,
                    Predicate::Search(search, plans) => {
                        let search = self.inline_subsearches(search, plans)?;
                        self.search(&search, &frame)?
                    }
                });
            }
            let Some(input) = at.inputs().into_iter().next() else {
                break;
            };
            at = input;
        }
        let Some(all) = filters.into_iter().reduce(polars::prelude::Expr::and) else {
            let height = self.collect(frame)?.len();
            return Ok(vec![true; height]);
        };
        let kind = crate::value::Type::Bool;
        let mut frame = frame.with(vec![(CHOSEN.to_owned(), kind, all)]);
        frame.lazy = frame.lazy.select([column(CHOSEN)]);
        frame.schema.retain(|name, _| name == CHOSEN);
        let rows = self.collect(frame)?;
        Ok((0..rows.len())
            .map(|row| rows.value(row, 0) == Value::Bool(true))
            .collect())
    }
}
