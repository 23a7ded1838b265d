//! Holds comments and messages to plain English: turns of phrase that a reader must decode are not used.

use crate::layers;

/// Turns that neither comments nor messages use, and what to write instead.
const BANNED: &[(&str, &str)] = &[
    ("nobody", "name the subject, or use the passive"),
    ("somebody", "name the subject"),
    ("whoever", "name the subject"),
    ("anew", "again"),
    ("kin", "similar"),
    ("in vain", "without effect"),
    ("lately", "recently"),
    ("dear", "expensive"),
    ("hangs on", "depends on"),
    ("hang on", "depend on"),
    ("stands", "is"),
    ("lies", "is"),
    ("sought", "searched for"),
    ("none where", "returns `None` if"),
    ("is told", "is reported"),
    ("told otherwise", "by default"),
    ("looked at", "examined, searched"),
    ("passed over", "skipped"),
    ("laid out", "formatted"),
    ("minds", "depends on"),
    ("sums up", "adds up"),
];

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '`')
}

/// Whether `text` has `turn` as words of its own; code in backquotes does not count.
fn has(text: &str, turn: &str) -> bool {
    text.match_indices(turn).any(|(at, _)| {
        let quoted = !text[..at].matches('`').count().is_multiple_of(2);
        let before = text[..at].chars().next_back().is_some_and(is_word);
        let after = text[at + turn.len()..].chars().next().is_some_and(is_word);
        !quoted && !before && !after
    })
}

#[test]
fn comments_are_plain_english() {
    let mut found = Vec::new();
    for (file, _, text) in layers::files() {
        for (number, line) in text.lines().enumerate() {
            if let Some(comment) = line.trim_start().strip_prefix("//") {
                let comment = comment.to_lowercase();
                let banned = BANNED.iter().filter(|(turn, _)| has(&comment, turn));
                found.extend(
                    banned.map(|(turn, instead)| {
                        format!("{file}:{}: `{turn}`: {instead}", number + 1)
                    }),
                );
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The string literals of a source file up to its unit tests, with the lines they begin on. Continuation lines are
/// joined, as the compiler does; character literals and comments are skipped.
fn literals(source: &str) -> Vec<(usize, String)> {
    let source = source.split("#[cfg(test)]").next().unwrap_or(source);
    let mut found = Vec::new();
    let (mut line, mut chars) = (1, source.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\n' => line += 1,
            '/' if chars.peek() == Some(&'/') => {
                while chars.peek().is_some_and(|&c| c != '\n') {
                    chars.next();
                }
            }
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
            }
            '"' => {
                let (start, mut text) = (line, String::new());
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => match chars.next() {
                            Some('\n') => {
                                line += 1;
                                while chars.peek().is_some_and(|c| *c == ' ') {
                                    chars.next();
                                }
                            }
                            Some(_) => text.push(' '),
                            None => break,
                        },
                        '\n' => {
                            line += 1;
                            text.push(' ');
                        }
                        c => text.push(c),
                    }
                }
                found.push((start, text));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn messages_are_plain_english() {
    let mut found = Vec::new();
    for (file, _, text) in layers::files() {
        if file.ends_with("tests.rs") {
            continue;
        }
        for (line, literal) in literals(&text) {
            // One word is a name, not a sentence.
            if !literal.trim().contains(' ') {
                continue;
            }
            let banned = BANNED
                .iter()
                .filter(|(turn, _)| has(&literal.to_lowercase(), turn));
            found.extend(
                banned.map(|(turn, instead)| format!("{file}:{line}: `{turn}`: {instead}")),
            );
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn literals_are_found() {
    let source = "let a = \"one \\\n   two\"; // \"not\"\nlet b = '\"'; f(\"three\")";
    let found = literals(source);
    assert_eq!(found, [(1, "one two".to_owned()), (3, "three".to_owned())]);
}

#[test]
fn banned_turns_are_found_as_words() {
    assert!(has(" it stands here", "stands"));
    assert!(!has(" it withstands", "stands"));
    assert!(!has(" `stands` is code", "stands"));
}
