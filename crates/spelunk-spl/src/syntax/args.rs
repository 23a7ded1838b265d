//! Builds a stage's arguments, shape by shape.

use std::ops::Range;

use super::ast::{Arg, ArgKind, Expr, ExprKind, Literal, Name};
use super::search::{compare_op, quoted_path, quoted_run};
use super::split::{Node, Reader};
use super::{Rule, quoting};
use crate::error::{Error, Result};

impl<'a> Reader<'a> {
    /// The arguments below a command's node.
    pub fn args(&self, node: Node<'a>) -> Result<Vec<Arg>> {
        let (rule, span) = (node.rule(), self.span_of(&node));
        if matches!(rule, Rule::search_args | Rule::metasearch_args) {
            let kind = ArgKind::Search(self.search(node.children())?);
            return Ok(vec![Arg { kind, span }]);
        }
        node.children()
            .map(|child| {
                let span = self.span_of(&child);
                let kind = self.arg(child)?;
                Ok(Arg { kind, span })
            })
            .collect()
    }

    fn arg(&self, node: Node<'a>) -> Result<ArgKind> {
        Ok(match node.rule() {
            Rule::option | Rule::option_group => {
                let (name, value) = self.two(node)?;
                ArgKind::Option {
                    name: self.plain_name(&name),
                    value: self.literal(&value),
                }
            }
            Rule::quoted_option => {
                let (name, value) = self.two(node)?;
                ArgKind::Option {
                    name: Name {
                        text: quoting::unquote(name.text()),
                        ..self.plain_name(&name)
                    },
                    value: self.literal(&value),
                }
            }
            Rule::option_eval => {
                let (name, value) = self.two(node)?;
                ArgKind::OptionExpr {
                    name: self.plain_name(&name),
                    value: self.expression(value)?,
                }
            }
            Rule::option_reset => {
                let (name, value) = self.two(node)?;
                let range = value.range();
                let value = match value.rule() {
                    Rule::quoted_condition => self.escaped_expression(range)?,
                    _ => match self.expression(value)? {
                        // `"("x==\"y\"")"` reads as a text in parentheses.
                        Expr {
                            kind: ExprKind::Text(_),
                            ..
                        } => self.escaped_expression(range)?,
                        condition => condition,
                    },
                };
                ArgKind::OptionExpr {
                    name: self.plain_name(&name),
                    value,
                }
            }
            Rule::option_search => {
                let (name, value) = self.two(node)?;
                ArgKind::OptionSearch {
                    name: self.plain_name(&name),
                    value: self.search(value.children())?,
                }
            }
            Rule::field => ArgKind::Field(self.field(&node)),
            Rule::dataset => ArgKind::Field(self.dataset(node)?),
            Rule::in_values => ArgKind::Literal(Literal {
                text: quoting::with_single_blanks(node.text()),
                quoted: false,
                span: self.span_of(&node),
            }),
            Rule::integer | Rule::literal | Rule::text_literal | Rule::value => {
                ArgKind::Literal(self.literal(&node))
            }
            Rule::pattern => ArgKind::Literal(self.pattern(&node)),
            Rule::sign | Rule::sort_sign => {
                let sign = if node.text().starts_with('-') {
                    '-'
                } else {
                    '+'
                };
                ArgKind::Sign(sign)
            }
            Rule::sort_key => self.sort_key(node)?,
            Rule::pair | Rule::renamed => {
                let fields: Vec<Name> = self.fields_of(node);
                match <[Name; 2]>::try_from(fields) {
                    Ok([from, to]) => ArgKind::Pair { from, to },
                    Err(_) => return Err(Error::internal("a pair is not of two")),
                }
            }
            Rule::assign => {
                let (target, value) = self.two(node)?;
                ArgKind::Assign {
                    field: self.field(&target),
                    value: self.expression(value)?,
                }
            }
            Rule::expression => ArgKind::Expr(self.expression(node)?),
            Rule::aggregate => ArgKind::Aggregate(self.aggregate(node)?),
            Rule::call_of => self.call_of(node)?,
            Rule::comparison => {
                let mut children = node.children();
                let (Some(field), Some(op), Some(value)) =
                    (children.next(), children.next(), children.next())
                else {
                    return Err(Error::internal("an incomplete comparison"));
                };
                ArgKind::Comparison {
                    field: self.field(&field),
                    op: compare_op(op.text()),
                    value: self.literal(&value),
                }
            }
            Rule::filter | Rule::rest => ArgKind::Search(self.search_at(node.range())?),
            Rule::subsearch => ArgKind::Subsearch(self.subsearch(&node)?),
            Rule::template => {
                let text = node.text();
                ArgKind::Template(text[1..text.len() - 1].trim().to_owned())
            }
            other => ArgKind::Keyword(keyword(other, node.text())),
        })
    }

