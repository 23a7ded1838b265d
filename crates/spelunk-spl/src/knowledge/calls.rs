//! Finds macro calls in a search: where backticks count, and the byte ranges of a call's arguments.

use std::ops::Range;

use crate::word;

/// Maximum nesting depth of calls inside the arguments of calls.
const MAX_NESTING: usize = 64;

/// A result of [`next`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A macro call.
    Call(CallText),
    /// A backtick that opens no call, with its position and the reason. The search continues after it.
    Broken {
        /// The backtick.
        at: Range<usize>,
        /// The reason.
        why: String,
    },
}

/// The parts of a macro call, as byte ranges of the scanned text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CallText {
    /// With its backticks.
    pub(super) whole: Range<usize>,
    /// The macro's name, trimmed.
    pub(super) name: Range<usize>,
    /// Each argument, trimmed, with its quotes. Empty when there are no parentheses, or nothing between them.
    pub(super) arguments: Vec<Range<usize>>,
}

/// Returns the first macro call of `text` at or after `from`, outside strings and comments.
///
/// Macros inside quoted values are not expanded (Knowledge Manager Manual, "Use search macros in searches").
/// `from` must be outside strings and comments.
pub(super) fn next(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'\\')) => at += 2,
            b'"' => at = string_end(bytes, at),
            b'`' if is_comment(bytes, at) => match comment_end(text, at) {
                Some(end) => at = end,
                None => {
                    return Some(Found::Broken {
                        at: at..at + 3,
                        why: "the comment that starts here is not closed by ```".to_owned(),
                    });
                }
            },
            b'`' => {
                return Some(call(text, at, 0).map_or_else(
                    |why| Found::Broken {
                        at: at..at + 1,
                        why,
                    },
                    Found::Call,
                ));
            }
            _ => at += 1,
        }
    }
    None
}

/// The name of an argument given as `name=value`, and the offset where its value starts.
pub(super) fn named_argument<'t>(text: &'t str, names: &[String]) -> Option<(&'t str, usize)> {
    let equals = text.find('=')?;
    let name = text[..equals].trim();
    let value = &text[equals + 1..];
    let start = text.len() - value.trim_start().len();
    (names.iter().any(|n| n == name) && !value.starts_with('=')).then_some((name, start))
}

/// Whether the whole of `text` is one quoted string.
pub(super) fn is_quoted(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with('"')
        && text.ends_with('"')
        && string_end(text.as_bytes(), 0) == text.len()
}

fn is_comment(bytes: &[u8], at: usize) -> bool {
    bytes[at..].starts_with(b"```")
}

fn comment_end(text: &str, at: usize) -> Option<usize> {
    text[at + 3..].find("```").map(|end| at + 3 + end + 3)
}

/// The offset just past the quote that closes the string opened at `at`. An unclosed string ends with the
/// text; the grammar reports it better than this scanner could.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' => end += 2,
            b'"' => return end + 1,
            _ => end += 1,
        }
    }
    bytes.len()
}

/// Parses the call whose first backtick is at `open`.
fn call(text: &str, open: usize, depth: usize) -> Result<CallText, String> {
    if depth > MAX_NESTING {
        return Err(format!(
            "macro calls are nested more than {MAX_NESTING} deep"
        ));
    }
    let bytes = text.as_bytes();
    let unclosed = || "the macro call that starts here is not closed by a backtick".to_owned();
    let stop = bytes[open + 1..]
        .iter()
        .position(|b| matches!(b, b'(' | b'`'))
        .map(|n| open + 1 + n)
        .ok_or_else(unclosed)?;
    let name = trimmed(text, open + 1..stop);
    if name.is_empty() {
        return Err("a macro name is expected after the backtick".to_owned());
    }
    if !text[name.clone()].chars().all(is_name_character) {
        return Err(unclosed());
    }
    let (arguments, after) = if bytes[stop] == b'(' {
        arguments(text, stop, depth)?
    } else {
        (Vec::new(), stop)
    };
    let close = after + text[after..].len() - text[after..].trim_start().len();
    if bytes.get(close) != Some(&b'`') {
        return Err(unclosed());
    }
    Ok(CallText {
        whole: open..close + 1,
        name,
        arguments,
    })
}

/// The arguments whose opening parenthesis is at `open`, and the offset just past the closing one.
fn arguments(text: &str, open: usize, depth: usize) -> Result<(Vec<Range<usize>>, usize), String> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut nesting = 0usize;
    let mut start = open + 1;
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'\\')) => at += 1,
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'`' => {
                at = call(text, at, depth + 1)?.whole.end;
                continue;
            }
            b'(' => nesting += 1,
            b')' if nesting > 0 => nesting -= 1,
            b')' => {
                let last = trimmed(text, start..at);
                if !(found.is_empty() && last.is_empty()) {
                    found.push(last);
                }
                return Ok((found, at + 1));
            }
            b',' if nesting == 0 => {
                found.push(trimmed(text, start..at));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    Err("the arguments of the macro call that starts here are not closed by `)`".to_owned())
}

fn is_name_character(c: char) -> bool {
    word::is_part(c) || matches!(c, '-' | ':' | '.' | '@')
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + inner.len() - inner.trim_start().len();
    start..start + inner.trim().len()
}

#[cfg(test)]
mod tests {
    use super::{Found, next};

    /// Formats the first call as `name|argument|argument`, or returns why it is broken.
    fn first(text: &str) -> String {
        match next(text, 0) {
            None => "none".to_owned(),
            Some(Found::Broken { at, why }) => format!("{at:?} {why}"),
            Some(Found::Call(call)) => std::iter::once(&call.name)
                .chain(&call.arguments)
                .map(|range| &text[range.clone()])
                .collect::<Vec<_>>()
                .join("|"),
        }
    }

    #[test]
    fn calls_and_their_arguments_are_found() {
        assert_eq!(first("x `m` y"), "m");
        assert_eq!(first("`m( a , \"b, c\", f(1,2) )`"), "m|a|\"b, c\"|f(1,2)");
        assert_eq!(first("`m()`"), "m");
        assert_eq!(first("`m(\"\")`"), "m|\"\"");
        assert_eq!(first("`m(a,)`"), "m|a|");
        assert_eq!(first("`o(`i(1,2)`, 3)`"), "o|`i(1,2)`|3");
    }

    #[test]
    fn strings_and_comments_hide_backticks() {
        assert_eq!(first(r#"a="x`m`y" "\"`n`" ```c `o` ``` `p`"#), "p");
        assert_eq!(first(r#"a=\"x`m`"#), "m");
        assert_eq!(first(r#"a="x\\" `m`"#), "m");
    }

    #[test]
    fn an_open_backtick_is_named_where_it_stands() {
        assert!(first("ab `m | stats `n`").starts_with("3..4 the macro call"));
        assert!(first("`m(a").starts_with("0..1 the arguments"));
        assert!(first("a ``` b").starts_with("2..5 the comment"));
        assert!(first("a `` b").starts_with("2..3 a macro name"));
    }
}
