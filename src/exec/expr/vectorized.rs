//! Vectorized expressions: native Polars expressions, if the types rule out SPL's coercions.
//!
//! An argument without a native form is computed row by row, as a column that the native expression
//! reads.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use polars::prelude::{
    BooleanChunked, ChunkApply as _, Column, DataType, Expr as Lazy, IntoColumn as _, PolarsResult,
    StringChunked, StringChunkedBuilder, concat_str, lit, when,
};

use crate::error::{Error, ErrorKind};
use crate::exec::context::Executor;
use crate::exec::expr::scalar::{Typed, stop};
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::{data_type, field};
use crate::exec::frame::{Frame, cast, column, missing};
use crate::exec::kernels::dictionary::Dictionary;
use crate::functions::pattern::{regex, too_hard};
use crate::plan::analysis::fields_of;
use crate::plan::expr::bind::Binder;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::value::{Type, parse_number};

/// Lists of at most this length are compared value by value.
const SHORT: usize = 16;

impl Executor<'_> {
    /// Lowers an expression, if Polars can compute exactly what its binding means.
    pub(in crate::exec) fn native(&self, expr: &Expr, frame: &Frame) -> Option<Typed> {
        let native = Native {
            executor: self,
            frame,
            whole: false,
        };
        native.of(expr)
    }
}

/// Lowers expressions over one frame.
#[derive(Clone, Copy)]
struct Native<'n, 'e> {
    executor: &'n Executor<'e>,
    frame: &'n Frame,
    /// Forbids row-by-row evaluation: it would also run on rows that a preceding operand has
    /// already decided, and must not report errors there.
    whole: bool,
}

