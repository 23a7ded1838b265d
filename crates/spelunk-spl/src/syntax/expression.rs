//! Expressions of `eval` and `where`, built by operator precedence.

use std::sync::LazyLock;

use pest::iterators::Pair;
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::ast::{BinaryOp, Expr, ExprKind, Name, UnaryOp};
use super::split::{Node, Reader};
use super::{MAX_DEPTH, MAX_NESTING, Rule, quoting};
use crate::error::{Error, ErrorKind, Result};
use crate::source::Span;

/// Lowest precedence first. `.` has the precedence of `+`.
static PRATT: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::xor_op))
        .op(left(Rule::or_op))
        .op(left(Rule::and_op))
        .op(Op::prefix(Rule::not_op))
        .op(left(Rule::eq_op)
            | left(Rule::ne_op)
            | left(Rule::lt_op)
            | left(Rule::le_op)
            | left(Rule::gt_op)
            | left(Rule::ge_op)
            | left(Rule::like_op)
            | left(Rule::not_like_op)
            | Op::postfix(Rule::in_list))
        .op(left(Rule::add_op) | left(Rule::sub_op) | left(Rule::concat_op))
        .op(left(Rule::mul_op) | left(Rule::div_op) | left(Rule::rem_op))
        .op(Op::prefix(Rule::neg_op) | Op::prefix(Rule::plus_op))
});

/// An operand while operators are combined.
enum Part {
    /// An expression and the depth of its tree.
    One(Expr, usize),
    /// Operands of a chain of one associative operator, and their maximum depth. Kept flat so that the tree
    /// can be built balanced: thousands of `OR`s do not become thousands of levels.
    Chain(BinaryOp, Vec<Expr>, usize),
}

impl Part {
    fn finish(self) -> (Expr, usize) {
        match self {
            Part::One(expr, depth) => (expr, depth),
            Part::Chain(op, operands, depth) => {
                let levels = operands.len().next_power_of_two().trailing_zeros() as usize;
                (balance(op, operands), depth + levels)
            }
        }
    }
}

fn balance(op: BinaryOp, mut operands: Vec<Expr>) -> Expr {
    if operands.len() == 1
        && let Some(only) = operands.pop()
    {
        return only;
    }
    let right = operands.split_off(operands.len().div_ceil(2));
    let (left, right) = (balance(op, operands), balance(op, right));
    binary(op, left, right)
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr {
        kind: ExprKind::Binary(op, Box::new(left), Box::new(right)),
        span,
    }
}

/// Whether the operator is associative.
fn associative(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor)
}

/// Adds `expr` to a chain; flattens a parenthesized chain into it.
fn add_operand(op: BinaryOp, expr: Expr, chain: &mut Vec<Expr>) {
    match expr.kind {
        ExprKind::Binary(inner, left, right) if inner == op => {
            add_operand(op, *left, chain);
            add_operand(op, *right, chain);
        }
        kind => chain.push(Expr {
            kind,
            span: expr.span,
        }),
    }
}

fn limited(expr: Expr, depth: usize) -> Result<Part> {
    if depth > MAX_DEPTH {
        let message = format!("the expression is more than {MAX_DEPTH} operators deep");
        return Err(Error::new(ErrorKind::TooLarge(message)).at(expr.span));
    }
    Ok(Part::One(expr, depth))
}

fn combine(op: BinaryOp, left: Part, right: Part) -> Result<Part> {
    if !associative(op) {
        let ((left, a), (right, b)) = (left.finish(), right.finish());
        return limited(binary(op, left, right), a.max(b) + 1);
    }
    let (mut chain, mut depth) = match left {
        Part::Chain(inner, operands, depth) if inner == op => (operands, depth),
        other => {
            let (expr, depth) = other.finish();
            let mut chain = Vec::new();
            add_operand(op, expr, &mut chain);
            (chain, depth)
        }
    };
    let (right, right_depth) = right.finish();
    add_operand(op, right, &mut chain);
    depth = depth.max(right_depth);
    Ok(Part::Chain(op, chain, depth))
}

impl<'a> Reader<'a> {
    /// The expression of an `expression` node.
    pub fn expression(&self, node: Node<'a>) -> Result<Expr> {
        Ok(self.part(node)?.finish().0)
    }

