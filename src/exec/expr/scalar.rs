//! Scalar expressions as Polars expressions: native if the types allow it, else row by row.

use std::sync::Arc;

use polars::prelude::{Column, Expr as Lazy, IntoColumn as _, lit};

use crate::error::{Error, Result};
use crate::exec::blame::RowErrors;
use crate::exec::context::Executor;
use crate::exec::frame::broadcast::broadcast_len;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column, missing};
use crate::exec::kernels::dictionary::Dictionary;
use crate::functions::Group;
use crate::plan::analysis::has_subsearch;
use crate::plan::expr::bind::{Binder, Node, Program};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};
use crate::value::{Type, Value};

/// A Polars expression and the SPL type of its result.
pub type Typed = (Lazy, Type);

impl Executor<'_> {
    /// Lowers an expression whose value becomes a field.
    ///
    /// # Errors
    /// If binding fails.
    pub fn value(&self, expr: &Expr, frame: &Frame) -> Result<Typed> {
        if has_subsearch(expr) {
            return self.value(&self.without_subsearches(expr)?, frame);
        }
        // Always bound, so that all errors are reported.
        let program = Binder::new(&frame.schema, &|text| self.parse_search(text)).value(expr)?;
        Ok(match self.native(expr, frame) {
            Some(typed) if typed.1 != Type::Bool => typed,
            _ => self.program(program, frame, expr.span),
        })
    }

    /// Lowers a condition; null counts as false.
    ///
    /// # Errors
    /// If binding fails.
    pub fn condition(&self, expr: &Expr, frame: &Frame) -> Result<Lazy> {
        Ok(self.truth(expr, frame)?.fill_null(lit(false)))
    }

    /// Lowers a condition to true, false or null.
    ///
    /// # Errors
    /// If binding fails.
    pub fn truth(&self, expr: &Expr, frame: &Frame) -> Result<Lazy> {
        if has_subsearch(expr) {
            return self.truth(&self.without_subsearches(expr)?, frame);
        }
        let program = Binder::new(&frame.schema, &|text| self.parse_search(text)).any(expr)?;
        if !matches!(program.kind, Type::Bool | Type::Null) && !may_be_bool(expr) {
            return Err(Error::new(crate::error::ErrorKind::Type(
                "`where` needs a condition, this expression gives a value".into(),
            ))
            .at(expr.span)
            .hint("compare it: <expression> = <value>"));
        }
        Ok(match self.native(expr, frame) {
            Some((native, Type::Bool)) => native,
            _ => {
                let program = Program {
                    kind: Type::Bool,
                    ..program
                };
                self.program(program, frame, expr.span).0
            }
        })
    }

    /// Evaluates a program row by row over its columns.
    pub(in crate::exec) fn program(&self, program: Program, frame: &Frame, span: Span) -> Typed {
        let kind = program.kind;
        let clock = self.context.clock.clone();
        let errors = self.row_errors(span);
        if program.slots.is_empty() && !volatile(&program.root) {
            return match program.eval(&clock, &[]) {
                Ok(value) => (literal(&value, kind), kind),
                Err(message) => (failing(errors, message, kind), kind),
            };
        }
        let mut columns: Vec<Lazy> = program.slots.iter().map(|s| self.slot(s, frame)).collect();
        if columns.is_empty() {
            match frame.schema.keys().next() {
                Some(first) => columns.push(column(first)),
                None => columns.push(lit(0)),
            }
        }
        let failure = Arc::clone(&self.failure);
        let cancelled = Arc::clone(&self.context.cancelled);
        let (costly, same) = (is_costly(&program.root), !volatile(&program.root));
        let program = Arc::new(program);
        let first = columns.remove(0);
        let run = move |columns: &mut [Column]| {
            let height = broadcast_len(columns);
            let cells: Vec<ValueReader<'_>> = columns.iter().map(ValueReader::new).collect();
            // A literal has one row, whatever the length of the other columns.
            let single: Vec<bool> = columns.iter().map(|c| c.len() == 1).collect();
            let mut row = vec![Value::Null; program.slots.len()];
            let mut evaluate = |rows: &mut dyn ExactSizeIterator<Item = usize>| {
                let mut builder = Builder::new("", kind, rows.len());
                for (count, i) in rows.enumerate() {
                    for (slot, value) in row.iter_mut().enumerate() {
                        *value = cells[slot].get(if single[slot] { 0 } else { i });
                    }
                    if count % 4096 == 0 && cancelled.load(std::sync::atomic::Ordering::Relaxed) {
                        return Err(stop(
                            &failure,
                            Error::new(crate::error::ErrorKind::Interrupted),
                        ));
                    }
                    match program.eval(&clock, &row) {
                        Ok(value) => builder.push(value),
                        Err(message) => {
                            errors.raise(message)?;
                            builder.push(Value::Null);
                        }
                    }
                }
                Ok(builder.finish())
            };
            // List values are gathered and copied for every evaluation.
            let listed = cells.iter().any(|c| matches!(c, ValueReader::Texts(_)));
            let distinct = if (costly || listed) && same && single.iter().all(|single| !single) {
                Dictionary::encode_if_repetitive(&cells, height)
            } else {
                None
            };
            let made = match distinct {
                Some(distinct) => {
                    let made = evaluate(&mut distinct.firsts.iter().copied())?;
                    distinct.gather(&made)?
                }
                None => evaluate(&mut (0..height))?,
            };
            Ok(made.with_name(columns[0].name().clone()))
        };
        let expr = first.map_many(run, &columns, move |_, fields| {
            Ok(field(fields[0].name(), kind))
        });
        (expr, kind)
    }

    fn slot(&self, name: &str, frame: &Frame) -> Lazy {
        if frame.has(name) {
            column(name)
        } else {
            missing(Type::Text)
        }
    }
}

