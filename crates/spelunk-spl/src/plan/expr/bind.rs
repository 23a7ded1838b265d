//! Binds expressions to a schema: resolves names to slots and functions to implementations, and
//! infers types.

use crate::error::{Error, ErrorKind, Result};
use crate::functions::digits::Precision;
use crate::functions::{self, Body, EvalFunction, Special};
use crate::plan::analysis::{fields_of, precision};
use crate::plan::expr::matching::{FieldMatcher, TermMatcher};
use crate::plan::schema::{Pattern, Schema};
use crate::syntax::ast::{BinaryOp, CompareOp, Expr, ExprKind, Name, Search, UnaryOp};
use crate::value::{Type, Value, parse_number};

/// An expression ready for row-by-row evaluation.
#[derive(Debug)]
pub struct Program {
    /// The bound expression.
    pub root: Node,
    /// The columns it reads, by slot.
    pub slots: Vec<String>,
    /// The type of its result.
    pub kind: Type,
}

/// A bound expression.
#[derive(Debug)]
pub enum Node {
    /// A constant.
    Const(Value<'static>),
    /// The column in this slot.
    Slot(usize),
    /// `-x`, `NOT x`, `+x`.
    Unary(UnaryOp, Box<Node>),
    /// A binary operator.
    Binary(BinaryOp, Box<Node>, Box<Node>),
    /// `x IN (...)`.
    In(Box<Node>, Vec<Node>),
    /// A function call.
    Call(&'static EvalFunction, Vec<Node>),
    /// `mvmap`: evaluates `body` for each value of `over`, stored in `slot`.
    Map {
        /// The multivalue.
        over: Box<Node>,
        /// The slot for each value.
        slot: usize,
        /// The expression for each value.
        body: Box<Node>,
    },
    /// `mvfilter`: the values of `slot` for which `body` is true.
    FilterValues {
        /// The multivalue's slot.
        slot: usize,
        /// The condition.
        body: Box<Node>,
    },
    /// `searchmatch`.
    Search(SearchNode),
    /// `getfields`: fields by name and slot.
    Fields(Vec<(String, usize)>),
}

/// A bound search expression.
#[derive(Debug)]
pub enum SearchNode {
    /// All must hold.
    And(Vec<SearchNode>),
    /// One must hold.
    Or(Vec<SearchNode>),
    /// Must not hold.
    Not(Box<SearchNode>),
    /// A comparison of a field.
    Field(usize, FieldMatcher),
    /// A term in `_raw`.
    Term(usize, TermMatcher),
    /// A comparison of a field that does not exist.
    Missing,
}

/// Parses a search expression; a parameter because only `searchmatch` needs it.
pub type ParseSearch<'p> = &'p dyn Fn(&str) -> Result<Search>;

/// Binds expressions to a schema.
pub struct Binder<'s> {
    schema: &'s Schema,
    parse_search: ParseSearch<'s>,
    slots: Vec<String>,
    /// Inside `exact(...)`, which ignores the precision of digits as typed.
    exact: bool,
}

impl<'s> Binder<'s> {
    /// Creates a binder over these columns.
    pub fn new(schema: &'s Schema, parse_search: ParseSearch<'s>) -> Binder<'s> {
        Binder {
            schema,
            parse_search,
            slots: Vec::new(),
            exact: false,
        }
    }

    /// Binds an expression whose value becomes a field; rejects a boolean.
    ///
    /// # Errors
    /// If a function is unknown, its arity is wrong, or an operand has an invalid type.
    pub fn value(self, expr: &Expr) -> Result<Program> {
        let program = self.any(expr)?;
        if program.kind == Type::Bool {
            return Err(Error::new(ErrorKind::Type(
                "a boolean can't be the value of a field".into(),
            ))
            .at(expr.span)
            .hint("give it two values: if(<condition>, \"true\", \"false\")"));
        }
        Ok(program)
    }

    /// Binds any expression.
    ///
    /// # Errors
    /// As for [`Binder::value`].
    pub fn any(mut self, expr: &Expr) -> Result<Program> {
        let (root, kind) = self.node(expr)?;
        Ok(Program {
            root,
            slots: self.slots,
            kind,
        })
    }

    fn slot(&mut self, name: &str) -> usize {
        match self.slots.iter().position(|s| s == name) {
            Some(at) => at,
            None => {
                self.slots.push(name.to_owned());
                self.slots.len() - 1
            }
        }
    }

