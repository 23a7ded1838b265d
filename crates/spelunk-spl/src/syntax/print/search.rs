//! Prints search expressions.

use pest::Parser;

use super::subsearch;
use crate::syntax::ast::{Literal, Name, Search};
use crate::syntax::grammar::Grammar;
use crate::syntax::{Rule, quoting};

/// Prints a search expression.
pub fn search(value: &Search) -> String {
    match value {
        Search::And(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| match part {
                    // Not required, but few readers know that OR binds tighter.
                    Search::Or(_) | Search::And(_) => format!("({})", search(part)),
                    _ => search(part),
                })
                .collect();
            parts.join(" ")
        }
        Search::Or(parts) => {
            let parts: Vec<String> = parts.iter().map(search_operand).collect();
            parts.join(" OR ")
        }
        Search::Not(inner) => format!("NOT {}", search_operand(inner)),
        Search::Compare { field, op, value } => {
            format!(
                "{}{}{}",
                search_field(field, op.symbol()),
                op.symbol(),
                compared(value)
            )
        }
        Search::CompareSubsearch {
            field,
            op,
            pipeline,
            list,
        } => {
            let inner = subsearch(pipeline);
            match list {
                true => format!("{} IN ({inner})", search_field(field, "IN")),
                false => format!("{}{}{inner}", search_field(field, op.symbol()), op.symbol()),
            }
        }
        Search::In { field, values } => {
            let values: Vec<String> = values.iter().map(compared).collect();
            format!("{} IN ({})", search_field(field, "IN"), values.join(", "))
        }
        Search::Term(value) => term(value),
        Search::ExactTerm(value) => format!("TERM({})", exact(value)),
        Search::CaseTerm(value) => format!("CASE({})", exact(value)),
        Search::Subsearch(inner) => subsearch(inner),
    }
}

fn search_operand(value: &Search) -> String {
    match value {
        Search::And(_) | Search::Or(_) => format!("({})", search(value)),
        _ => search(value),
    }
}

/// Characters that end a bare word of a search.
const WORD_STOPS: [char; 5] = ['=', '<', '>', '(', ')'];

/// Prints a field before `next`. Directly before a comparison operator even `OR` is a name.
fn search_field(name: &Name, next: &str) -> String {
    let plain = !name.quoted && (next != "IN" || !operator_word(&name.text));
    match quoting::bare_word(&name.text, &WORD_STOPS) {
        // `!` and `=` together would be an operator.
        Some(bare) if plain && bare.ends_with('!') => bare + " ",
        Some(bare) if plain => bare,
        _ => quoting::quote(&name.text),
    }
}

fn term(value: &Literal) -> String {
    let bare = match quoting::bare_word(&value.text, &WORD_STOPS) {
        // Parenthesized alternatives may follow, which are not a list of values.
        Some(text) if !value.quoted && text.eq_ignore_ascii_case("in") => Some(format!("({text})")),
        // `a::b` compares a field.
        Some(text) if !value.quoted && Grammar::parse(Rule::search_pair, &text).is_ok() => None,
        Some(text) if !value.quoted && !operator_word(&value.text) => Some(text),
        _ => None,
    };
    bare.unwrap_or_else(|| quoting::quote(&value.text))
}

fn exact(value: &Literal) -> String {
    let bare = (!value.quoted).then(|| bare_term(&value.text)).flatten();
    bare.unwrap_or_else(|| quoting::quote(&value.text))
}

/// Prints an unquoted term. It may contain blanks and commas, but nothing that would end it. Returns `None`
/// if it needs quotes.
fn bare_term(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut open = 0usize;
    for c in text.chars() {
        match c {
            ')' | '`' => return None,
            '[' => open += 1,
            ']' => open = open.checked_sub(1)?,
            '"' | '\\' | '|' => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    (open == 0 && !text.is_empty() && text.trim() == text).then_some(out)
}

/// Whether a word of a search is one of its operators. `XOR` is not.
fn operator_word(text: &str) -> bool {
    ["and", "or", "not"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// Prints a value after a comparison operator, an equals sign, or in a list; quotes text that would parse as
/// part of them.
fn compared(value: &Literal) -> String {
    let is_bare = !value.quoted && !is_part_of_operator(value);
    let bare = quoting::bare_word(&value.text, &[]).filter(|_| is_bare);
    bare.unwrap_or_else(|| quoting::quote(&value.text))
}

/// Whether a value without quotes would parse as part of the operator or list before it.
pub(super) fn is_part_of_operator(value: &Literal) -> bool {
    value.text == "," || value.text.starts_with('=')
}
