//! Assignments: to one field, to each field that matches a pattern, or to a field named by others.

use polars::prelude::{Expr as Lazy, when};
use std::convert::Infallible;

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::{Frame, cast, column, polars_error, to_table};
use crate::plan::{Assignment, EACH, Target};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};
use crate::value::Type;

impl Executor<'_> {
    pub(in crate::exec) fn assign(&self, frame: Frame, assignment: &Assignment) -> Result<Frame> {
        match &assignment.target {
            Target::Field(name) => {
                let (value, kind) = self.value(&assignment.value, &frame)?;
                let (value, kind) = self.as_time(&frame, name, &assignment.value, value, kind)?;
                Ok(frame.with(vec![(name.clone(), kind, value)]))
            }
            Target::Each(patterns) | Target::EachPresent(patterns) => {
                let mut names: Vec<String> = Vec::new();
                for pattern in patterns {
                    for name in pattern.expand(&frame.schema) {
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                }
                let mut columns = Vec::new();
                for name in names {
                    let expr = substitute(&assignment.value, &name);
                    let (value, kind) = self.value(&expr, &frame)?;
                    let (mut value, kind) = self.as_time(&frame, &name, &expr, value, kind)?;
                    if matches!(assignment.target, Target::EachPresent(_)) {
                        let there = column(&name);
                        value = when(there.clone().is_not_null().any(true))
                            .then(value)
                            .otherwise(cast(there, frame.kind(&name), kind));
                    }
                    columns.push((name, kind, value));
                }
                Ok(frame.with(columns))
            }
            Target::Template(template) => self.assign_template(frame, template, &assignment.value),
        }
    }

    /// Stores `_time` as a time if it is set to numbers, including numbers in text; as text if it
    /// is set to text, such as a formatted date.
    fn as_time(
        &self,
        frame: &Frame,
        name: &str,
        expr: &Expr,
        value: Lazy,
        kind: Type,
    ) -> Result<(Lazy, Type)> {
        const OTHER: &str = "other";
        match kind {
            _ if name != "_time" => Ok((value, kind)),
            Type::Number => Ok((cast(value, kind, Type::Time), Type::Time)),
            Type::Text | Type::Any if makes_text(expr) => Ok((value, kind)),
            Type::Text | Type::Any => {
                let time = cast(value.clone(), kind, Type::Time);
                let other = value.clone().is_not_null().and(time.clone().is_null());
                let probe = frame.lazy.clone().select([other.any(true).alias(OTHER)]);
                let probe = self.collect_lazy(probe)?;
                let other = probe.column(OTHER).map_err(polars_error)?;
                let is_text = other.bool().map_err(polars_error)?.get(0) == Some(true);
                Ok(if is_text {
                    (value, kind)
                } else {
                    (time, Type::Time)
                })
            }
            _ => Ok((value, kind)),
        }
    }

    /// `eval {k}_x=...`: the columns depend on the rows, so the rows are computed first.
    fn assign_template(&self, frame: Frame, template: &str, expr: &Expr) -> Result<Frame> {
        const VALUE: &str = "__value";
        let (value, kind) = self.value(expr, &frame)?;
        let rows = self.collect(frame.with(vec![(VALUE.to_owned(), kind, value)]))?;
        let mut table = to_table(&rows);
        let Some(values) = table.take(VALUE) else {
            return Frame::from_table(table);
        };
        let mut added: indexmap::IndexMap<String, Vec<crate::value::Value<'static>>> =
            indexmap::IndexMap::new();
        for (row, value) in values.values.into_iter().enumerate() {
            if let Some(name) = fill_template(template, |f| {
                table.value(f, row).as_text().map(|t| t.into_owned())
            }) {
                let column = added
                    .entry(name)
                    .or_insert_with(|| vec![crate::value::Value::Null; table.height()]);
                column[row] = value;
            }
        }
        for (name, mut values) in added {
            let mut kind = kind;
            if let Some(old) = table.column(&name) {
                kind = kind.join(old.kind);
                for (new, old) in values.iter_mut().zip(&old.values) {
                    if new.is_null() {
                        *new = old.clone();
                    }
                }
            }
            table.set(name, kind, values);
        }
        Frame::from_table(table)
    }
}

/// Whether an expression returns text for display: a formatted time, a phrase, a concatenation.
fn makes_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Text(text) => text.parse::<f64>().is_err(),
        ExprKind::Binary(BinaryOp::Concat, ..) => true,
        ExprKind::Call(function, args) => match function.text.to_ascii_lowercase().as_str() {
            "strftime" => true,
            "coalesce" | "if" | "case" | "$each" => args.iter().any(makes_text),
            _ => false,
        },
        _ => false,
    }
}

/// Expands a template for a row. Returns `None` if a field is missing.
fn fill_template(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        out.push_str(&value(&rest[open + 1..open + close])?);
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// Replaces [`EACH`] by the field that the expression is computed for.
fn substitute(expr: &Expr, name: &str) -> Expr {
    if matches!(&expr.kind, ExprKind::Field(field) if field == EACH) {
        return Expr {
            kind: ExprKind::Field(name.to_owned()),
            span: expr.span,
        };
    }
    let made: Result<Expr, Infallible> = expr.map_parts(|part| Ok(substitute(part, name)));
    match made {
        Ok(made) => made,
    }
}
