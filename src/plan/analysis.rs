//! What can be said of an expression without looking at rows.

use crate::functions::digits::Precision;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

/// The names of the fields an expression reads, each once, in order.
pub fn fields_of(expr: &Expr) -> Vec<String> {
    fn walk(expr: &Expr, out: &mut Vec<String>) {
        let mut add = |name: &str| {
            if !out.iter().any(|n| n == name) {
                out.push(name.to_owned());
            }
        };
        match &expr.kind {
            ExprKind::Number(..) | ExprKind::Text(_) | ExprKind::Subsearch(_) => {}
            ExprKind::Field(name) => add(name),
            ExprKind::Dotted(names) => {
                let texts: Vec<&str> = names.iter().map(|n| n.text.as_str()).collect();
                add(&texts.join("."));
            }
            ExprKind::Unary(_, inner) => walk(inner, out),
            ExprKind::Binary(_, left, right) => {
                walk(left, out);
                walk(right, out);
            }
            ExprKind::In(left, items) => {
                walk(left, out);
                items.iter().for_each(|i| walk(i, out));
            }
            ExprKind::Call(_, args) => args.iter().for_each(|a| walk(a, out)),
        }
    }
    let mut out = Vec::new();
    walk(expr, &mut out);
    out
}

/// Whether a subsearch stands in an expression.
pub fn has_subsearch(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Subsearch(_) => true,
        ExprKind::Number(..) | ExprKind::Text(_) | ExprKind::Field(_) | ExprKind::Dotted(_) => {
            false
        }
        ExprKind::Unary(_, inner) => has_subsearch(inner),
        ExprKind::Binary(_, left, right) => has_subsearch(left) || has_subsearch(right),
        ExprKind::In(left, items) => has_subsearch(left) || items.iter().any(has_subsearch),
        ExprKind::Call(_, args) => args.iter().any(has_subsearch),
    }
}

/// How precise an expression's value is by its digits as typed, and the value when all of it is
/// typed.
pub(super) fn precision(expr: &Expr) -> (Precision, Option<f64>) {
    match &expr.kind {
        ExprKind::Number(n, text) => (Precision::of_literal(text), Some(*n)),
        ExprKind::Unary(UnaryOp::Neg, inner) => {
            let (precision, value) = precision(inner);
            (precision, value.map(|n| -n))
        }
        ExprKind::Binary(op, left, right) => {
            let ((p, a), (q, b)) = (precision(left), precision(right));
            let (Some(a), Some(b)) = (a, b) else {
                return (Precision::Unknown, None);
            };
            let (value, product) = match op {
                BinaryOp::Mul => (a * b, true),
                BinaryOp::Div => (a / b, true),
                BinaryOp::Add => (a + b, false),
                BinaryOp::Sub => (a - b, false),
                _ => return (Precision::Unknown, None),
            };
            let precision = if product {
                p.product(q, value)
            } else {
                p.sum(q, value)
            };
            (precision, Some(value))
        }
        ExprKind::Call(name, args) if name.text.eq_ignore_ascii_case("exact") => {
            match args.as_slice() {
                [one] => (Precision::Exact, precision(one).1),
                _ => (Precision::Unknown, None),
            }
        }
        _ => (Precision::Unknown, None),
    }
}
