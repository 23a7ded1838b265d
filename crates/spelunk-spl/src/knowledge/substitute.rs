//! Substitutes the arguments of a macro call into the macro's definition.

use super::expand::MAX_BYTES;
use crate::knowledge::traced_text::Rope;

/// Unquotes an argument; `\"` inside becomes `"`.
pub(super) fn unquote(argument: &Rope) -> Rope {
    let mut out = Rope::default();
    let end = argument.len() - 1;
    let mut start = 1;
    let bytes = argument.text().as_bytes();
    let mut at = 1;
    while at < end {
        if bytes[at] == b'\\' {
            if bytes[at + 1] == b'"' {
                out.push(argument, start..at);
                start = at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    out.push(argument, start..end);
    out
}

/// Replaces each `$name$` in `body`. Returns `None` if the result is too long.
pub(super) fn substitute(body: &Rope, names: &[String], values: &[Rope]) -> Option<Rope> {
    let text = body.text();
    let mut out = Rope::default();
    let (mut copied, mut at) = (0, 0);
    while let Some(open) = text[at..].find('$').map(|n| at + n) {
        let argument = text[open + 1..].find('$').and_then(|n| {
            let index = names
                .iter()
                .position(|name| *name == text[open + 1..open + 1 + n])?;
            Some((values.get(index)?, open + n + 2))
        });
        match argument {
            Some((value, end)) => {
                out.push(body, copied..open);
                out.push(value, 0..value.len());
                if out.len() > MAX_BYTES {
                    return None;
                }
                (copied, at) = (end, end);
            }
            None => at = open + 1,
        }
    }
    out.push(body, copied..text.len());
    Some(out)
}
