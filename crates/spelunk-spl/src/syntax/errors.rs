//! Translates pest's errors into SPL terms.

use std::ops::Range;

use pest::error::{Error as PestError, ErrorVariant, InputLocation};

use super::split::Reader;
use super::{Rule, guard};
use crate::error::Error;
use crate::word;

/// The error of parsing `range` of the reader's text.
pub fn convert(reader: &Reader, error: &PestError<Rule>, range: Range<usize>) -> Error {
    let part = &reader.text[range.clone()];
    let at = match error.location {
        InputLocation::Pos(at) => at,
        InputLocation::Span((at, _)) => at,
    };
    let at = at.min(part.len());
    let at = at + (part[at..].len() - part[at..].trim_start().len());
    let (open, stray) = guard::unbalanced_parens(part);
    let span = |from: usize, to: usize| reader.span(range.start + from..range.start + to);
    if let Some(open) = open.filter(|&open| open <= at) {
        return Error::syntax(
            span(open, open + 1),
            "`)` is missing: this parenthesis is not closed",
        );
    }
    if stray == Some(at) {
        return Error::syntax(span(at, at + 1), "`)` without a matching `(`");
    }
    let found = next_token(&part[at..]);
    let (expected, may_end) = expectations(&error.variant);
    let place = if found.is_empty() {
        let end = part.trim_end().len();
        span(last_token(&part[..end]).start, end)
    } else {
        span(at, at + found.len())
    };
    let before = &part[last_token(part[..at].trim_end())];
    if may_end || (expected.is_empty() && !found.is_empty()) {
        let error = Error::syntax(place, format!("unexpected `{found}`"));
        return match expected.as_slice() {
            [] => error,
            list => error.hint(format!("expected {}", join(list))),
        };
    }
    let mut message = match expected.as_slice() {
        [] => "something is missing".to_owned(),
        list => format!("expected {}", join(list)),
    };
    if !before.is_empty() {
        message.push_str(&format!(" after `{before}`"));
    }
    if !found.is_empty() {
        message.push_str(&format!(", found `{found}`"));
    }
    Error::syntax(place, message)
}

fn join(list: &[&str]) -> String {
    match list.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Up to three of the most helpful expected items, and whether the text could have ended.
fn expectations(variant: &ErrorVariant<Rule>) -> (Vec<&'static str>, bool) {
    let ErrorVariant::ParsingError { positives, .. } = variant else {
        return (Vec::new(), false);
    };
    let mut list: Vec<(u8, &'static str)> = positives
        .iter()
        .filter_map(|&rule| describe(rule))
        .collect();
    list.sort_unstable();
    list.dedup();
    let best = list.first().map_or(0, |(rank, _)| *rank);
    list.retain(|(rank, _)| *rank == best);
    list.truncate(3);
    let words = list.into_iter().map(|(_, words)| words).collect();
    (words, positives.contains(&Rule::EOI))
}

/// A description of a rule and its rank (0 is most helpful). Returns `None` for rules not worth mentioning.
fn describe(rule: Rule) -> Option<(u8, &'static str)> {
    Some(match rule {
        Rule::stage | Rule::command => (0, "a command"),
        Rule::expression
        | Rule::prefix
        | Rule::primary
        | Rule::number
        | Rule::text
        | Rule::call
        | Rule::callee
        | Rule::name
        | Rule::dotted
        | Rule::odd_name
        | Rule::group => (0, "an expression"),
        Rule::assign => (0, "an assignment such as `x=1`"),
        Rule::target => (0, "a field name"),
        Rule::pair | Rule::renamed => (0, "`field AS name`"),
        Rule::call_of => (1, "a function such as `ctime(x)`"),
        Rule::aggregate | Rule::named_aggregate | Rule::called_aggregate | Rule::function => {
            (1, "an aggregation such as `sum(x)`")
        }
        Rule::field | Rule::sort_key | Rule::dataset | Rule::sort_args => (0, "a field name"),
        Rule::value | Rule::search_value | Rule::literal => (0, "a value"),
        Rule::and_op | Rule::or_op | Rule::add_op | Rule::eq_op => (2, "an operator"),
        Rule::pattern | Rule::comparison | Rule::regex_args => {
            (1, "a regular expression in quotes")
        }
        Rule::search_or
        | Rule::search_not
        | Rule::search_field
        | Rule::search_word
        | Rule::search_group => (0, "a search term"),
        Rule::filter | Rule::rest | Rule::search_and => (0, "a search expression"),
        Rule::term_text => (0, "a term"),
        Rule::as_kw | Rule::to_kw | Rule::arrow => (1, "`AS`"),
        Rule::with_kw => (1, "`WITH`"),
        Rule::subsearch => (2, "a subsearch in `[ ]`"),
        Rule::template => (2, "a pipeline in `[ ]`"),
        Rule::option | Rule::option_name => (2, "an option"),
        Rule::compare_op | Rule::threshold_op => (2, "a comparison sign"),
        _ => return None,
    })
}

/// The word, quoted text or sign at the start of `text`.
fn next_token(text: &str) -> &str {
    let word = |c: char| word::is_part(c) || matches!(c, '.' | ':' | '*' | '{' | '}');
    let length = match text.chars().next() {
        None => 0,
        Some('"') => text[1..].find('"').map_or(1, |end| end + 2).min(40),
        Some(c) if word(c) => text.find(|c| !word(c)).unwrap_or(text.len()).min(60),
        Some(c) => c.len_utf8(),
    };
    let mut length = length.min(text.len());
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    &text[..length]
}

/// The range of the last word or sign of `text`.
fn last_token(text: &str) -> Range<usize> {
    let word = |c: char| word::is_part(c) || matches!(c, '.' | '$');
    let start = match text.char_indices().next_back() {
        None => 0,
        Some((_, c)) if word(c) => text
            .char_indices()
            .rev()
            .take_while(|(_, c)| word(*c))
            .last()
            .map_or(0, |(at, _)| at),
        Some((at, _)) => at,
    };
    start..text.len()
}
