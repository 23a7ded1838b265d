//! A condition as a tree of terms in negation normal form: `NOT` is pushed down to the terms, so that each
//! part states what must hold.

use crate::plan::Predicate;
use crate::plan::analysis::fields_of;
use crate::plan::build::not;
use crate::syntax::ast::{BinaryOp, CompareOp, Expr, ExprKind, Search, UnaryOp};
use crate::syntax::print;

/// A condition split into terms.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The combination of the terms.
    pub root: Node,
    /// The terms.
    pub leaves: Vec<Leaf>,
}

/// A node of the condition.
#[derive(Clone, Debug)]
pub enum Node {
    /// All parts must hold.
    All(Vec<Node>),
    /// One part must hold.
    Any(Vec<Node>),
    /// The term with this index.
    Leaf(usize),
}

/// A term.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The term as a predicate.
    pub predicate: Predicate,
    /// The term as text.
    pub text: String,
    /// The fields it reads.
    pub fields: Vec<String>,
    /// The field and the values it compares, if it is a plain comparison.
    pub wanted: Option<Wanted>,
}

/// The values that a term accepts for a field.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The field.
    pub field: String,
    /// The accepted values.
    pub values: Vec<String>,
    /// Whether `*` is a wildcard and case is ignored.
    pub wild: bool,
}

/// Splits a condition without subsearches.
pub fn condition(predicate: &Predicate) -> Condition {
    let mut leaves = Vec::new();
    let root = match predicate {
        Predicate::Search(search, _) => of_search(search, false, &mut leaves),
        Predicate::Expr(expr) => of_expr(expr, false, &mut leaves),
    };
    Condition { root, leaves }
}

fn joined(parts: Vec<Node>, all: bool) -> Node {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Node::All(inner) if all => flat.extend(inner),
            Node::Any(inner) if !all => flat.extend(inner),
            other => flat.push(other),
        }
    }
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            if all {
                Node::All(flat)
            } else {
                Node::Any(flat)
            }
        }
        // An empty condition holds.
        None => Node::All(flat),
    }
}

fn of_search(search: &Search, negated: bool, leaves: &mut Vec<Leaf>) -> Node {
    match search {
        Search::And(parts) | Search::Or(parts) => {
            let all = matches!(search, Search::And(_)) != negated;
            let each = parts.iter().map(|part| of_search(part, negated, leaves));
            joined(each.collect(), all)
        }
        Search::Not(inner) => of_search(inner, !negated, leaves),
        Search::Compare { .. }
        | Search::In { .. }
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => {
            let term = if negated {
                Search::Not(Box::new(search.clone()))
            } else {
                search.clone()
            };
            let (fields, wanted) = asked(search, negated);
            leaves.push(Leaf {
                text: print::search(&term),
                predicate: Predicate::Search(term, Vec::new()),
                fields,
                wanted,
            });
            Node::Leaf(leaves.len() - 1)
        }
    }
}

fn asked(search: &Search, negated: bool) -> (Vec<String>, Option<Wanted>) {
    let wanted = |field: &str, values: Vec<String>| {
        (!negated).then(|| Wanted {
            field: field.to_owned(),
            values,
            wild: true,
        })
    };
    match search {
        Search::Compare { field, op, value } => {
            let equal = *op == CompareOp::Eq && value.text != "*";
            let wanted = wanted(&field.text, vec![value.text.clone()]);
            (vec![field.text.clone()], wanted.filter(|_| equal))
        }
        Search::In { field, values } => {
            let values = values.iter().map(|v| v.text.clone()).collect();
            (vec![field.text.clone()], wanted(&field.text, values))
        }
        Search::CompareSubsearch { field, .. } => (vec![field.text.clone()], None),
        Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::And(_)
        | Search::Or(_)
        | Search::Not(_) => (Vec::new(), None),
    }
}

fn of_expr(expr: &Expr, negated: bool, leaves: &mut Vec<Leaf>) -> Node {
    match &expr.kind {
        ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
            let all = (*op == BinaryOp::And) != negated;
            let parts = vec![
                of_expr(left, negated, leaves),
                of_expr(right, negated, leaves),
            ];
            joined(parts, all)
        }
        ExprKind::Unary(UnaryOp::Not, inner) => of_expr(inner, !negated, leaves),
        _ => {
            let term = if negated {
                not(expr.clone())
            } else {
                expr.clone()
            };
            leaves.push(Leaf {
                text: print::expr(&term),
                fields: fields_of(expr),
                wanted: if negated { None } else { compared(expr) },
                predicate: Predicate::Expr(term),
            });
            Node::Leaf(leaves.len() - 1)
        }
    }
}

/// `field="text"`, `field IN ("a", "b")`, `like(field, "a%")`.
fn compared(expr: &Expr) -> Option<Wanted> {
    let field = |expr: &Expr| match &expr.kind {
        ExprKind::Field(name) => Some(name.clone()),
        ExprKind::Dotted(names) => {
            let parts: Vec<&str> = names.iter().map(|n| n.text.as_str()).collect();
            Some(parts.join("."))
        }
        _ => None,
    };
    let text = |expr: &Expr| match &expr.kind {
        ExprKind::Text(text) | ExprKind::Number(_, text) => Some(text.clone()),
        _ => None,
    };
    let exactly = |field: String, values: Vec<String>| Wanted {
        field,
        values,
        wild: false,
    };
    match &expr.kind {
        ExprKind::Binary(BinaryOp::Eq, left, right) => {
            Some(exactly(field(left)?, vec![text(right)?]))
        }
        ExprKind::In(left, items) => {
            let values: Option<Vec<String>> = items.iter().map(text).collect();
            Some(exactly(field(left)?, values?))
        }
        ExprKind::Binary(BinaryOp::Like, left, right) => like(field(left)?, &text(right)?),
        ExprKind::Call(name, args) if name.text.eq_ignore_ascii_case("like") => {
            match args.as_slice() {
                [left, right] => like(field(left)?, &text(right)?),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Converts a pattern of `like` to one of `search`, if that can express it.
fn like(field: String, text: &str) -> Option<Wanted> {
    let plain = !text.contains(['_', '*', '\\']);
    plain.then(|| Wanted {
        field,
        values: vec![text.replace('%', "*")],
        wild: true,
    })
}
