//! The pest grammar, the parser and the printer: text to AST and back. Knows no command or function by name.
//!
//! A pipeline is parsed in two steps: it is split into stages (a command's name and raw arguments), then the
//! rule of each command parses its stage's arguments. Macros must already be expanded.

mod aggregates;
mod args;
pub mod ast;
mod errors;
mod expression;
pub mod format;
mod guard;
pub mod print;
mod quoting;
mod search;
mod special;
mod split;
#[cfg(test)]
mod tests;
mod walk;

use crate::error::Result;
use crate::source::SourceId;

pub use grammar::Rule;
pub use quoting::{quote, quote_single};
pub use special::SpecialField;

mod grammar {
    //! Code that pest generates from the grammar files; `Rule` has one variant per rule.
    #![allow(missing_docs)]

    /// The parser for all grammar files.
    #[derive(pest_derive::Parser)]
    #[grammar = "../../grammar/pipeline.pest"]
    #[grammar = "../../grammar/shapes.pest"]
    #[grammar = "../../grammar/expression.pest"]
    #[grammar = "../../grammar/search.pest"]
    #[grammar = "../../grammar/commands.pest"]
    pub struct Grammar;
}

/// Maximum nesting of parentheses and brackets.
pub const MAX_NESTING: usize = 100;

/// Maximum nesting of subsearches.
pub const MAX_SUBSEARCHES: usize = 20;

/// Maximum depth of an expression's tree, which bounds the stack needed to walk it. Chains of `AND` and `OR`
/// do not count, however long.
pub const MAX_DEPTH: usize = 250;

/// Returns the rule for a command's arguments, given its name as typed, or `None` for an unknown command.
pub type ShapeOf<'a> = &'a dyn Fn(&str) -> Option<Rule>;

/// Parses a whole search with macros expanded. Without a leading `|` it begins with `search`.
///
/// A stage with a command that `shape_of` does not know keeps its arguments as [`ast::ArgKind::Raw`].
///
/// # Errors
/// [`crate::error::ErrorKind::Syntax`] at the invalid position, with errors of further stages in `others`;
/// [`crate::error::ErrorKind::TooLarge`] for a text nested too deeply.
pub fn parse(source: SourceId, text: &str, shape_of: ShapeOf) -> Result<ast::Pipeline> {
    let text = guard::check(source, text, 0)?;
    split::Reader::new(source, &text, 0, shape_of).pipeline(0..text.len(), true)
}

/// Parses a pipeline that begins with a command, as in a subsearch or in the body of `foreach` after token
/// substitution. `text` is at byte `offset` of `source`.
///
/// # Errors
/// As [`parse`].
pub fn parse_fragment(
    source: SourceId,
    text: &str,
    offset: usize,
    shape_of: ShapeOf,
) -> Result<ast::Pipeline> {
    let text = guard::check(source, text, offset)?;
    split::Reader::new(source, &text, offset, shape_of).pipeline(0..text.len(), false)
}

/// The command (as typed; `search` if implicit) whose stage contains byte `at` of `text`, including in
/// subsearches. Used to show its synopsis with an error. Returns `None` if the text can't be split into
/// stages.
pub fn command_at(text: &str, at: usize) -> Option<String> {
    split::command_at(text, at)
}

/// Parses an expression of `eval` at byte `offset` of `source`.
///
/// # Errors
/// As [`parse`].
pub fn parse_expression(source: SourceId, text: &str, offset: usize) -> Result<ast::Expr> {
    let text = guard::check(source, text, offset)?;
    split::Reader::new(source, &text, offset, &|_| None).expression_at(0..text.len())
}

/// Parses a search expression: an event type, or a constraint of a tag or a data model.
///
/// # Errors
/// As [`parse`].
pub fn parse_search(source: SourceId, text: &str) -> Result<ast::Search> {
    let text = guard::check(source, text, 0)?;
    split::Reader::new(source, &text, 0, &|_| None).search_at(0..text.len())
}
