//! A small lexer for typed text: open delimiters, token colours, the token at the cursor.
//!
//! It never fails and knows no command; the grammar checks the input.

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// White space.
    Space,
    /// ` ```text``` `
    Comment,
    /// `"text"`
    Text,
    /// `'field name'`
    Quoted,
    /// `` `macro(args)` ``
    Macro,
    /// `|`
    Pipe,
    /// `(` or `[`
    Open(char),
    /// `)` or `]`
    Close(char),
    /// `,`
    Comma,
    /// `= < > !`
    Sign,
    /// Anything else, up to the next of these.
    Word,
}

/// A token and its byte range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Whether its closing delimiter is there, if it has one.
    pub closed: bool,
}

/// Why the input continues on the next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// An open quote.
    Text,
    /// An open comment.
    Comment,
    /// An open macro call.
    Macro,
    /// An open `(` or `[`.
    Bracket,
    /// A pipe at the end.
    Pipe,
}

/// The tokens of `text`, without gaps.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let (kind, length, closed) = next(&text[start..]);
        tokens.push(Token {
            kind,
            start,
            end: start + length,
            closed,
        });
        start += length;
    }
    tokens
}

/// Returns why the input continues on the next line, or `None` if it is complete.
pub fn unfinished(text: &str) -> Option<Unfinished> {
    let mut open = Vec::new();
    let mut last = None;
    for token in tokens(text) {
        match token.kind {
            Kind::Text if !token.closed => return Some(Unfinished::Text),
            Kind::Comment if !token.closed => return Some(Unfinished::Comment),
            Kind::Macro if !token.closed => return Some(Unfinished::Macro),
            Kind::Open(bracket) => open.push(bracket),
            Kind::Close(bracket) => {
                let opened = if bracket == ')' { '(' } else { '[' };
                if open.pop() != Some(opened) {
                    // More lines don't repair this; the parser reports the error.
                    return None;
                }
            }
            Kind::Space
            | Kind::Comment
            | Kind::Text
            | Kind::Quoted
            | Kind::Macro
            | Kind::Pipe
            | Kind::Comma
            | Kind::Sign
            | Kind::Word => {}
        }
        if !matches!(token.kind, Kind::Space | Kind::Comment) {
            last = Some(token.kind);
        }
    }
    if !open.is_empty() {
        Some(Unfinished::Bracket)
    } else if last == Some(Kind::Pipe) {
        Some(Unfinished::Pipe)
    } else {
        None
    }
}

/// Kind and length of the first token of a non-empty text, and whether it is closed.
fn next(text: &str) -> (Kind, usize, bool) {
    const FENCE: &str = "```";
    if let Some(rest) = text.strip_prefix(FENCE) {
        return match rest.find(FENCE) {
            Some(at) => (Kind::Comment, at + 2 * FENCE.len(), true),
            None => (Kind::Comment, text.len(), false),
        };
    }
    let first = text.chars().next().unwrap_or(' ');
    let marked = |kind, end: Option<usize>| match end {
        Some(end) => (kind, end + 1, true),
        None => (kind, text.len(), false),
    };
    match first {
        c if c.is_whitespace() => {
            let end = text.find(|c: char| !c.is_whitespace());
            (Kind::Space, end.unwrap_or(text.len()), true)
        }
        '"' => marked(Kind::Text, closing(text, '"')),
        '`' => marked(Kind::Macro, closing(text, '`')),
        '|' => (Kind::Pipe, 1, true),
        '(' | '[' => (Kind::Open(first), 1, true),
        ')' | ']' => (Kind::Close(first), 1, true),
        ',' => (Kind::Comma, 1, true),
        '=' | '<' | '>' | '!' => (Kind::Sign, 1, true),
        // An apostrophe in a search term is not a quote: its line has no second one.
        '\'' => match text[1..].find(['\'', '\n']) {
            Some(at) if text[1 + at..].starts_with('\'') => (Kind::Quoted, at + 2, true),
            _ => (Kind::Word, word(text), true),
        },
        _ => (Kind::Word, word(text), true),
    }
}

/// The position of the closing delimiter, skipping backslash escapes and quoted text.
fn closing(text: &str, mark: char) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == mark && !quoted {
            return Some(at);
        } else if c == '"' {
            quoted = !quoted;
        }
    }
    None
}

/// Length of the word at the start; a backslash includes the next character.
fn word(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        escaped = c == '\\';
        let ends = c.is_whitespace() || "|()[],=<>!\"`".contains(c);
        if ends && at > 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Unfinished, tokens, unfinished};

    #[test]
    fn tokens_leave_no_gaps_and_take_any_text() {
        for text in [
            "search a=\"b|c\" `m(\"x`y\", 2)` | stats count by 'a b', c ```| no``` [x]",
            "it's \\",
            "\"open \\\" quote",
            "`open",
            "'a\nb'",
            "ü|ü\\|é",
            "",
        ] {
            let mut at = 0;
            for token in tokens(text) {
                assert_eq!(token.start, at, "{text:?}");
                assert!(token.end > token.start);
                assert!(text.is_char_boundary(token.end), "{text:?}");
                at = token.end;
            }
            assert_eq!(at, text.len());
        }
    }

    #[test]
    fn kinds_are_told_apart() {
        let kinds: Vec<Kind> = tokens("| eval x=`m` \"a\" 'b c'")
            .into_iter()
            .map(|t| t.kind)
            .filter(|k| *k != Kind::Space)
            .collect();
        assert_eq!(
            kinds,
            [
                Kind::Pipe,
                Kind::Word,
                Kind::Word,
                Kind::Sign,
                Kind::Macro,
                Kind::Text,
                Kind::Quoted
            ]
        );
    }

    #[test]
    fn open_marks_continue_on_the_next_line() {
        for (text, expected) in [
            ("index=main", None),
            ("index=main |", Some(Unfinished::Pipe)),
            ("index=main | ```why```", Some(Unfinished::Pipe)),
            ("index=main ```| ", Some(Unfinished::Comment)),
            ("search \"a", Some(Unfinished::Text)),
            ("search \"a\\\"", Some(Unfinished::Text)),
            ("search path=\"C:\\\\\"", None),
            ("search \"a | [ (\"", None),
            ("eval x=(1", Some(Unfinished::Bracket)),
            ("append [ search a", Some(Unfinished::Bracket)),
            ("append [ search a ]", None),
            ("`macro(1,", Some(Unfinished::Macro)),
            ("it's (fine)", None),
            ("a) | ", None),
            ("a \\|", None),
        ] {
            assert_eq!(unfinished(text), expected, "{text:?}");
        }
    }
}
