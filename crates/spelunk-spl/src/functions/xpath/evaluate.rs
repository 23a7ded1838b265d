//! Evaluates an XPath expression on a document.

use super::document::{Document, Kind, NodeId};
use super::parse::{Axis, Expr, Op, Start, Step, Test};
use crate::value::format_number;

/// The value of an expression.
pub(super) enum Value {
    Nodes(Vec<NodeId>),
    Text(String),
    Number(f64),
    Bool(bool),
}

/// The evaluation context: a node, its position in the selected node set, from 1, and the size of the set.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub node: NodeId,
    pub position: usize,
    pub size: usize,
}

/// The functions: name, minimum and maximum number of arguments.
const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("boolean", 1, 1),
    ("ceiling", 1, 1),
    ("concat", 2, usize::MAX),
    ("contains", 2, 2),
    ("count", 1, 1),
    ("false", 0, 0),
    ("floor", 1, 1),
    ("last", 0, 0),
    ("local-name", 0, 1),
    ("name", 0, 1),
    ("normalize-space", 0, 1),
    ("not", 1, 1),
    ("number", 0, 1),
    ("position", 0, 0),
    ("round", 1, 1),
    ("starts-with", 2, 2),
    ("string", 0, 1),
    ("string-length", 0, 1),
    ("substring", 2, 3),
    ("substring-after", 2, 2),
    ("substring-before", 2, 2),
    ("sum", 1, 1),
    ("translate", 3, 3),
    ("true", 0, 0),
];

/// Checks that the function exists and takes this number of arguments.
pub(super) fn check_call(name: &str, given: usize) -> Result<(), String> {
    match FUNCTIONS.iter().find(|(n, ..)| *n == name) {
        None => Err(format!("XPath 1.0 has no function `{name}`")),
        Some((_, least, most)) if given < *least || given > *most => {
            Err(format!("`{name}` does not take {given} arguments"))
        }
        Some(_) => Ok(()),
    }
}

impl Value {
    pub fn text(&self, document: &Document) -> String {
        match self {
            Value::Nodes(nodes) => nodes
                .first()
                .map_or_else(String::new, |n| document.string(*n)),
            Value::Text(text) => text.clone(),
            Value::Number(n) if n.is_nan() => "NaN".to_owned(),
            Value::Number(n) => format_number(*n),
            Value::Bool(b) => b.to_string(),
        }
    }

    fn number(&self, document: &Document) -> f64 {
        match self {
            Value::Number(n) => *n,
            Value::Bool(b) => f64::from(u8::from(*b)),
            Value::Nodes(_) | Value::Text(_) => as_number(&self.text(document)),
        }
    }

    fn truth(&self) -> bool {
        match self {
            Value::Nodes(nodes) => !nodes.is_empty(),
            Value::Text(text) => !text.is_empty(),
            Value::Number(n) => *n != 0.0 && !n.is_nan(),
            Value::Bool(b) => *b,
        }
    }
}

fn as_number(text: &str) -> f64 {
    text.trim().parse().unwrap_or(f64::NAN)
}

/// The value of an expression in a context.
pub(super) fn evaluate(expr: &Expr, document: &Document, place: Place) -> Value {
    let at = |e: &Expr| evaluate(e, document, place);
    match expr {
        Expr::Text(text) => Value::Text(text.clone()),
        Expr::Number(n) => Value::Number(*n),
        Expr::Negative(inner) => Value::Number(-at(inner).number(document)),
        Expr::Binary(op, left, right) => binary(*op, left, right, document, place),
        Expr::Call(name, args) => call(name, args, document, place),
        Expr::Path { start, steps } => {
            let mut nodes = match start {
                Start::Root => vec![0],
                Start::Here => vec![place.node],
                Start::Of(expr, predicates) => match at(expr) {
                    Value::Nodes(nodes) => predicates
                        .iter()
                        .fold(nodes, |nodes, p| filtered(nodes, p, document)),
                    Value::Text(_) | Value::Number(_) | Value::Bool(_) => Vec::new(),
                },
            };
            for step in steps {
                let mut next: Vec<NodeId> = nodes
                    .iter()
                    .flat_map(|node| walked(step, *node, document))
                    .collect();
                next.sort_unstable();
                next.dedup();
                nodes = next;
            }
            Value::Nodes(nodes)
        }
    }
}

