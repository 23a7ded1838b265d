//! Search expressions, as used by `search`, `tstats ... where`, event types and constraints.

use super::ast::{CompareOp, Literal, Name, Search};
use super::split::{Node, Reader};
use super::{MAX_NESTING, Rule, quoting};
use crate::error::{Error, ErrorKind, Result};

/// A conjunction; flattens nested ones.
fn all(parts: Vec<Search>) -> Search {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Search::And(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    one_or(flat, Search::And)
}

/// A disjunction; flattens nested ones.
fn any(parts: Vec<Search>) -> Search {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Search::Or(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    one_or(flat, Search::Or)
}

fn one_or(mut parts: Vec<Search>, list: fn(Vec<Search>) -> Search) -> Search {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            list(parts)
        }
        None => list(parts),
    }
}

impl<'a> Reader<'a> {
    /// The conjunction of the nodes of one level; no nodes match everything.
    pub fn search(&self, nodes: impl Iterator<Item = Node<'a>>) -> Result<Search> {
        let mut parts = Vec::new();
        for node in nodes {
            match node.rule() {
                Rule::and_kw => {}
                _ => parts.push(self.search_node(node)?),
            }
        }
        Ok(all(parts))
    }

    fn search_node(&self, node: Node<'a>) -> Result<Search> {
        match node.rule() {
            Rule::search_and | Rule::search_group => self.search(node.children()),
            Rule::search_or => {
                let terms = node.children().filter(|child| child.rule() != Rule::or_kw);
                Ok(any(terms
                    .map(|child| self.search_node(child))
                    .collect::<Result<_>>()?))
            }
            Rule::search_not => self.search_not(node),
            Rule::search_compare => self.search_compare(node),
            Rule::search_in => self.search_in(node),
            Rule::search_pair => {
                let mut children = node.children();
                let (Some(name), Some(value)) = (children.next(), children.next()) else {
                    return Err(Error::internal("an incomplete `field::value`"));
                };
                Ok(Search::Compare {
                    field: self.plain_name(&name),
                    op: CompareOp::Eq,
                    value: self.search_literal(&value),
                })
            }
            Rule::search_word => Ok(Search::Term(self.search_literal(&node))),
            Rule::exact_term => Ok(Search::ExactTerm(self.literal(&node.child()?))),
            Rule::case_term => Ok(Search::CaseTerm(self.literal(&node.child()?))),
            Rule::subsearch => Ok(Search::Subsearch(self.subsearch(&node)?)),
            other => Err(Error::internal(format!("no search is made of {other:?}"))),
        }
    }

    fn search_not(&self, node: Node<'a>) -> Result<Search> {
        let mut negations = 0;
        let span = self.span_of(&node);
        for child in node.children() {
            if child.rule() == Rule::not_kw {
                negations += 1;
                continue;
            }
            if negations > MAX_NESTING {
                let message = format!("more than {MAX_NESTING} `NOT`s in a row");
                return Err(Error::new(ErrorKind::TooLarge(message)).at(span));
            }
            let term = self.search_node(child)?;
            return Ok((0..negations).fold(term, |inner, _| Search::Not(Box::new(inner))));
        }
        Err(Error::internal("`NOT` without a term"))
    }

    fn search_compare(&self, node: Node<'a>) -> Result<Search> {
        let mut children = node.children();
        let (Some(field), Some(op), Some(value)) =
            (children.next(), children.next(), children.next())
        else {
            return Err(Error::internal("an incomplete comparison"));
        };
        let (field, op) = (self.field(&field), compare_op(op.text()));
        match value.rule() {
            Rule::subsearch => Ok(Search::CompareSubsearch {
                field,
                op,
                pipeline: self.subsearch(&value)?,
                list: false,
            }),
            Rule::search_values => {
                let values = value.children().filter(|v| v.rule() == Rule::search_value);
                Ok(any(values
                    .map(|v| Search::Compare {
                        field: field.clone(),
                        op,
                        value: self.search_literal(&v),
                    })
                    .collect()))
            }
            _ => Ok(Search::Compare {
                field,
                op,
                value: self.search_literal(&value),
            }),
        }
    }

    fn search_in(&self, node: Node<'a>) -> Result<Search> {
        let mut field = None;
        let mut negated = false;
        let mut values = Vec::new();
        let mut pipelines = Vec::new();
        for child in node.children() {
            match child.rule() {
                Rule::search_field => field = Some(self.field(&child)),
                Rule::not_kw => negated = true,
                Rule::subsearch => pipelines.push(self.subsearch(&child)?),
                _ => values.push(self.search_literal(&child)),
            }
        }
        let field = field.ok_or_else(|| Error::internal("`IN` without a field"))?;
        let mut found: Vec<Search> = pipelines
            .into_iter()
            .map(|pipeline| Search::CompareSubsearch {
                field: field.clone(),
                op: CompareOp::Eq,
                pipeline,
                list: true,
            })
            .collect();
        if found.is_empty() || !values.is_empty() {
            found.insert(0, Search::In { field, values });
        }
        let found = any(found);
        Ok(if negated {
            Search::Not(Box::new(found))
        } else {
            found
        })
    }

    /// A word or value of a search expression.
    fn search_literal(&self, node: &Node) -> Literal {
        let literal = self.literal(node);
        match literal.quoted {
            true => literal,
            false => Literal {
                text: quoting::unescape_word(node.text()),
                ..literal
            },
        }
    }

    /// A value, quoted or not.
    pub fn literal(&self, node: &Node) -> Literal {
        let text = node.text();
        let quoted = text.starts_with('"');
        let path = node.clone().children().next();
        Literal {
            text: if let Some(run) = quoted_run(node) {
                run
            } else if let Some(path) = path.filter(|p| p.rule() == Rule::quoted_path) {
                quoted_path(path)
            } else if quoted {
                quoting::unquote(text)
            } else {
                quoting::unescape(text, true)
            },
            quoted,
            span: self.span_of(node),
        }
    }

    /// A field's name, quoted or not.
    pub fn field(&self, node: &Node<'a>) -> Name {
        let text = node.text();
        let inner = node.clone().children().next().map(|child| child.rule());
        let (text, quoted) = match inner {
            Some(Rule::quoted) => (quoting::unquote(text), true),
            Some(Rule::single_quoted) => (quoting::unquote_single(text), true),
            Some(Rule::partly_quoted) => (quoting::unquote_parts(text), true),
            Some(Rule::search_name) => (quoting::unescape_word(text), false),
            _ => (quoting::unescape(text, true), false),
        };
        Name {
            text,
            span: self.span_of(node),
            quoted,
        }
    }
}

/// The text of quotes side by side: `"a""b"`.
pub fn quoted_run(node: &Node<'_>) -> Option<String> {
    let run = node
        .clone()
        .children()
        .find(|child| child.rule() == Rule::quoted_run)?;
    Some(
        run.children()
            .map(|part| quoting::unquote(part.text()))
            .collect(),
    )
}

/// `"Web"."Web"` as one name.
pub fn quoted_path(node: Node<'_>) -> String {
    let parts = node.children().map(|part| quoting::unquote(part.text()));
    parts.collect::<Vec<_>>().join(".")
}

/// The comparison operator of a sign.
pub fn compare_op(sign: &str) -> CompareOp {
    match sign {
        "!=" => CompareOp::Ne,
        "<" => CompareOp::Lt,
        "<=" => CompareOp::Le,
        ">" => CompareOp::Gt,
        ">=" => CompareOp::Ge,
        _ => CompareOp::Eq,
    }
}
