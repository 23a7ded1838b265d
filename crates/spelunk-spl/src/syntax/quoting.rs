//! Quotes and backslashes: taken off by the parser, put back by the printer.

/// Resolves `\"` and `\\` (and `\|` outside quotes); any other backslash stays.
pub fn unescape(text: &str, outside_quotes: bool) -> String {
    resolve(text, |c| {
        matches!(c, '"' | '\\') || (outside_quotes && c == '|')
    })
}

/// The content of a text in double quotes.
pub fn unquote(text: &str) -> String {
    unescape(inner(text), false)
}

/// The content of a name in single quotes.
pub fn unquote_single(text: &str) -> String {
    resolve(inner(text), |c| matches!(c, '\'' | '"' | '\\' | '|'))
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

/// In double quotes.
pub fn quote(text: &str) -> String {
    escape_between(text, '"', &['"', '\\'])
}

/// In single quotes, which do not keep `"` and `|` from those who look for them first.
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

/// Without quotes, with the backslashes that takes; `None` where only quotes can hold the text.
/// `stops` are further characters that would end it outside parentheses.
pub fn bare(text: &str, stops: &[char]) -> Option<String> {
    group(text, stops).filter(|_| !text.starts_with('('))
}

/// The same where a group in parentheses may begin it.
pub fn group(text: &str, stops: &[char]) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut open = 0usize;
    for c in text.chars() {
        if open == 0 && stops.contains(&c) {
            return None;
        }
        match c {
            '(' => open += 1,
            ')' => open = open.checked_sub(1)?,
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
