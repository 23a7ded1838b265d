//! Aggregations of `stats` and related commands, with the names of their result columns.

use super::ast::{Aggregate, AggregateArg, Name};
use super::split::{Node, Reader};
use super::{Rule, quoting};
use crate::error::{Error, Result};

impl<'a> Reader<'a> {
    /// `sum(x) AS y`, `count`, `count(eval(a=1))`, `eval(round(avg(x), 1))`.
    pub fn aggregate(&self, node: Node<'a>) -> Result<Aggregate> {
        let mut function: Option<Name> = None;
        let mut arg = AggregateArg::None;
        let mut label = String::new();
        let mut alias = None;
        let mut after_as = false;
        let start = node.range().start;
        let mut end = node.range().end;
        for child in node.children() {
            match child.rule() {
                Rule::function => {
                    label = child.text().to_owned();
                    function = Some(self.plain_name(&child));
                }
                Rule::eval_of if function.is_none() => {
                    let range = child.range();
                    let word = range.start..range.start + "eval".len();
                    function = Some(Name {
                        text: self.text[word.clone()].to_owned(),
                        span: self.span(word),
                        quoted: false,
                    });
                    label = child.text().to_owned();
                    arg = AggregateArg::Eval(self.expression(child.child()?)?);
                }
                Rule::eval_of => {
                    label = format!("{label}({})", child.text());
                    arg = AggregateArg::Eval(self.expression(child.child()?)?);
                }
                Rule::nested_aggregate => {
                    arg = self.nested(child)?;
                    if let AggregateArg::Nested(inner, span) = &arg {
                        let span = span.as_ref().map(|s| format!(", {}", s.text));
                        label = format!("{label}({}{})", inner.label, span.unwrap_or_default());
                    }
                }
                Rule::as_kw => {
                    after_as = true;
                    end = self.text[..child.range().start].trim_end().len();
                }
                Rule::field if after_as => alias = Some(self.field(&child)),
                Rule::field | Rule::spaced_field => {
                    let mut field = self.field(&child);
                    if child.rule() == Rule::spaced_field {
                        field.text = quoting::with_single_blanks(&field.text);
                        field.quoted = true;
                    }
                    label = format!("{label}({})", field.text);
                    arg = AggregateArg::Field(field);
                }
                _ => {}
            }
        }
        Ok(Aggregate {
            function: function.ok_or_else(|| Error::internal("an aggregation without a name"))?,
            arg,
            alias,
            label,
            span: self.span(start..end),
        })
    }

    fn nested(&self, node: Node<'a>) -> Result<AggregateArg> {
        let mut inner = None;
        let mut span = None;
        for child in node.children() {
            match child.rule() {
                Rule::value => span = Some(self.literal(&child)),
                _ => inner = Some(self.aggregate(child)?),
            }
        }
        let inner = inner.ok_or_else(|| Error::internal("an empty nested aggregation"))?;
        Ok(AggregateArg::Nested(Box::new(inner), span))
    }
}
