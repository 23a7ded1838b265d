//! Evaluates a bound expression row by row.

use std::borrow::Cow;

use crate::functions::json::from_value;
use crate::functions::pattern;
use crate::functions::{Body, Context, EvalFunction};
use crate::plan::expr::bind::{Node, Program, SearchNode};
use crate::syntax::ast::{BinaryOp, UnaryOp};
use crate::value::Value;

impl Program {
    /// Evaluates the expression for a row of field values, by slot.
    ///
    /// # Errors
    /// If a function rejects its arguments.
    pub fn eval<'a>(&'a self, context: &Context, row: &[Value<'a>]) -> Result<Value<'a>, String> {
        eval(&self.root, context, row)
    }
}

fn eval<'a>(node: &'a Node, context: &Context, row: &[Value<'a>]) -> Result<Value<'a>, String> {
    Ok(match node {
        Node::Const(value) => value.borrowed(),
        Node::Slot(slot) => row[*slot].clone(),
        Node::Unary(op, inner) => unary(*op, eval(inner, context, row)?),
        Node::Binary(BinaryOp::And, left, right) => {
            let left = truth(&eval(left, context, row)?);
            if left == Some(false) {
                return Ok(Value::Bool(false));
            }
            bool_value(match (left, truth(&eval(right, context, row)?)) {
                (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            })
        }
        Node::Binary(BinaryOp::Or, left, right) => {
            let left = truth(&eval(left, context, row)?);
            if left == Some(true) {
                return Ok(Value::Bool(true));
            }
            bool_value(match (left, truth(&eval(right, context, row)?)) {
                (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            })
        }
        Node::Binary(op, left, right) => {
            binary(*op, eval(left, context, row)?, eval(right, context, row)?)?
        }
        Node::In(left, items) => {
            let left = eval(left, context, row)?;
            if left.is_null() {
                return Ok(Value::Null);
            }
            for item in items {
                if left.equals(&eval(item, context, row)?) == Some(true) {
                    return Ok(Value::Bool(true));
                }
            }
            Value::Bool(false)
        }
        Node::Call(function, args) => {
            // Most calls have so few arguments that they need no allocation.
            let mut few = [const { Value::Null }; 4];
            if let Some(few) = few.get_mut(..args.len()) {
                for (value, arg) in few.iter_mut().zip(args) {
                    *value = eval(arg, context, row)?;
                }
                return call(function, args, few, context);
            }
            let values: Result<Vec<Value<'a>>, String> =
                args.iter().map(|arg| eval(arg, context, row)).collect();
            return call(function, args, &values?, context);
        }
        Node::Map { over, slot, body } => {
            let mut row = row.to_vec();
            let mut out = Vec::new();
            for value in eval(over, context, &row)?.into_values() {
                row[*slot] = Value::Text(value);
                out.extend(eval(body, context, &row)?.into_values());
            }
            Value::multi(out)
        }
        Node::FilterValues { slot, body } => {
            let mut row = row.to_vec();
            let values = std::mem::replace(&mut row[*slot], Value::Null).into_values();
            let mut out = Vec::new();
            for value in values {
                row[*slot] = Value::Text(value.clone());
                if eval(body, context, &row)? == Value::Bool(true) {
                    out.push(value);
                }
            }
            Value::multi(out)
        }
        Node::Search(search) => Value::Bool(matches(search, row)),
        Node::Fields(fields) => {
            let there = fields.iter().filter(|(_, slot)| !row[*slot].is_null());
            let members = there.map(|(name, slot)| (name.clone(), from_value(&row[*slot])));
            Value::text(serde_json::Value::Object(members.collect()).to_string())
        }
    })
}

fn call<'a>(
    function: &EvalFunction,
    args: &[Node],
    values: &[Value<'a>],
    context: &Context,
) -> Result<Value<'a>, String> {
    if let Some(at) = function.traits.regex
        && !matches!(args.get(at), Some(Node::Const(_)))
        && let Some(Value::Text(pattern)) = values.get(at)
        && pattern::regex(pattern).is_err()
    {
        return Ok(Value::Null);
    }
    match function.body {
        Body::Values(body) => body(context, values),
        Body::Special(_) | Body::Refused(_) => {
            Err(format!("`{}` can't be called here", function.name))
        }
    }
}

fn truth(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::Null | Value::Num(_) | Value::Text(_) | Value::Multi(_) => None,
    }
}

fn bool_value<'a>(truth: Option<bool>) -> Value<'a> {
    truth.map_or(Value::Null, Value::Bool)
}

fn unary<'a>(op: UnaryOp, value: Value<'a>) -> Value<'a> {
    match op {
        UnaryOp::Not => bool_value(truth(&value).map(|b| !b)),
        UnaryOp::Neg => value.as_number().map_or(Value::Null, |n| Value::Num(-n)),
        UnaryOp::Plus => value.as_number().map_or(Value::Null, Value::Num),
    }
}