    fn part(&self, node: Node<'a>) -> Result<Part> {
        let base = node.base;
        let mut prefixes = 0;
        for child in node.clone().children() {
            match child.rule() {
                Rule::not_op | Rule::neg_op | Rule::plus_op => prefixes += 1,
                _ => prefixes = 0,
            }
            if prefixes > MAX_NESTING {
                let message = format!("more than {MAX_NESTING} signs or `NOT`s in a row");
                return Err(Error::new(ErrorKind::TooLarge(message)).at(self.span_of(&child)));
            }
        }
        let at = |pair: Pair<'a, Rule>| Node { pair, base };
        PRATT
            .map_primary(|pair| self.primary(at(pair)))
            .map_prefix(|op, operand| {
                let op = at(op);
                let kind = match op.rule() {
                    Rule::not_op => UnaryOp::Not,
                    Rule::neg_op => UnaryOp::Neg,
                    _ => UnaryOp::Plus,
                };
                unary(kind, self.span_of(&op), operand?)
            })
            .map_postfix(|operand, op| self.in_list(operand?, at(op)))
            .map_infix(|left, op, right| {
                let (left, right) = (left?, right?);
                if op.as_rule() == Rule::not_like_op {
                    let like = combine(BinaryOp::Like, left, right)?;
                    let span = self.span_of(&at(op));
                    return unary(UnaryOp::Not, span, like);
                }
                combine(infix_op(op.as_rule()), left, right)
            })
            .parse(node.pair.into_inner())
    }

    fn in_list(&self, operand: Part, node: Node<'a>) -> Result<Part> {
        let (operand, mut depth) = operand.finish();
        let span = operand.span.to(self.span_of(&node));
        let mut negated = None;
        let mut list = Vec::new();
        for child in node.children() {
            if child.rule() == Rule::not_op {
                negated = Some(self.span_of(&child));
                continue;
            }
            let (expr, inner) = self.part(child)?.finish();
            depth = depth.max(inner);
            list.push(expr);
        }
        let kind = ExprKind::In(Box::new(operand), list);
        let part = limited(Expr { kind, span }, depth + 1)?;
        match negated {
            Some(span) => unary(UnaryOp::Not, span, part),
            None => Ok(part),
        }
    }

    fn primary(&self, node: Node<'a>) -> Result<Part> {
        let span = self.span_of(&node);
        let text = node.text();
        let kind = match node.rule() {
            Rule::number => {
                let number = text
                    .parse()
                    .map_err(|_| Error::syntax(span, format!("`{text}` is not a number")))?;
                ExprKind::Number(number, text.to_owned())
            }
            Rule::text => ExprKind::Text(quoting::unquote(text)),
            Rule::name => ExprKind::Field(text.to_owned()),
            Rule::odd_name => ExprKind::Field(quoting::unquote_single(text)),
            Rule::dotted => {
                let segments = node.children().map(|segment| self.plain_name(&segment));
                ExprKind::Dotted(segments.collect())
            }
            Rule::subsearch => ExprKind::Subsearch(self.subsearch(&node)?),
            Rule::group => {
                // A group is a separate tree; only chains of associative operators flatten it.
                let (expr, depth) = self.part(node.child()?)?.finish();
                return Ok(Part::One(expr, depth));
            }
            Rule::call => return self.call(node),
            other => {
                return Err(Error::internal(format!(
                    "no expression is made of {other:?}"
                )));
            }
        };
        Ok(Part::One(Expr { kind, span }, 1))
    }

    fn call(&self, node: Node<'a>) -> Result<Part> {
        let span = self.span_of(&node);
        let mut children = node.children();
        let name: Option<Name> = children.next().map(|callee| self.plain_name(&callee));
        let name = name.ok_or_else(|| Error::internal("a call without a name"))?;
        let mut depth = 0;
        let mut args = Vec::new();
        for child in children {
            let (expr, inner) = self.part(child)?.finish();
            depth = depth.max(inner);
            args.push(expr);
        }
        let kind = ExprKind::Call(name, args);
        limited(Expr { kind, span }, depth + 1)
    }
}

fn unary(op: UnaryOp, span: Span, operand: Part) -> Result<Part> {
    let (operand, depth) = operand.finish();
    let span = span.to(operand.span);
    let kind = ExprKind::Unary(op, Box::new(operand));
    limited(Expr { kind, span }, depth + 1)
}

fn infix_op(rule: Rule) -> BinaryOp {
    match rule {
        Rule::xor_op => BinaryOp::Xor,
        Rule::or_op => BinaryOp::Or,
        Rule::and_op => BinaryOp::And,
        Rule::ne_op => BinaryOp::Ne,
        Rule::lt_op => BinaryOp::Lt,
        Rule::le_op => BinaryOp::Le,
        Rule::gt_op => BinaryOp::Gt,
        Rule::ge_op => BinaryOp::Ge,
        Rule::like_op => BinaryOp::Like,
        Rule::concat_op => BinaryOp::Concat,
        Rule::add_op => BinaryOp::Add,
        Rule::sub_op => BinaryOp::Sub,
        Rule::mul_op => BinaryOp::Mul,
        Rule::div_op => BinaryOp::Div,
        Rule::rem_op => BinaryOp::Rem,
        _ => BinaryOp::Eq,
    }
}