/// An expression that fails only when evaluated: without rows there is no error.
fn failing(errors: RowErrors, message: String, kind: Type) -> Lazy {
    lit(0).map(
        move |c| {
            errors.raise(message.clone())?;
            let mut nothing = Builder::new(c.name(), kind, 1);
            nothing.push(Value::Null);
            Ok(nothing.finish().new_from_index(0, c.len()).into_column())
        },
        move |_, f| Ok(field(f.name(), kind)),
    )
}

/// Keeps our error for the executor and returns a Polars error.
pub(in crate::exec) fn stop(
    failure: &std::sync::Mutex<Option<Error>>,
    error: Error,
) -> polars::prelude::PolarsError {
    let text = error.to_string();
    if let Ok(mut slot) = failure.lock() {
        slot.get_or_insert(error);
    }
    polars::prelude::PolarsError::ComputeError(text.into())
}

/// A constant in the storage type of `kind`.
pub(in crate::exec) fn literal(value: &Value<'_>, kind: Type) -> Lazy {
    match (value, kind) {
        (Value::Null, _) => missing(kind),
        (Value::Bool(b), Type::Bool) => lit(*b),
        (_, Type::Number) => value.as_number().map_or_else(|| missing(kind), lit),
        (_, Type::Text | Type::Any | Type::Null) => value
            .as_text()
            .map_or_else(|| missing(kind), |t| lit(t.into_owned())),
        (_, Type::Multi | Type::Time | Type::Bool) => {
            let mut builder = Builder::new("literal", kind, 1);
            builder.push(value.borrowed());
            let one = builder.finish();
            lit(0).map(
                move |c| {
                    let name = c.name().clone();
                    Ok(one
                        .clone()
                        .with_name(name)
                        .new_from_index(0, c.len())
                        .into_column())
                },
                move |_, f| Ok(field(f.name(), kind)),
            )
        }
    }
}

fn may_be_bool(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Call(..))
}

fn volatile(node: &Node) -> bool {
    match node {
        Node::Const(_) | Node::Slot(_) | Node::Search(_) | Node::Fields(_) => false,
        Node::Unary(_, inner) => volatile(inner),
        Node::Binary(_, a, b) => volatile(a) || volatile(b),
        Node::In(a, items) => volatile(a) || items.iter().any(volatile),
        Node::Call(function, args) => function.traits.volatile || args.iter().any(volatile),
        Node::Map { over, body, .. } => volatile(over) || volatile(body),
        Node::FilterValues { body, .. } => volatile(body),
    }
}

/// Whether evaluation costs more than finding out that a row repeats.
fn is_costly(node: &Node) -> bool {
    match node {
        Node::Const(_) | Node::Slot(_) => false,
        Node::Unary(_, inner) => is_costly(inner),
        Node::Binary(op, a, b) => *op == BinaryOp::Like || is_costly(a) || is_costly(b),
        Node::Call(function, args) => {
            let cheap = matches!(
                function.group,
                Group::Bitwise
                    | Group::Comparison
                    | Group::Informational
                    | Group::Mathematical
                    | Group::Statistical
                    | Group::Trigonometry
            );
            !cheap || function.traits.regex.is_some() || args.iter().any(is_costly)
        }
        Node::In(..)
        | Node::Map { .. }
        | Node::FilterValues { .. }
        | Node::Search(_)
        | Node::Fields(_) => true,
    }
}
