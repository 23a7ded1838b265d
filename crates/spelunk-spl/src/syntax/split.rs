//! Splits a pipeline into stages, and runs the second step on each stage's arguments.

use std::ops::Range;

use pest::Parser;
use pest::iterators::Pair;

use super::ast::{Arg, ArgKind, Expr, Name, Pipeline, Search, SplicePart, Stage};
use super::grammar::Grammar;
use super::{Rule, ShapeOf, errors, guard, quoting};
use crate::error::{Error, Result};
use crate::source::{SourceId, Span};

/// A text being parsed: `text` is at byte `offset` of `source`. Ranges are in bytes of `text`.
pub struct Reader<'a> {
    source: SourceId,
    pub(super) text: &'a str,
    offset: usize,
    shape_of: ShapeOf<'a>,
}

/// A pest pair with the position in the reader's text that its offsets are relative to.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// The grammar's match.
    pub pair: Pair<'a, Rule>,
    /// Start of the parsed part in the reader's text.
    pub base: usize,
}

impl<'a> Node<'a> {
    /// The rule that matched.
    pub fn rule(&self) -> Rule {
        self.pair.as_rule()
    }

    /// The text without surrounding blanks.
    pub fn text(&self) -> &'a str {
        self.pair.as_str().trim()
    }

    /// Its byte range in the reader's text, without trailing blanks.
    pub fn range(&self) -> Range<usize> {
        let span = self.pair.as_span();
        let start = self.base + span.start();
        start..start + self.pair.as_str().trim_end().len()
    }

    /// Its child nodes.
    pub fn children(self) -> impl DoubleEndedIterator<Item = Node<'a>> + Clone {
        let base = self.base;
        self.pair
            .into_inner()
            .filter(|pair| pair.as_rule() != Rule::EOI)
            .map(move |pair| Node { pair, base })
    }

    /// The only or first child of a rule that always has one.
    pub fn child(self) -> Result<Node<'a>> {
        let rule = self.rule();
        self.children()
            .next()
            .ok_or_else(|| Error::internal(format!("the grammar gave an empty {rule:?}")))
    }
}

