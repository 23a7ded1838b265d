//! Static analysis of expressions.

use crate::functions::digits::Precision;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

/// The names of the fields that an expression reads, each once, in order.
pub fn fields_of(expr: &Expr) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    expr.each(&mut |found| {
        let name = match &found.kind {
            ExprKind::Field(name) => name.clone(),
            ExprKind::Dotted(names) => {
                let texts: Vec<&str> = names.iter().map(|n| n.text.as_str()).collect();
                texts.join(".")
            }
            _ => return,
        };
        if !out.contains(&name) {
            out.push(name);
        }
    });
    out
}

/// Whether an expression contains a subsearch.
pub fn has_subsearch(expr: &Expr) -> bool {
    expr.any(&|found| matches!(found.kind, ExprKind::Subsearch(_)))
}

/// The precision of an expression by its digits as typed, and its value if it is constant.
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