impl Native<'_, '_> {
    fn of(&self, expr: &Expr) -> Option<Typed> {
        match &expr.kind {
            ExprKind::Number(n, _) => Some((lit(*n), Type::Number)),
            ExprKind::Text(t) => Some((lit(t.as_str()), Type::Text)),
            ExprKind::Field(name) => {
                let kind = *self.frame.schema.get(name)?;
                match kind {
                    Type::Time => Some((cast(column(name), kind, Type::Number), Type::Number)),
                    Type::Null | Type::Bool => None,
                    Type::Number | Type::Text | Type::Any | Type::Multi => {
                        Some((column(name), kind))
                    }
                }
            }
            ExprKind::Unary(op, inner) => match (op, self.of(inner)?) {
                (UnaryOp::Not, (e, Type::Bool)) => Some((e.not(), Type::Bool)),
                (UnaryOp::Neg, (e, Type::Number)) => Some((lit(0.0) - e, Type::Number)),
                (UnaryOp::Plus, (e, Type::Number)) => Some((e, Type::Number)),
                _ => None,
            },
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right),
            ExprKind::Call(name, args) => self.call(&name.text.to_ascii_lowercase(), args),
            ExprKind::In(left, items) if items.len() <= SHORT => {
                let each = items.iter().map(|i| self.binary(BinaryOp::Eq, left, i));
                let each = each.collect::<Option<Vec<Typed>>>()?;
                let any = each.into_iter().map(|(e, _)| e).reduce(Lazy::or)?;
                Some((any, Type::Bool))
            }
            ExprKind::Dotted(_) | ExprKind::In(..) | ExprKind::Subsearch(_) => None,
        }
    }

    /// Lowers an expression natively or else row by row.
    fn vectorized_arg(&self, expr: &Expr) -> Option<Typed> {
        if let Some(typed) = self.of(expr) {
            return Some(typed);
        }
        if self.whole {
            return None;
        }
        let parse = |text: &str| self.executor.parse_search(text);
        let program = Binder::new(&self.frame.schema, &parse).any(expr).ok()?;
        Some(self.executor.program(program, self.frame, expr.span))
    }

    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<Typed> {
        let bool_of = |e| Some((e, Type::Bool));
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            let whole = Native {
                whole: true,
                ..*self
            };
            return match (whole.of(left)?, whole.of(right)?) {
                ((l, Type::Bool), (r, Type::Bool)) if op == BinaryOp::And => bool_of(l.and(r)),
                ((l, Type::Bool), (r, Type::Bool)) => bool_of(l.or(r)),
                _ => None,
            };
        }
        // Constants follow their own rules: the digits of products, joined numbers.
        if fields_of(left).is_empty() && fields_of(right).is_empty() {
            return None;
        }
        let ((l, left_kind), (r, right_kind)) =
            (self.vectorized_arg(left)?, self.vectorized_arg(right)?);
        match (op, left_kind, right_kind) {
            (_, Type::Number, Type::Number) => {
                let (l, r) = (l.cast(DataType::Float64), r.cast(DataType::Float64));
                let number = |e: Lazy| Some((e.fill_nan(missing(Type::Number)), Type::Number));
                match op {
                    BinaryOp::Add => number(l + r),
                    BinaryOp::Sub => number(l - r),
                    BinaryOp::Mul => number(l * r),
                    BinaryOp::Div => {
                        let divided = when(r.clone().neq(lit(0.0))).then(l / r);
                        number(divided.otherwise(missing(Type::Number)))
                    }
                    _ => bool_of(compared(op, l, r)?),
                }
            }
            (BinaryOp::Concat, l_kind, r_kind) if single(l_kind) && single(r_kind) => {
                let texts = [cast(l, l_kind, Type::Text), cast(r, r_kind, Type::Text)];
                Some((concat_str(texts, "", false), Type::Text))
            }
            // Text that is not a number compares as text, whatever the column holds.
            (_, Type::Text | Type::Any, Type::Text | Type::Any)
                if is_word(left) || is_word(right) =>
            {
                bool_of(compared(op, l, r)?)
            }
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Expr]) -> Option<Typed> {
        match (name, args) {
            ("isnull" | "isnotnull", [value]) => {
                let (value, kind) = self.of(value)?;
                let there = value.is_not_null();
                // A condition that is null is shown as missing.
                (kind != Type::Bool).then_some(())?;
                let found = if name == "isnull" { there.not() } else { there };
                Some((found, Type::Bool))
            }
            ("len", [text]) => match self.vectorized_arg(text)? {
                (text, Type::Text | Type::Any) => {
                    let count = text.str().len_chars().cast(DataType::Int64);
                    Some((count, Type::Number))
                }
                _ => None,
            },
            ("lower" | "upper", [text]) => {
                let change = if name == "lower" { lower } else { upper };
                let changed = self.map_strings(text, Type::Text, text.span, move |texts| {
                    Ok(texts.apply_values(change).into_column())
                });
                changed.map(|changed| (changed, Type::Text))
            }
            ("if", [condition, yes, no]) => self.choice(&[(condition, yes)], Some(no)),
            ("case", pairs) if pairs.len() >= 2 && pairs.len().is_multiple_of(2) => {
                let pairs: Vec<(&Expr, &Expr)> =
                    pairs.chunks_exact(2).map(|p| (&p[0], &p[1])).collect();
                self.choice(&pairs, None)
            }
            ("$each", [value, inner]) => match self.of(value)? {
                (_, Type::Multi) => None,
                _ => self.of(inner),
            },
            ("coalesce", values) => {
                let values = values.iter().map(|v| Some((v, self.vectorized_arg(v)?)));
                let mut values = values.collect::<Option<Vec<(_, Typed)>>>()?;
                values.retain(|(_, (_, kind))| *kind != Type::Null);
                let kind = joined(values.iter().map(|(_, (_, kind))| *kind))?;
                let of_field = |(value, (_, of)): &(&Expr, Typed)| {
                    *of == Type::Number && kind != *of && !fields_of(value).is_empty()
                };
                if values.iter().skip(1).any(of_field) {
                    // Would convert every number to text, even if that is not needed.
                    return None;
                }
                let first = values.into_iter().map(|(_, value)| stored(value, kind));
                Some((first.reduce(|first, next| first.fill_null(next))?, kind))
            }
            ("match", [text, pattern]) if !self.whole => {
                let (pattern, span) = (literal(pattern)?, pattern.span);
                let found = self.map_strings(text, Type::Bool, span, move |texts| {
                    let regex = regex(&pattern)?;
                    let each = texts.iter().map(|text| match text {
                        Some(text) => regex.is_match(text).map(Some),
                        None => Ok(None),
                    });
                    let found: Result<BooleanChunked, _> = each.collect();
                    Ok(found.map_err(|_| too_hard(&pattern))?.into_column())
                });
                found.map(|found| (found, Type::Bool))
            }
            ("$group1", [text, pattern, group]) if !self.whole => {
                let (pattern, group) = (literal(pattern)?, literal(group)?);
                let found = self.map_strings(text, Type::Text, text.span, move |texts| {
                    groups(texts, &pattern, &group)
                });
                found.map(|found| (found, Type::Text))
            }
            ("true", []) => Some((lit(true), Type::Bool)),
            ("false", []) => Some((lit(false), Type::Bool)),
            _ => None,
        }
    }

    /// Maps the strings of a column; if they repeat, each distinct one once.
    fn map_strings(
        &self,
        text: &Expr,
        kind: Type,
        span: Span,
        make: impl Fn(&StringChunked) -> Result<Column, String> + Send + Sync + 'static,
    ) -> Option<Lazy> {
        let (text, Type::Text | Type::Any) = self.vectorized_arg(text)? else {
            return None;
        };
        let failure = Arc::clone(&self.executor.failure);
        let errors = self.executor.row_errors(span);
        let cancelled = Arc::clone(&self.executor.context.cancelled);
        let run = move |column: Column| {
            if cancelled.load(Ordering::Relaxed) {
                return Err(stop(&failure, Error::new(ErrorKind::Interrupted)));
            }
            let make = |texts: &StringChunked| match make(texts) {
                Ok(made) => Ok(made),
                Err(message) => {
                    errors.raise(message)?;
                    one_by_one(texts, kind, &make)
                }
            };
            let texts = column.str()?;
            let made =
                match Dictionary::encode_if_repetitive(&[ValueReader::Text(texts)], texts.len()) {
                    Some(distinct) => {
                        let firsts = distinct.firsts.iter().map(|row| texts.get(*row));
                        let firsts: StringChunked = firsts.collect();
                        distinct.gather(&make(&firsts)?)?
                    }
                    None => make(texts)?,
                };
            Ok(made.with_name(column.name().clone()))
        };
        Some(text.map(run, move |_, f| Ok(field(f.name(), kind))))
    }

    /// The value of the first condition that is true.
    fn choice(&self, pairs: &[(&Expr, &Expr)], otherwise: Option<&Expr>) -> Option<Typed> {
        let mut conditions = Vec::with_capacity(pairs.len());
        let mut values = Vec::with_capacity(pairs.len());
        for (condition, value) in pairs {
            let (condition, Type::Bool) = self.vectorized_arg(condition)? else {
                return None;
            };
            conditions.push(condition);
            values.push(self.vectorized_arg(value)?);
        }
        let last = match otherwise {
            Some(value) => self.vectorized_arg(value)?,
            None => (missing(Type::Null), Type::Null),
        };
        let kinds = values.iter().chain(std::iter::once(&last));
        let kind = joined(kinds.map(|(_, kind)| *kind))?;
        let mut chosen = stored(last, kind);
        for (condition, value) in conditions.into_iter().zip(values).rev() {
            chosen = when(condition).then(stored(value, kind)).otherwise(chosen);
        }
        Some((chosen, kind))
    }
}