fn binary<'a>(op: BinaryOp, left: Value<'a>, right: Value<'a>) -> Result<Value<'a>, String> {
    let ordering =
        |wanted: fn(std::cmp::Ordering) -> bool| bool_value(left.compare(&right).map(wanted));
    let arithmetic = |f: fn(f64, f64) -> f64| match (left.as_number(), right.as_number()) {
        (Some(a), Some(b)) => Value::number(f(a, b)),
        _ => Value::Null,
    };
    Ok(match op {
        BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => {
            bool_value(match (truth(&left), truth(&right)) {
                (Some(a), Some(b)) => Some(match op {
                    BinaryOp::And => a && b,
                    BinaryOp::Or => a || b,
                    _ => a != b,
                }),
                _ => None,
            })
        }
        BinaryOp::Eq => bool_value(left.equals(&right)),
        BinaryOp::Ne => bool_value(left.equals(&right).map(|b| !b)),
        BinaryOp::Lt => ordering(std::cmp::Ordering::is_lt),
        BinaryOp::Le => ordering(std::cmp::Ordering::is_le),
        BinaryOp::Gt => ordering(std::cmp::Ordering::is_gt),
        BinaryOp::Ge => ordering(std::cmp::Ordering::is_ge),
        BinaryOp::Like => match (left.as_text(), right.as_text()) {
            (Some(text), Some(like)) => Value::Bool(pattern::like(&like, &text)),
            _ => Value::Null,
        },
        // Multivalues can't be concatenated: the result is null.
        BinaryOp::Concat => match (left, right) {
            (Value::Multi(_), _) | (_, Value::Multi(_)) => Value::Null,
            (left, right) => match (left.into_text(), right.into_text()) {
                (Some(a), Some(b)) => Value::Text(Cow::Owned(a.into_owned() + &b)),
                _ => Value::Null,
            },
        },
        BinaryOp::Add => match (left.as_number(), right.as_number()) {
            (Some(a), Some(b)) => Value::number(a + b),
            _ if matches!(left, Value::Multi(_)) || matches!(right, Value::Multi(_)) => Value::Null,
            _ => match (left.into_text(), right.into_text()) {
                (Some(a), Some(b)) => Value::Text(Cow::Owned(a.into_owned() + &b)),
                _ => Value::Null,
            },
        },
        BinaryOp::Sub => arithmetic(|a, b| a - b),
        BinaryOp::Mul => arithmetic(|a, b| a * b),
        BinaryOp::Div => arithmetic(|a, b| if b == 0.0 { f64::NAN } else { a / b }),
        BinaryOp::Rem => arithmetic(|a, b| if b == 0.0 { f64::NAN } else { a % b }),
    })
}

fn matches(search: &SearchNode, row: &[Value<'_>]) -> bool {
    match search {
        SearchNode::And(parts) => parts.iter().all(|p| matches(p, row)),
        SearchNode::Or(parts) => parts.iter().any(|p| matches(p, row)),
        SearchNode::Not(inner) => !matches(inner, row),
        SearchNode::Field(slot, matcher) => matcher.matches(&row[*slot]),
        SearchNode::Term(slot, matcher) => row[*slot]
            .as_text()
            .is_some_and(|raw| matcher.matches(&raw)),
        SearchNode::Missing => false,
    }
}