/// The nodes that a step selects from a node.
fn walked(step: &Step, node: NodeId, document: &Document) -> Vec<NodeId> {
    let nodes = &document.nodes;
    let ancestors =
        || std::iter::successors(nodes[node].parent, |n| nodes[*n].parent).collect::<Vec<NodeId>>();
    let siblings = || {
        let parent = nodes[node].parent;
        parent.map_or(&[][..], |p| nodes[p].children.as_slice())
    };
    let mut found: Vec<NodeId> = match step.axis {
        Axis::Child => nodes[node].children.clone(),
        Axis::Attribute => nodes[node].attributes.clone(),
        Axis::Itself => vec![node],
        Axis::Parent => nodes[node].parent.into_iter().collect(),
        Axis::Ancestor => ancestors(),
        Axis::AncestorOrSelf => std::iter::once(node).chain(ancestors()).collect(),
        Axis::Descendant => document.descendants(node),
        Axis::DescendantOrSelf => std::iter::once(node)
            .chain(document.descendants(node))
            .collect(),
        Axis::FollowingSibling => siblings().iter().copied().filter(|n| *n > node).collect(),
        // Positions on this axis are counted away from the node.
        Axis::PrecedingSibling => {
            let before = siblings().iter().copied().filter(|n| *n < node);
            before.rev().collect()
        }
    };
    found.retain(|n| match (&step.test, &nodes[*n].kind) {
        (Test::Node, _) => true,
        (Test::Text, Kind::Text(_)) => true,
        (Test::Any, Kind::Element(_) | Kind::Attribute(..)) => true,
        (Test::Name(wanted), Kind::Element(name) | Kind::Attribute(name, _)) => name == wanted,
        (Test::Text | Test::Any | Test::Name(_), _) => false,
    });
    step.predicates
        .iter()
        .fold(found, |found, p| filtered(found, p, document))
}

/// The nodes for which a predicate is true; a number selects by position.
fn filtered(nodes: Vec<NodeId>, predicate: &Expr, document: &Document) -> Vec<NodeId> {
    let size = nodes.len();
    nodes
        .into_iter()
        .enumerate()
        .filter(|(at, node)| {
            let place = Place {
                node: *node,
                position: at + 1,
                size,
            };
            match evaluate(predicate, document, place) {
                Value::Number(n) => n == place.position as f64,
                other => other.truth(),
            }
        })
        .map(|(_, node)| node)
        .collect()
}

fn binary(op: Op, left: &Expr, right: &Expr, document: &Document, place: Place) -> Value {
    let at = |e: &Expr| evaluate(e, document, place);
    let number = |e: &Expr| at(e).number(document);
    match op {
        Op::Or => Value::Bool(at(left).truth() || at(right).truth()),
        Op::And => Value::Bool(at(left).truth() && at(right).truth()),
        Op::Add => Value::Number(number(left) + number(right)),
        Op::Subtract => Value::Number(number(left) - number(right)),
        Op::Multiply => Value::Number(number(left) * number(right)),
        Op::Divide => Value::Number(number(left) / number(right)),
        Op::Remainder => Value::Number(number(left) % number(right)),
        Op::Union => match (at(left), at(right)) {
            (Value::Nodes(mut a), Value::Nodes(b)) => {
                a.extend(b);
                a.sort_unstable();
                a.dedup();
                Value::Nodes(a)
            }
            _ => Value::Nodes(Vec::new()),
        },
        Op::Equal | Op::Unequal | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
            Value::Bool(compares(op, at(left), at(right), document))
        }
    }
}

/// A comparison with a node set is true if it is true for any of its nodes.
fn compares(op: Op, left: Value, right: Value, document: &Document) -> bool {
    match (left, right) {
        (Value::Nodes(nodes), right @ (Value::Nodes(_) | Value::Text(_) | Value::Number(_))) => {
            nodes.into_iter().any(|n| {
                let left = Value::Text(document.string(n));
                match &right {
                    Value::Nodes(others) => others.iter().any(|other| {
                        simply(op, &left, &Value::Text(document.string(*other)), document)
                    }),
                    single => simply(op, &left, single, document),
                }
            })
        }
        (left @ (Value::Text(_) | Value::Number(_)), Value::Nodes(nodes)) => nodes
            .into_iter()
            .any(|n| simply(op, &left, &Value::Text(document.string(n)), document)),
        (left, right) => simply(op, &left, &right, document),
    }
}