    fn field(&mut self, name: &str) -> (Node, Type) {
        match self.schema.get(name) {
            Some(&kind) => (Node::Slot(self.slot(name)), kind),
            None => (Node::Const(Value::Null), Type::Null),
        }
    }

    /// Resolves `a.b.c` to the longest existing field names, concatenated as text.
    fn dotted(&mut self, names: &[Name]) -> (Node, Type) {
        let joined = |part: &[Name]| {
            let texts: Vec<&str> = part.iter().map(|n| n.text.as_str()).collect();
            texts.join(".")
        };
        let all = joined(names);
        if self.schema.contains_key(&all) {
            return self.field(&all);
        }
        let mut whole: Option<(Node, Type)> = None;
        let mut rest = names;
        while !rest.is_empty() {
            let take = (1..=rest.len())
                .rev()
                .find(|&n| self.schema.contains_key(&joined(&rest[..n])))
                .unwrap_or(1);
            let (part, kind) = self.field(&joined(&rest[..take]));
            rest = &rest[take..];
            whole = Some(match whole {
                None => (part, kind),
                Some((left, _)) => (
                    Node::Binary(BinaryOp::Concat, Box::new(left), Box::new(part)),
                    Type::Text,
                ),
            });
        }
        whole.unwrap_or((Node::Const(Value::Null), Type::Null))
    }

    fn node(&mut self, expr: &Expr) -> Result<(Node, Type)> {
        Ok(match &expr.kind {
            ExprKind::Number(n, _) => (Node::Const(Value::Num(*n)), Type::Number),
            ExprKind::Text(t) => (Node::Const(Value::text(t.clone())), Type::Text),
            ExprKind::Field(name) => self.field(name),
            ExprKind::Dotted(names) => self.dotted(names),
            ExprKind::Unary(op, inner) => {
                let (node, _) = self.node(inner)?;
                let kind = match op {
                    UnaryOp::Not => Type::Bool,
                    UnaryOp::Neg | UnaryOp::Plus => Type::Number,
                };
                (Node::Unary(*op, Box::new(node)), kind)
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right)?,
            ExprKind::In(left, items) => {
                let (left, _) = self.node(left)?;
                let items = items
                    .iter()
                    .map(|i| Ok(self.node(i)?.0))
                    .collect::<Result<_>>()?;
                (Node::In(Box::new(left), items), Type::Bool)
            }
            ExprKind::Call(name, args) => self.call(name, args, expr)?,
            ExprKind::Subsearch(pipeline) => {
                return Err(Error::new(ErrorKind::UnsupportedCommand {
                    name: "subsearch in an expression".to_owned(),
                    why: "it is not built in yet".to_owned(),
                })
                .at(pipeline.span));
            }
        })
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<(Node, Type)> {
        // A product of decimal literals keeps the significant figures of the less precise one:
        // `8.250*0.20` is 1.7, `8.250*exact(0.20)` is 1.65.
        if matches!(op, BinaryOp::Mul | BinaryOp::Div)
            && !self.exact
            && let (p @ Precision::Digits { .. }, Some(a)) = precision(left)
            && let (q @ Precision::Digits { .. }, Some(b)) = precision(right)
        {
            let value = if op == BinaryOp::Mul { a * b } else { a / b };
            let value = Value::number(p.product(q, value).round(value));
            return Ok((Node::Const(value), Type::Number));
        }
        let (l, left_kind) = self.node(left)?;
        let (r, right_kind) = self.node(right)?;
        let kind = match op {
            BinaryOp::Xor
            | BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::Like => Type::Bool,
            BinaryOp::Concat => Type::Text,
            BinaryOp::Add => match (left_kind, right_kind) {
                (
                    Type::Number | Type::Time | Type::Null,
                    Type::Number | Type::Time | Type::Null,
                ) => Type::Number,
                _ => Type::Any,
            },
            BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => {
                for side in [left, right] {
                    if literal_text(side) {
                        return Err(Error::new(ErrorKind::Type(format!(
                            "type mismatch: `{}` needs numbers, and this text is not a number",
                            op.symbol()
                        )))
                        .at(side.span)
                        .hint("`.` joins texts; tonumber() reads a number from a text"));
                    }
                }
                Type::Number
            }
        };
        for (side, kind) in [(left, left_kind), (right, right_kind)] {
            let logical = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
            if !logical && kind == Type::Bool && !matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
                return Err(Error::new(ErrorKind::Type(format!(
                    "type mismatch: `{}` can't take a boolean",
                    op.symbol()
                )))
                .at(side.span));
            }
        }
        Ok((Node::Binary(op, Box::new(l), Box::new(r)), kind))
    }