impl<'a> Reader<'a> {
    /// Creates a reader for `text`, which [`super::guard::check`] has checked.
    pub fn new(
        source: SourceId,
        text: &'a str,
        offset: usize,
        shape_of: ShapeOf<'a>,
    ) -> Reader<'a> {
        Reader {
            source,
            text,
            offset,
            shape_of,
        }
    }

    /// A reader for a text with the same positions.
    pub fn over<'b>(&'b self, text: &'b str) -> Reader<'b> {
        Reader::new(self.source, text, self.offset, self.shape_of)
    }

    /// The span of a range of the text.
    pub fn span(&self, range: Range<usize>) -> Span {
        Span::new(
            self.source,
            self.offset + range.start..self.offset + range.end,
        )
    }

    /// The span of a node.
    pub fn span_of(&self, node: &Node) -> Span {
        self.span(node.range())
    }

    /// Parses part of the text by one rule, and returns that rule's node.
    pub fn apply(&self, rule: Rule, range: Range<usize>) -> Result<Node<'a>> {
        let part = &self.text[range.clone()];
        let mut pairs = Grammar::parse(rule, part)
            .map_err(|error| errors::convert(self, &error, range.clone()))?;
        let pair = pairs
            .next()
            .ok_or_else(|| Error::internal("the grammar gave nothing"))?;
        Ok(Node {
            pair,
            base: range.start,
        })
    }

    /// Parses a pipeline. An `outermost` one begins with a search unless it begins with `|`; others begin
    /// with a command.
    pub fn pipeline(&self, range: Range<usize>, outermost: bool) -> Result<Pipeline> {
        let blank = self.text[range.clone()].trim();
        if blank.is_empty() {
            return Err(Error::syntax(self.span(range), "the search is empty"));
        }
        let rule = if outermost {
            Rule::pipeline
        } else {
            Rule::subpipeline
        };
        let span = self.span(range.clone());
        let range = without_last_bar(self.text, range);
        let mut stages = Vec::new();
        let mut errors = Vec::new();
        for node in self.apply(rule, range)?.children() {
            let stage = match node.rule() {
                Rule::stage => self.stage(node),
                Rule::first_search => self.first_search(node),
                _ => continue,
            };
            match stage {
                Ok(stage) => stages.push(stage),
                Err(error) => errors.push(error),
            }
        }
        Error::all(errors)?;
        Ok(Pipeline { stages, span })
    }

    fn stage(&self, node: Node<'a>) -> Result<Stage> {
        let span = self.span_of(&node);
        let mut name = None;
        let mut args = node.range().end..node.range().end;
        for child in node.children() {
            match child.rule() {
                Rule::command => name = Some(self.plain_name(&child)),
                _ => args = child.range(),
            }
        }
        let name = name.ok_or_else(|| Error::internal("a stage without a name"))?;
        let args = self.stage_args(&name, args)?;
        Ok(Stage { name, args, span })
    }

    /// The search before the first `|`, in which `search` is optional.
    fn first_search(&self, node: Node<'a>) -> Result<Stage> {
        let span = self.span_of(&node);
        let start = node.range().start;
        let mut name = Name {
            text: "search".into(),
            span: self.span(start..start),
            quoted: false,
        };
        let mut args = start..start;
        for child in node.children() {
            match child.rule() {
                Rule::search_word_itself => name = self.plain_name(&child),
                _ => args = child.range(),
            }
        }
        let args = self.stage_args(&name, args)?;
        Ok(Stage { name, args, span })
    }

    fn stage_args(&self, name: &Name, range: Range<usize>) -> Result<Vec<Arg>> {
        let raw = &self.text[range.clone()];
        let start = range.start + (raw.len() - raw.trim_start().len());
        let range = start.min(range.end)..range.end;
        match (self.shape_of)(&name.text) {
            Some(rule) => match self.apply(rule, range.clone()) {
                Ok(node) => self.args(node),
                Err(error) => self.splice(range)?.ok_or(error),
            },
            None if range.is_empty() => Ok(Vec::new()),
            None => Ok(vec![Arg {
                kind: ArgKind::Raw(self.text[range.clone()].to_owned()),
                span: self.span(range),
            }]),
        }
    }

    /// Arguments that a command does not take as they are, but perhaps with the text of their subsearches.
    /// Returns `None` if there is no subsearch among them.
    fn splice(&self, range: Range<usize>) -> Result<Option<Vec<Arg>>> {
        let Ok(node) = self.apply(Rule::spliced, range.clone()) else {
            return Ok(None);
        };
        let mut parts = Vec::new();
        let mut found = false;
        for child in node.children() {
            if child.rule() != Rule::subsearch {
                let text = quoting::with_single_blanks(child.pair.as_str());
                parts.push(SplicePart::Text(text));
                continue;
            }
            let inner = child.text()[1..].trim_start();
            match self.subsearch(&child) {
                Ok(pipeline) => parts.push(SplicePart::Subsearch(pipeline)),
                Err(error) if inner.starts_with('|') => return Err(error),
                // Brackets that hold something else.
                Err(_) => return Ok(None),
            }
            found = true;
        }
        let arg = Arg {
            kind: ArgKind::Splice(parts),
            span: self.span(range),
        };
        Ok(found.then(|| vec![arg]))
    }

    /// The pipeline between the brackets of a node.
    pub fn subsearch(&self, node: &Node) -> Result<Pipeline> {
        let range = node.range();
        self.pipeline(range.start + 1..range.end - 1, false)
    }

    /// Parses all of `range` as an expression.
    pub fn expression_at(&self, range: Range<usize>) -> Result<Expr> {
        let start = range.start + leading_blanks(&self.text[range.clone()]);
        let whole = self.apply(Rule::where_args, start..range.end)?;
        self.expression(whole.child()?)
    }

    /// Parses all of `range` as a search expression.
    pub fn search_at(&self, range: Range<usize>) -> Result<Search> {
        let start = range.start + leading_blanks(&self.text[range.clone()]);
        let whole = self.apply(Rule::search_args, start..range.end)?;
        self.search(whole.children())
    }

    /// A name exactly as written.
    pub fn plain_name(&self, node: &Node) -> Name {
        Name {
            text: node.text().to_owned(),
            span: self.span_of(node),
            quoted: false,
        }
    }
}

/// The command whose stage contains byte `at` of `text`, innermost subsearch first.
pub fn command_at(text: &str, at: usize) -> Option<String> {
    let source = SourceId::default();
    let text = guard::check(source, text, 0).ok()?;
    let reader = Reader::new(source, &text, 0, &|_| None);
    let (mut range, mut outermost, mut found) = (0..text.len(), true, None);
    loop {
        let rule = if outermost {
            Rule::pipeline
        } else {
            Rule::subpipeline
        };
        let Ok(stages) = reader.apply(rule, range) else {
            return found;
        };
        let here = stages
            .children()
            .filter(|node| matches!(node.rule(), Rule::stage | Rule::first_search))
            .take_while(|node| node.range().start <= at)
            .last();
        let Some(here) = here else {
            return found;
        };
        let (stage, is_search) = (here.range(), here.rule() == Rule::first_search);
        let command = here
            .children()
            .find(|child| child.rule() == Rule::command)
            .filter(|_| !is_search);
        found = Some(command.map_or("search".to_owned(), |name| name.text().to_owned()));
        match guard::bracket_around(&text[stage.clone()], at - stage.start) {
            Some(inner) => range = stage.start + inner.start..stage.start + inner.end,
            None => return found,
        }
        outermost = false;
    }
}

fn leading_blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The range without a pipe after the last command: it is left over from editing, and Splunk accepts it. A search that
/// is only pipes keeps them.
fn without_last_bar(text: &str, range: Range<usize>) -> Range<usize> {
    let rest = text[range.clone()].trim_end();
    let Some(before) = rest.strip_suffix('|') else {
        return range;
    };
    let before = before.trim_end();
    if before.is_empty() || before.ends_with(['|', '\\', '[']) {
        return range;
    }
    range.start..range.start + before.len()
}
