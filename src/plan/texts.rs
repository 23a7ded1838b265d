//! Reads the texts of knowledge objects (event types, constraints, calculated fields), each once
//! a search.

use crate::error::{Error, Result};
use crate::knowledge::expand::expand;
use crate::plan::context::QueryContext;
use crate::source::SourceId;
use crate::syntax;
use crate::syntax::ast::{Expr, Search};

/// Reads the text of a search expression: an event type's, a constraint's, a `search` field's.
/// Macros in it are expanded.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_search(context: &QueryContext, text: &str) -> Result<Search> {
    context.read_texts.search(text, || {
        let (source, text) = expanded(context, text)?;
        syntax::parse_search(source, &text)
    })
}

/// Reads the text of an expression: a calculated field's.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_expression(context: &QueryContext, text: &str) -> Result<Expr> {
    context.read_texts.expression(text, || {
        let (source, text) = expanded(context, text)?;
        syntax::parse_expression(source, &text, 0)
    })
}

/// A text with its macros expanded, and its place among the texts of the search.
///
/// # Errors
/// A macro that nobody defined, or what is wrong with a call.
pub fn expanded(context: &QueryContext, text: &str) -> Result<(SourceId, String)> {
    let mut sources = context
        .sources
        .lock()
        .map_err(|_| Error::internal("the texts are locked"))?;
    let source = sources.add("knowledge object", text);
    let source = expand(&mut sources, source, &context.catalog.macros, &|_| {
        Err(Error::data("a macro with iseval can't stand here"))
    })?;
    let text = sources.get(source).text.clone();
    Ok((source, text))
}