    fn call(&mut self, name: &Name, args: &[Expr], expr: &Expr) -> Result<(Node, Type)> {
        let function = called(name, args, expr)?;
        match function.body {
            Body::Values(_) => {
                let mut nodes = Vec::with_capacity(args.len());
                let mut kinds = Vec::with_capacity(args.len());
                for arg in args {
                    let (node, kind) = self.node(arg)?;
                    nodes.push(node);
                    kinds.push(kind);
                }
                let kind = (function.returns)(&kinds);
                let node = Node::Call(function, nodes);
                Ok((fold(node), kind))
            }
            Body::Special(special) => self.special(special, function, args, expr),
            Body::Refused(why) => Err(refused(function, name, why)),
        }
    }

    fn special(
        &mut self,
        special: Special,
        function: &'static EvalFunction,
        args: &[Expr],
        expr: &Expr,
    ) -> Result<(Node, Type)> {
        match special {
            Special::Each if self.node(&args[0])?.1 != Type::Multi => self.node(&args[1]),
            Special::MvMap | Special::Each => {
                let (over, _) = self.node(&args[0])?;
                let name = match &args[0].kind {
                    ExprKind::Field(name) => name.clone(),
                    _ => fields_of(&args[1]).into_iter().next().unwrap_or_default(),
                };
                let slot = self.slot(&name);
                let (body, _) = self.node(&args[1])?;
                let node = Node::Map {
                    over: Box::new(over),
                    slot,
                    body: Box::new(body),
                };
                Ok((node, Type::Multi))
            }
            Special::MvFilter => {
                let fields = fields_of(&args[0]);
                let [name] = fields.as_slice() else {
                    return Err(Error::argument(
                        expr.span,
                        format!(
                            "`mvfilter` looks at one field, this expression names {}",
                            fields.len()
                        ),
                    ));
                };
                let (body, _) = self.node(&args[0])?;
                match self.field(name) {
                    (Node::Slot(slot), kind) => Ok((
                        Node::FilterValues {
                            slot,
                            body: Box::new(body),
                        },
                        kind.join(Type::Multi),
                    )),
                    (other, kind) => Ok((other, kind)),
                }
            }
            Special::Exact => {
                let outer = std::mem::replace(&mut self.exact, true);
                let inner = self.node(&args[0]);
                self.exact = outer;
                inner
            }
            Special::SigFig => {
                let (node, _) = self.node(&args[0])?;
                let rounded = match precision(&args[0]) {
                    (precision, Some(value)) => Node::Const(Value::number(precision.round(value))),
                    (_, None) => node,
                };
                Ok((rounded, Type::Number))
            }
            Special::GetFields => {
                let pattern = match args.first().map(|a| &a.kind) {
                    None => None,
                    Some(ExprKind::Text(text)) => Some(Pattern::new(text.as_str())),
                    Some(_) => {
                        return Err(Error::argument(
                            args[0].span,
                            "`getfields` takes a pattern written as a text",
                        ));
                    }
                };
                let names: Vec<String> = self
                    .schema
                    .keys()
                    .filter(|name| pattern.as_ref().is_none_or(|p| p.matches(name)))
                    .cloned()
                    .collect();
                let fields = names
                    .into_iter()
                    .map(|name| {
                        let slot = self.slot(&name);
                        (name, slot)
                    })
                    .collect();
                Ok((Node::Fields(fields), Type::Text))
            }
            Special::Lookup => {
                Err(Error::new(ErrorKind::UnsupportedFunction {
                    name: function.name.to_owned(),
                    why: "it works only in `eval` and `where`, outside functions that evaluate their argument again".to_owned(),
                })
                .at(expr.span))
            }
            Special::SearchMatch => {
                let ExprKind::Text(text) = &args[0].kind else {
                    return Err(Error::argument(
                        args[0].span,
                        format!("`{}` takes a search written as a text", function.name),
                    ));
                };
                let search = (self.parse_search)(text).map_err(|e| e.at(args[0].span))?;
                Ok((Node::Search(self.search(&search)?), Type::Bool))
            }
        }
    }

