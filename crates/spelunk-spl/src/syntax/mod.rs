//! Text to tree and back: the pest grammar, the parser, the printer. Knows no command and no function by name.
//!
//! A pipeline is parsed in two steps: it is split into stages (a command's name and raw
//! arguments), then each stage's arguments are parsed by the rule that belongs to its command.
//! Macros must be expanded before.

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
    //! What pest makes of the grammar files; `Rule` has one variant a rule.
    #![allow(missing_docs)]

    /// The parser over all grammar files.
    #[derive(pest_derive::Parser)]
    #[grammar = "../../grammar/pipeline.pest"]
    #[grammar = "../../grammar/shapes.pest"]
    #[grammar = "../../grammar/expression.pest"]
    #[grammar = "../../grammar/search.pest"]
    #[grammar = "../../grammar/commands.pest"]
    pub struct Grammar;
}

/// Nesting of parentheses and brackets beyond which a text is refused.
pub const MAX_NESTING: usize = 100;

/// Nesting of subsearches beyond which a text is refused.
pub const MAX_SUBSEARCHES: usize = 20;

/// Depth of an expression's tree beyond which it is refused: bounds the stack that
/// walking the tree takes. Chains of `AND` and `OR` do not count, however long.
pub const MAX_DEPTH: usize = 250;

/// Gives the rule of a command's arguments, `None` for a command that is not known.
/// The name comes as typed.
pub type ShapeOf<'a> = &'a dyn Fn(&str) -> Option<Rule>;

/// Parses a whole search whose macros are expanded. Without a leading `|` it begins with `search`.
///
/// A stage whose command `shape_of` does not know keeps its arguments as [`ast::ArgKind::Raw`].
///
/// # Errors
/// [`crate::error::ErrorKind::Syntax`] at the place that can't be read, further stages' errors
/// as `others`; [`crate::error::ErrorKind::TooLarge`] for a text nested too deeply.
pub fn parse(source: SourceId, text: &str, shape_of: ShapeOf) -> Result<ast::Pipeline> {
    let text = guard::check(source, text, 0)?;
    split::Reader::new(source, &text, 0, shape_of).pipeline(0..text.len(), true)
}

/// Parses a pipeline that begins with a command, as in a subsearch or in the body of `foreach`
/// once its tokens are filled in. `text` stands at byte `offset` of `source`.
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

/// The command (as typed, `search` where none is) in whose stage byte `at` of `text` lies,
/// subsearches included: to show its synopsis with an error. `None` where stages can't be told.
pub fn command_at(text: &str, at: usize) -> Option<String> {
    split::command_at(text, at)
}

/// Parses an expression of `eval`, which stands at byte `offset` of `source`.
///
/// # Errors
/// As [`parse`].
pub fn parse_expression(source: SourceId, text: &str, offset: usize) -> Result<ast::Expr> {
    let text = guard::check(source, text, offset)?;
    split::Reader::new(source, &text, offset, &|_| None).expression_at(0..text.len())
}

/// Parses a search expression: an event type, a tag's or a data model's constraint.
///
/// # Errors
/// As [`parse`].
pub fn parse_search(source: SourceId, text: &str) -> Result<ast::Search> {
    let text = guard::check(source, text, 0)?;
    split::Reader::new(source, &text, 0, &|_| None).search_at(0..text.len())
}
