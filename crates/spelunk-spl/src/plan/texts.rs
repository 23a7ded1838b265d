//! Parses the texts of knowledge objects (event types, constraints, calculated fields), each once
//! per search. Also evaluates the expressions of macros.

use std::borrow::Cow;

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::knowledge::expand::expand;
use crate::plan::context::QueryContext;
use crate::plan::expr::bind::Binder;
use crate::plan::schema::Schema;
use crate::source::SourceId;
use crate::syntax;
use crate::syntax::ast::{Expr, Search};
use crate::value::{Type, Value, parse_number};

/// Parses a search expression: of an event type, a constraint or a `search` field. Expands macros.
///
/// # Errors
/// If the text can't be parsed.
pub fn parse_search(context: &QueryContext, text: &str) -> Result<Search> {
    context.read_texts.search(text, || {
        let (source, text) = expanded(context, text)?;
        let search = syntax::parse_search(source, &text)?;
        Ok(match context.any_index {
            true => without_index(&search).unwrap_or(Search::And(Vec::new())),
            false => search,
        })
    })
}

/// A search expression in which conditions on `index` hold for all events; `None` if nothing else is left.
pub fn without_index(search: &Search) -> Option<Search> {
    let several = |parts: &[Search]| parts.iter().map(without_index).collect::<Vec<_>>();
    match search {
        Search::Compare { field, .. }
        | Search::In { field, .. }
        | Search::CompareSubsearch { field, .. }
            if field.text.eq_ignore_ascii_case("index") =>
        {
            None
        }
        Search::And(parts) => {
            let parts: Vec<Search> = several(parts).into_iter().flatten().collect();
            (!parts.is_empty()).then_some(Search::And(parts))
        }
        // An alternative that holds for all events makes the others superfluous.
        Search::Or(parts) => several(parts)
            .into_iter()
            .collect::<Option<_>>()
            .map(Search::Or),
        Search::Not(inner) => without_index(inner).map(|inner| Search::Not(Box::new(inner))),
        other => Some(other.clone()),
    }
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
    let evaluate = |text: &str, fields: &[(&str, &str)]| evaluate(context, text, fields);
    let source = expand(&mut sources, source, &context.catalog.macros, &evaluate)?;
    let text = sources.get(source).text.clone();
    Ok((source, text))
}

/// Evaluates an expression of a macro, with its arguments as fields. An argument that reads as a number is one.
///
/// # Errors
/// If the expression can't be parsed, is badly typed, or can't be computed.
pub fn evaluate(
    context: &QueryContext,
    text: &str,
    fields: &[(&str, &str)],
) -> Result<Value<'static>> {
    let without_place = |mut error: Error| {
        error.span = None;
        error
    };
    // The calling expansion holds the lock on the source texts, so this text is not added to them.
    let expr = syntax::parse_expression(SourceId(0), text, 0).map_err(without_place)?;
    let value_of = |text| match parse_number(text) {
        Some(number) => Value::Num(number),
        None => Value::Text(Cow::Borrowed(text)),
    };
    let fields: IndexMap<&str, Value<'_>> = fields
        .iter()
        .map(|&(name, text)| (name, value_of(text)))
        .collect();
    let schema: Schema = fields
        .iter()
        .map(|(name, value)| match value {
            Value::Num(_) => ((*name).to_owned(), Type::Number),
            _ => ((*name).to_owned(), Type::Text),
        })
        .collect();
    let no_search = |_: &str| {
        Err(Error::data(
            "searchmatch cannot be used in a macro's expression",
        ))
    };
    let program = Binder::new(&schema, &no_search)
        .any(&expr)
        .map_err(without_place)?;
    let values: Vec<Value<'_>> = program
        .slots
        .iter()
        .map(|slot| fields.get(slot.as_str()).cloned().unwrap_or(Value::Null))
        .collect();
    program
        .eval(&context.clock, &values)
        .map(Value::into_owned)
        .map_err(Error::data)
}
