//! Quotes and backslashes: removed by the parser, restored by the printer.

/// Unescapes `\"` and `\\` (and `\|` outside quotes); keeps any other backslash.
pub fn unescape(text: &str, outside_quotes: bool) -> String {
    resolve(text, |c| {
        matches!(c, '"' | '\\') || (outside_quotes && c == '|')
    })
}

/// Unescapes a word of a search, in which brackets are escaped, too.
pub fn unescape_word(text: &str) -> String {
    resolve(text, |c| matches!(c, '"' | '\\' | '|' | '[' | ']'))
}

/// The content of a double-quoted text.
pub fn unquote(text: &str) -> String {
    unescape(inner(text), false)
}

/// The content of a single-quoted name.
pub fn unquote_single(text: &str) -> String {
    resolve(inner(text), |c| matches!(c, '\'' | '"' | '\\' | '|'))
}

/// The content of a name with parts in double quotes: `ship."home port"`.
pub fn unquote_parts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {}
            '\\' => match chars.next() {
                Some(next @ ('"' | '\\' | '|')) => out.push(next),
                Some(next) => out.extend(['\\', next]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

/// The text with one blank for each run of white space outside double quotes.
pub fn with_single_blanks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut is_inside = false;
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() && !is_inside => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                continue;
            }
            '\\' => {
                out.push('\\');
                out.extend(chars.next());
                continue;
            }
            '"' => is_inside = !is_inside,
            _ => {}
        }
        out.push(c);
    }
    out
}

fn inner(text: &str) -> &str {
    text.get(1..text.len().saturating_sub(1)).unwrap_or("")
}

fn resolve(text: &str, escapes: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(&next) if c == '\\' && escapes(next) => {
                out.push(next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// Wraps in double quotes.
pub fn quote(text: &str) -> String {
    escape_between(text, '"', &['"', '\\'])
}

/// Wraps in single quotes. These do not protect `"` and `|`, which the parser looks for first.
pub fn quote_single(text: &str) -> String {
    escape_between(text, '\'', &['\'', '"', '\\', '|'])
}

fn escape_between(text: &str, quote: char, escaped: &[char]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        if escaped.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push(quote);
    out
}

/// The text without quotes, escaped as necessary. Returns `None` if it requires quotes. `stops` are further
/// characters that would end it outside parentheses.
pub fn bare(text: &str, stops: &[char]) -> Option<String> {
    group(text, stops).filter(|_| !text.starts_with('('))
}

/// Like [`bare`], for a word or value of a search, in which brackets are escaped, too.
pub fn bare_word(text: &str, stops: &[char]) -> Option<String> {
    escaped(text, stops, true).filter(|_| !text.starts_with('('))
}

/// Like [`bare`], but the text may begin with a parenthesized group.
pub fn group(text: &str, stops: &[char]) -> Option<String> {
    escaped(text, stops, false)
}

fn escaped(text: &str, stops: &[char], escapes_brackets: bool) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut open = 0usize;
    for c in text.chars() {
        if open == 0 && stops.contains(&c) {
            return None;
        }
        match c {
            '(' => open += 1,
            ')' => open = open.checked_sub(1)?,
            '[' | ']' if escapes_brackets => out.push('\\'),
            // A backtick would call a macro.
            '[' | ']' | ',' | '`' => return None,
            c if c.is_whitespace() => return None,
            '"' | '\\' | '|' => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    (open == 0 && !text.is_empty()).then_some(out)
}
