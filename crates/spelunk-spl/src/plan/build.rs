//! Builders of the expressions and searches that commands generate.

use crate::plan::schema::Pattern;
use crate::plan::{Assignment, EACH, Target};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, CompareOp, Expr, ExprKind, Literal, Name, Search, UnaryOp};

/// A name at `span`.
pub fn name(text: &str, span: Span) -> Name {
    Name {
        text: text.to_owned(),
        span,
        quoted: true,
    }
}

/// A field.
pub fn field(name: &str) -> Expr {
    expr(ExprKind::Field(name.to_owned()))
}

/// Sets each of the fields, which may be patterns, to the result of `value`; without any, every
/// field that a row has.
pub fn assign_each(fields: &[&Name], value: impl Fn(&str) -> Expr) -> Vec<Assignment> {
    if fields.is_empty() {
        return vec![Assignment {
            target: Target::EachPresent(vec![Pattern::new("*")]),
            value: value(EACH),
        }];
    }
    let assign = |name: &&Name| {
        if name.text.contains('*') {
            Assignment {
                target: Target::Each(vec![Pattern::new(name.text.as_str())]),
                value: value(EACH),
            }
        } else {
            Assignment {
                target: Target::Field(name.text.clone()),
                value: value(&name.text),
            }
        }
    };
    fields.iter().map(assign).collect()
}

/// A string literal.
pub fn text(text: &str) -> Expr {
    expr(ExprKind::Text(text.to_owned()))
}

/// A number.
pub fn number(n: f64) -> Expr {
    expr(ExprKind::Number(n, crate::value::format_number(n)))
}

/// A function call.
pub fn call(function: &str, args: Vec<Expr>) -> Expr {
    expr(ExprKind::Call(name(function, Span::default()), args))
}

/// A binary operator.
pub fn binary(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    expr(ExprKind::Binary(op, Box::new(left), Box::new(right)))
}

/// `NOT`.
pub fn not(inner: Expr) -> Expr {
    expr(ExprKind::Unary(UnaryOp::Not, Box::new(inner)))
}

/// Extracts a group of a regular expression from a field; without a match, keeps the value of
/// `target`. `matches` is the maximum number of values; 0 for all.
pub fn extract_group(from: &str, regex: &str, group: &str, matches: usize, target: &str) -> Expr {
    let mut args = vec![field(from), text(regex), text(group)];
    let function = if matches == 1 {
        "$group1"
    } else {
        args.push(number(matches as f64));
        "$group"
    };
    call("coalesce", vec![call(function, args), field(target)])
}

/// The search expression `field="value"`.
pub fn equals(field: &str, value: &str) -> Search {
    Search::Compare {
        field: name(field, Span::default()),
        op: CompareOp::Eq,
        value: literal(value),
    }
}

/// A search expression that no row satisfies: no row has such a field.
pub fn never() -> Search {
    equals("__never", "1")
}

/// A quoted literal.
pub fn literal(text: &str) -> Literal {
    Literal {
        text: text.to_owned(),
        quoted: true,
        span: Span::default(),
    }
}

/// Moves an expression to `span`, where errors are reported.
pub fn at(expr: Expr, span: Span) -> Expr {
    Expr { span, ..expr }
}

fn expr(kind: ExprKind) -> Expr {
    Expr {
        kind,
        span: Span::default(),
    }
}
