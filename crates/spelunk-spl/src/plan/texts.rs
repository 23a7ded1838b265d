//! Parses the texts of knowledge objects (event types, constraints, calculated fields), each once
//! per search.

use crate::error::{Error, Result};
use crate::knowledge::expand::expand;
use crate::plan::context::QueryContext;
use crate::source::SourceId;
use crate::syntax;
use crate::syntax::ast::{Expr, Search};

/// Parses a search expression: of an event type, a constraint or a `search` field. Expands macros.
///
/// # Errors
/// If the text can't be parsed.
pub fn parse_search(context: &QueryContext, text: &str) -> Result<Search> {
    context.read_texts.search(text, || {
        let (source, text) = expanded(context, text)?;
        syntax::parse_search(source, &text)
    })
}

/// Parses an expression: of a calculated field.
///
/// # Errors
/// If the text can't be parsed.
pub fn parse_expression(context: &QueryContext, text: &str) -> Result<Expr> {
    context.read_texts.expression(text, || {
        let (source, text) = expanded(context, text)?;
        syntax::parse_expression(source, &text, 0)
    })
}

/// Expands the macros of a text, and returns its id among the sources of the search.
///
/// # Errors
/// If a macro is not defined, or called incorrectly.
pub fn expanded(context: &QueryContext, text: &str) -> Result<(SourceId, String)> {
    let mut sources = context
        .sources
        .lock()
        .map_err(|_| Error::internal("the texts are locked"))?;
    let source = sources.add("knowledge object", text);
    let source = expand(&mut sources, source, &context.catalog.macros, &|_| {
        Err(Error::data("a macro with iseval cannot be used here"))
    })?;
    let text = sources.get(source).text.clone();
    Ok((source, text))
}