fn simply(op: Op, left: &Value, right: &Value, document: &Document) -> bool {
    let equal = || match (left, right) {
        (Value::Bool(_), _) | (_, Value::Bool(_)) => left.truth() == right.truth(),
        (Value::Number(_), _) | (_, Value::Number(_)) => {
            left.number(document) == right.number(document)
        }
        _ => left.text(document) == right.text(document),
    };
    let (a, b) = (left.number(document), right.number(document));
    match op {
        Op::Equal => equal(),
        Op::Unequal => !equal(),
        Op::Less => a < b,
        Op::LessOrEqual => a <= b,
        Op::Greater => a > b,
        Op::GreaterOrEqual => a >= b,
        Op::Or
        | Op::And
        | Op::Add
        | Op::Subtract
        | Op::Multiply
        | Op::Divide
        | Op::Remainder
        | Op::Union => false,
    }
}

fn call(name: &str, args: &[Expr], document: &Document, place: Place) -> Value {
    let value = |at: usize| match args.get(at) {
        Some(arg) => evaluate(arg, document, place),
        None => Value::Nodes(vec![place.node]),
    };
    let text = |at: usize| value(at).text(document);
    let number = |at: usize| value(at).number(document);
    match name {
        "position" => Value::Number(place.position as f64),
        "last" => Value::Number(place.size as f64),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "not" => Value::Bool(!value(0).truth()),
        "boolean" => Value::Bool(value(0).truth()),
        "number" => Value::Number(number(0)),
        "floor" => Value::Number(number(0).floor()),
        "ceiling" => Value::Number(number(0).ceil()),
        "round" => Value::Number((number(0) + 0.5).floor()),
        "string" => Value::Text(text(0)),
        "count" => match value(0) {
            Value::Nodes(nodes) => Value::Number(nodes.len() as f64),
            Value::Text(_) | Value::Number(_) | Value::Bool(_) => Value::Number(f64::NAN),
        },
        "sum" => match value(0) {
            Value::Nodes(nodes) => {
                Value::Number(nodes.iter().map(|n| as_number(&document.string(*n))).sum())
            }
            Value::Text(_) | Value::Number(_) | Value::Bool(_) => Value::Number(f64::NAN),
        },
        "name" | "local-name" => match value(0) {
            Value::Nodes(nodes) => {
                let whole = nodes.first().map_or("", |n| document.name(*n));
                let local = whole.rsplit(':').next().unwrap_or(whole);
                Value::Text(if name == "name" { whole } else { local }.to_owned())
            }
            Value::Text(_) | Value::Number(_) | Value::Bool(_) => Value::Text(String::new()),
        },
        "concat" => Value::Text((0..args.len()).map(text).collect()),
        "contains" => Value::Bool(text(0).contains(&text(1))),
        "starts-with" => Value::Bool(text(0).starts_with(&text(1))),
        "substring-before" => {
            let whole = text(0);
            let before = whole.split_once(&text(1)).map_or("", |(before, _)| before);
            Value::Text(before.to_owned())
        }
        "substring-after" => {
            let whole = text(0);
            let after = whole.split_once(&text(1)).map_or("", |(_, after)| after);
            Value::Text(after.to_owned())
        }
        "substring" => {
            let first = number(1).round();
            let end = if args.len() > 2 {
                first + number(2).round()
            } else {
                f64::INFINITY
            };
            let whole = text(0);
            let kept = whole.chars().enumerate().filter(|(at, _)| {
                let place = (at + 1) as f64;
                place >= first && place < end
            });
            Value::Text(kept.map(|(_, c)| c).collect())
        }
        "string-length" => Value::Number(text(0).chars().count() as f64),
        "normalize-space" => Value::Text(text(0).split_whitespace().collect::<Vec<_>>().join(" ")),
        "translate" => {
            let (from, to): (Vec<char>, Vec<char>) =
                (text(1).chars().collect(), text(2).chars().collect());
            let mapped = text(0)
                .chars()
                .filter_map(|c| match from.iter().position(|f| *f == c) {
                    Some(at) => to.get(at).copied(),
                    None => Some(c),
                })
                .collect();
            Value::Text(mapped)
        }
        // `check_call` rejects all others.
        _ => Value::Nodes(Vec::new()),
    }
}
