//! Checks before the grammar reads a text: quotes, brackets, nesting, comments.

use std::borrow::Cow;

use super::{MAX_NESTING, MAX_SUBSEARCHES};
use crate::error::{Error, ErrorKind, Result};
use crate::source::{SourceId, Span};

/// Checks quotes, brackets and nesting, and replaces comments with blanks, which preserves byte offsets.
pub fn check(source: SourceId, text: &str, offset: usize) -> Result<Cow<'_, str>> {
    let at = |from: usize, to: usize| Span::new(source, offset + from..offset + to);
    let bytes = text.as_bytes();
    let mut comments = Vec::new();
    let mut brackets = Vec::new();
    // Parentheses open inside each bracket; the end of a bracket closes them.
    let mut parens = 0usize;
    let mut outer_parens = Vec::new();
    let mut depth = 0usize;
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => {
                i = end_of_quoted(bytes, i).ok_or_else(|| unbalanced_quote(bytes, i, at))?;
                continue;
            }
            b'\\' if matches!(bytes.get(i + 1), Some(b'"' | b'\\' | b'|' | b'[' | b']')) => i += 1,
            b'`' if bytes[i..].starts_with(b"```") => {
                let length = text[i + 3..].find("```").ok_or_else(|| {
                    Error::syntax(at(i, i + 3), "the comment is not closed")
                        .hint("a comment ends with three backticks, as it begins")
                })?;
                comments.push(i..i + 3 + length + 3);
                i += length + 6;
                continue;
            }
            b'`' => match bytes[i + 1..].iter().position(|&b| b == b'`') {
                Some(length) => {
                    i += length + 2;
                    continue;
                }
                None => return Err(Error::syntax(at(i, i + 1), "unbalanced backtick")),
            },
            b'[' => {
                brackets.push(i);
                outer_parens.push(std::mem::take(&mut parens));
                depth += 1;
            }
            b']' => {
                if brackets.pop().is_none() {
                    return Err(Error::syntax(at(i, i + 1), "`]` without a matching `[`"));
                }
                depth -= 1 + parens;
                parens = outer_parens.pop().unwrap_or(0);
            }
            b'(' => {
                parens += 1;
                depth += 1;
            }
            b')' if parens > 0 => {
                parens -= 1;
                depth -= 1;
            }
            _ => {}
        }
        if brackets.len() > MAX_SUBSEARCHES {
            let message = format!("subsearches are nested more than {MAX_SUBSEARCHES} deep");
            return Err(Error::new(ErrorKind::TooLarge(message)).at(at(i, i + 1)));
        }
        if depth > MAX_NESTING {
            let message =
                format!("parentheses and brackets are nested more than {MAX_NESTING} deep");
            return Err(Error::new(ErrorKind::TooLarge(message)).at(at(i, i + 1)));
        }
        i += 1;
    }
    if let Some(open) = brackets.pop() {
        return Err(Error::syntax(
            at(open, open + 1),
            "`]` is missing: this bracket is not closed",
        ));
    }
    if comments.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    let mut blanked = String::with_capacity(text.len());
    let mut copied = 0;
    for comment in comments {
        blanked.push_str(&text[copied..comment.start]);
        blanked.extend(std::iter::repeat_n(' ', comment.len()));
        copied = comment.end;
    }
    blanked.push_str(&text[copied..]);
    Ok(Cow::Owned(blanked))
}

/// The offset just past the closing quote of the quoted text that begins at `start`.
fn end_of_quoted(bytes: &[u8], start: usize) -> Option<usize> {
    let mut i = start + 1;
    loop {
        match bytes.get(i)? {
            b'"' => return Some(i + 1),
            b'\\' => i += 2,
            _ => i += 1,
        }
    }
}

fn unbalanced_quote(bytes: &[u8], start: usize, at: impl Fn(usize, usize) -> Span) -> Error {
    let error = Error::syntax(
        at(start, start + 1),
        "unbalanced quote: this one is not closed",
    );
    let escaped = bytes[start..].windows(2).any(|pair| pair == br#"\""#);
    if escaped {
        error.hint(
            r#"in quotes `\"` is a quote; a backslash before the closing quote is written `\\`"#,
        )
    } else {
        error
    }
}

/// The position of the innermost unclosed `(` in `text`, and of the first `)` that closes nothing.
pub fn unbalanced_parens(text: &str) -> (Option<usize>, Option<usize>) {
    let bytes = text.as_bytes();
    let (mut open, mut stray, mut i) = (Vec::new(), None, 0);
    while i < bytes.len() {
        match bytes[i] {
            b'"' => match end_of_quoted(bytes, i) {
                Some(end) => {
                    i = end;
                    continue;
                }
                None => break,
            },
            b'\\' if matches!(bytes.get(i + 1), Some(b'"' | b'\\' | b'|')) => i += 1,
            b'(' => open.push(i),
            b')' if open.pop().is_none() && stray.is_none() => stray = Some(i),
            _ => {}
        }
        i += 1;
    }
    (open.pop(), stray)
}

/// The range inside the outermost brackets of `text` around byte `at`.
pub fn bracket_around(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let (mut open, mut i) = (Vec::new(), 0);
    while i < bytes.len() {
        match bytes[i] {
            b'"' => {
                i = end_of_quoted(bytes, i)?;
                continue;
            }
            b'\\' if matches!(bytes.get(i + 1), Some(b'"' | b'\\' | b'|')) => i += 1,
            b'[' => open.push(i),
            b']' => {
                let start = open.pop()? + 1;
                if open.is_empty() && (start..=i).contains(&at) {
                    return Some(start..i);
                }
            }
            _ => {}
        }
        i += 1;
    }
    None
}