    /// Parses an expression in quotes, whose own quotes are escaped. Blanks take the places of the backslashes, so that
    /// positions stay.
    fn escaped_expression(&self, range: Range<usize>) -> Result<Expr> {
        let part = &self.text[range.clone()];
        let is_around = |c: char| matches!(c, '(' | ')') || c.is_whitespace();
        // Then follows the quote.
        let start = range.start + part.len() - part.trim_start_matches(is_around).len() + 1;
        let end = range.start + part.trim_end_matches(is_around).len() - 1;
        let mut unescaped = String::with_capacity(end - start);
        for (at, piece) in self.text[start..end].split("\\\"").enumerate() {
            // The blank is outside the quotes.
            match at {
                0 => {}
                _ if at % 2 == 1 => unescaped.push_str(" \""),
                _ => unescaped.push_str("\" "),
            }
            unescaped.push_str(piece);
        }
        let mut text = self.text.to_owned();
        text.replace_range(start..end, &unescaped);
        self.over(&text).expression_at(start..end)
    }

    /// The first and the last child.
    fn two(&self, node: Node<'a>) -> Result<(Node<'a>, Node<'a>)> {
        let mut children = node.children();
        match (children.next(), children.next()) {
            (Some(first), Some(second)) => Ok((first, second)),
            _ => Err(Error::internal("a name without a value")),
        }
    }

    fn fields_of(&self, node: Node<'a>) -> Vec<Name> {
        let fields = node.children().filter(|child| child.rule() == Rule::field);
        fields.map(|field| self.field(&field)).collect()
    }

    fn sort_key(&self, node: Node<'a>) -> Result<ArgKind> {
        let (mut descending, mut function, mut field) = (false, None, None);
        for child in node.children() {
            match child.rule() {
                Rule::sign => descending = child.text() == "-",
                Rule::sort_function => function = Some(self.plain_name(&child)),
                _ => field = Some(self.field(&child)),
            }
        }
        Ok(ArgKind::SortKey {
            descending,
            function,
            field: field.ok_or_else(|| Error::internal("a sort key without a field"))?,
        })
    }

    /// `datamodel:"Web.Web"` as one name.
    fn dataset(&self, node: Node<'a>) -> Result<Name> {
        let span = self.span_of(&node);
        let mut children = node.children();
        let first = children.next();
        match (first, children.next()) {
            (Some(kind), Some(field)) => {
                let (name, quoted) = match field.rule() {
                    Rule::quoted_path => (quoted_path(field), true),
                    _ => {
                        let field = self.field(&field);
                        (field.text, field.quoted)
                    }
                };
                Ok(Name {
                    text: format!("{}:{name}", kind.text()),
                    span,
                    quoted,
                })
            }
            (Some(field), None) => Ok(self.field(&field)),
            _ => Err(Error::internal("a dataset without a name")),
        }
    }

    fn call_of(&self, node: Node<'a>) -> Result<ArgKind> {
        let (mut function, mut args, mut alias) = (None, Vec::new(), None);
        let mut after_as = false;
        for child in node.children() {
            match child.rule() {
                Rule::function => function = Some(self.plain_name(&child)),
                Rule::as_kw => after_as = true,
                _ if after_as => alias = Some(self.field(&child)),
                _ => args.push(self.field(&child)),
            }
        }
        Ok(ArgKind::Call {
            function: function.ok_or_else(|| Error::internal("a call without a name"))?,
            args,
            alias,
        })
    }

    /// A regular expression. Always counts as quoted, but only real quotes bring escapes.
    fn pattern(&self, node: &Node) -> Literal {
        let text = node.text();
        let in_quotes = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
        Literal {
            text: if let Some(run) = quoted_run(node) {
                run
            } else if in_quotes {
                quoting::unquote(text)
            } else {
                text.to_owned()
            },
            quoted: true,
            span: self.span_of(node),
        }
    }
}

/// The canonical spelling of a keyword in the AST.
fn keyword(rule: Rule, typed: &str) -> String {
    match rule {
        Rule::by_kw => "BY".into(),
        Rule::desc_kw => "DESC".into(),
        _ => typed.to_uppercase(),
    }
}