    /// Binds a search expression.
    ///
    /// # Errors
    /// If it contains a subsearch, which only the `search` command can run.
    pub fn search(&mut self, search: &Search) -> Result<SearchNode> {
        let all = |this: &mut Self, parts: &[Search]| {
            parts
                .iter()
                .map(|p| this.search(p))
                .collect::<Result<Vec<_>>>()
        };
        Ok(match search {
            Search::And(parts) => SearchNode::And(all(self, parts)?),
            Search::Or(parts) => SearchNode::Or(all(self, parts)?),
            Search::Not(inner) => SearchNode::Not(Box::new(self.search(inner)?)),
            Search::Compare { field, op, value } => match self.field(&field.text).0 {
                Node::Slot(slot) => SearchNode::Field(slot, FieldMatcher::new(*op, &value.text)),
                _ => SearchNode::Missing,
            },
            Search::In { field, values } => match self.field(&field.text).0 {
                Node::Slot(slot) => SearchNode::Or(
                    values
                        .iter()
                        .map(|v| SearchNode::Field(slot, FieldMatcher::new(CompareOp::Eq, &v.text)))
                        .collect(),
                ),
                _ => SearchNode::Missing,
            },
            Search::Term(term) | Search::ExactTerm(term) | Search::CaseTerm(term) => {
                match (self.field("_raw").0, TermMatcher::of(search)) {
                    (Node::Slot(slot), Some(matcher)) => SearchNode::Term(
                        slot,
                        matcher.map_err(|m| Error::new(ErrorKind::Regex(m)).at(term.span))?,
                    ),
                    _ => SearchNode::Missing,
                }
            }
            Search::Subsearch(pipeline) | Search::CompareSubsearch { pipeline, .. } => {
                return Err(Error::argument(
                    pipeline.span,
                    "this expression cannot contain a subsearch",
                ));
            }
        })
    }
}

/// Constant folding of `true()`, `false()`, `null()` and `pi()`.
fn fold(node: Node) -> Node {
    if let Node::Call(function, args) = &node
        && matches!(function.name, "true" | "false" | "null" | "pi")
        && args.is_empty()
        && let Body::Values(body) = function.body
    {
        let context = functions::Context {
            now: 0.0,
            zone: chrono_tz::UTC,
        };
        if let Ok(value) = body(&context, &[]) {
            return Node::Const(value.into_owned());
        }
    }
    node
}

/// Whether an expression is a string literal that is not a number.
fn literal_text(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Text(t) if parse_number(t).is_none())
}

/// Resolves a function call, and checks it as far as possible without rows.
///
/// # Errors
/// If the function is unknown or unsupported, the number of arguments is wrong, or it can't take
/// these arguments whatever the data.
pub(in crate::plan) fn called(
    name: &Name,
    args: &[Expr],
    expr: &Expr,
) -> Result<&'static EvalFunction> {
    let function = functions::eval_function(&name.text).ok_or_else(|| {
        let known = functions::eval::all().map(|f| f.name);
        let error = Error::new(ErrorKind::UnknownFunction(name.text.clone()))
            .at(name.span)
            .did_you_mean(&name.text, known);
        match functions::stats::stats_function(&name.text) {
            Some(_) => error.hint(format!(
                "`{}` is a statistics function: use it in `stats`, `eventstats`, ...",
                name.text
            )),
            None => error,
        }
    })?;
    function
        .check_arity(args.len())
        .map_err(|message| Error::argument(expr.span, message))?;
    if function.traits.numeric
        && let Some(text) = args.iter().find(|a| literal_text(a))
    {
        return Err(Error::new(ErrorKind::Type(format!(
            "type mismatch: `{}` needs numbers, and this text is not a number",
            function.name
        )))
        .at(text.span));
    }
    if let Some(at) = function.traits.regex
        && let Some(arg) = args.get(at)
        && let ExprKind::Text(text) = &arg.kind
    {
        functions::pattern::regex(text)
            .map_err(|message| Error::new(ErrorKind::Regex(message)).at(arg.span))?;
    }
    if let Body::Refused(why) = function.body {
        return Err(refused(function, name, why));
    }
    Ok(function)
}

fn refused(function: &EvalFunction, name: &Name, why: &str) -> Error {
    Error::new(ErrorKind::UnsupportedFunction {
        name: function.name.to_owned(),
        why: why.to_owned(),
    })
    .at(name.span)
}
