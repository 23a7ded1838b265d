//! Holds comments to plain English: turns of phrase that a reader must decode are not used.

use crate::layers;

/// Turns that comments do not use, and what to write instead.
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

#[test]
fn banned_turns_are_found_as_words() {
    assert!(has(" it stands here", "stands"));
    assert!(!has(" it withstands", "stands"));
    assert!(!has(" `stands` is code", "stands"));
}