/// The first match of a regular expression's group in each string.
fn groups(texts: &StringChunked, pattern: &str, group: &str) -> Result<Column, String> {
    let regex = regex(pattern)?;
    let numbers = match group.parse::<usize>() {
        Ok(number) => vec![number],
        Err(_) => regex.numbers(group),
    };
    let mut builder = StringChunkedBuilder::new("".into(), texts.len());
    for text in texts.iter() {
        // Testing for a match is cheaper than finding groups.
        let captures = match text {
            Some(text) if regex.is_match(text).map_err(|_| too_hard(pattern))? => {
                regex.captures(text).map_err(|_| too_hard(pattern))?
            }
            _ => None,
        };
        let matched =
            captures.and_then(|captures| numbers.iter().find_map(|number| captures.get(*number)));
        builder.append_option(matched.map(|matched| matched.as_str()));
    }
    Ok(builder.finish().into_column())
}

/// Maps each string separately; null if that fails.
fn one_by_one(
    texts: &StringChunked,
    kind: Type,
    make: &dyn Fn(&StringChunked) -> Result<Column, String>,
) -> PolarsResult<Column> {
    let mut all = Column::new_empty("".into(), &data_type(kind));
    for row in 0..texts.len() {
        let one = match make(&texts.slice(row as i64, 1)) {
            Ok(one) => one,
            Err(_) => Column::full_null("".into(), 1, &data_type(kind)),
        };
        all.append_owned(one)?;
    }
    Ok(all)
}

fn lower(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(text.to_lowercase());
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Borrowed(text)
}

fn upper(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(text.to_uppercase());
    }
    Cow::Owned(text.to_ascii_uppercase())
}

/// The value of a string literal.
fn literal(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn compared(op: BinaryOp, l: Lazy, r: Lazy) -> Option<Lazy> {
    Some(match op {
        BinaryOp::Eq => l.eq(r),
        BinaryOp::Ne => l.neq(r),
        BinaryOp::Lt => l.lt(r),
        BinaryOp::Le => l.lt_eq(r),
        BinaryOp::Gt => l.gt(r),
        BinaryOp::Ge => l.gt_eq(r),
        _ => return None,
    })
}

/// Whether an expression is a string literal that is not a number.
fn is_word(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Text(t) if parse_number(t).is_none())
}

/// Whether a column of this type has at most one value per row, with a text form.
fn single(kind: Type) -> bool {
    matches!(kind, Type::Number | Type::Text | Type::Any)
}

/// The common type of a column that holds all these types. Returns `None` for conditions.
fn joined(kinds: impl Iterator<Item = Type>) -> Option<Type> {
    let kind = kinds.fold(Type::Null, Type::join);
    matches!(kind, Type::Number | Type::Text | Type::Any | Type::Multi).then_some(kind)
}

/// A value in the storage form of a type.
fn stored((value, from): Typed, kind: Type) -> Lazy {
    match (from, kind) {
        (Type::Number, Type::Number) => value.cast(data_type(kind)),
        _ => cast(value, from, kind),
    }
}
