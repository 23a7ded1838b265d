//! From Perl's way of writing regular expressions to that of the engine.
//!
//! The two agree on nearly everything. What is rewritten here is what searches do write and
//! the engine refuses or reads otherwise.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// Rewrites a PCRE pattern:
/// - `{` that begins no count is a brace;
/// - `\Q...\E` quotes, `\h` is a blank or tab, `\R` any line end, `\<` and `\>` are themselves,
///   letters without a meaning stand for themselves;
/// - inside a class `[`, `&&`, `--` and `~~` are characters, and so is a leading `]`.
pub fn translate(pattern: &str) -> Cow<'_, str> {
    if !pattern
        .bytes()
        .any(|b| matches!(b, b'{' | b'\\' | b'[' | b'&'))
    {
        return Cow::Borrowed(pattern);
    }
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(&mut chars, &mut out, false),
            '[' => class(&mut chars, &mut out),
            '{' if !begins_count(chars.clone()) => out.push_str(r"\{"),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether what follows a `{` makes it a count: `3}`, `3,}`, `3,5}`.
fn begins_count(mut rest: Peekable<Chars<'_>>) -> bool {
    let mut digits = 0;
    while rest.next_if(char::is_ascii_digit).is_some() {
        digits += 1;
    }
    if rest.next_if_eq(&',').is_some() {
        while rest.next_if(char::is_ascii_digit).is_some() {}
    }
    digits > 0 && rest.next() == Some('}')
}

/// What stands after a backslash.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String, in_class: bool) {
    let Some(c) = chars.next() else {
        // A lone backslash at the end: let the engine report it.
        out.push('\\');
        return;
    };
    match c {
        'Q' => quote(chars, out),
        'E' => {}
        'h' if in_class => out.push_str(r" \t"),
        'h' => out.push_str(r"[ \t]"),
        'H' if !in_class => out.push_str(r"[^ \t]"),
        'R' if !in_class => out.push_str(r"(?:\r\n|[\n\x0b\f\r])"),
        'N' if !in_class => out.push_str(r"[^\n]"),
        '<' | '>' | '\'' | '`' => out.push(c),
        'i' | 'j' | 'm' | 'q' | 'y' | 'F' | 'I' | 'J' | 'M' | 'T' | 'Y' => out.push(c),
        'x' | 'p' | 'P' | 'k' | 'g' | 'o' => {
            out.push('\\');
            out.push(c);
            if chars.peek() == Some(&'{') {
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == '}' {
                        break;
                    }
                }
            }
        }
        _ => {
            out.push('\\');
            out.push(c);
        }
    }
}

/// The text between `\Q` and `\E`, made literal.
fn quote(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next_if_eq(&'E').is_some() {
            return;
        }
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(c);
    }
}

/// A class, up to its `]`.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if chars.next_if_eq(&']').is_some() {
        out.push_str(r"\]");
    }
    while let Some(c) = chars.next() {
        match c {
            ']' => {
                out.push(']');
                return;
            }
            '\\' => escape(chars, out, true),
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '-' if chars.peek() == Some(&'-') => out.push_str(r"\-"),
            _ => out.push(c),
        }
    }
}
