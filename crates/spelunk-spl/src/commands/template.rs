//! Search templates with `$name$` parameters, for `map` and saved searches.

use crate::word;

/// Replaces each `$name$` for which there is a value. Outside quotes, a value that is not a single plain word
/// is quoted, except in the place of a command; inside quotes, its quotes and backslashes are escaped.
/// `$$name$$`, as used in dashboards, means the same.
pub(super) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        if c == '$'
            && let Some((name, length)) = parameter(rest)
            && let Some(found) = value(name)
        {
            let plain = !found.is_empty()
                && found
                    .chars()
                    .all(|c| word::is_part(c) || matches!(c, '.' | '-' | ':' | '/' | '@' | '+'));
            let escaped = || found.replace('\\', "\\\\").replace('"', "\\\"");
            let begins = !quoted && begins_a_command(&out);
            match (quoted, plain || begins) {
                (true, _) => out.push_str(&escaped()),
                (false, true) => out.push_str(&found),
                (false, false) => out.push_str(&format!("\"{}\"", escaped())),
            }
            rest = &rest[length..];
            continue;
        }
        if c == '"' {
            quoted = !quoted;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Whether what follows a text is a command, and not one of its arguments.
fn begins_a_command(text: &str) -> bool {
    let before = text.trim_end();
    before.is_empty() || before.ends_with('|')
}

/// Whether a parameter takes the place of a command, so that the rest can't be parsed before it is filled in.
pub(super) fn holds_commands(text: &str) -> bool {
    const MARK: &str = "\u{1}";
    let filled = fill(text, |_| Some(MARK.to_owned()));
    let mut marks = filled.match_indices(MARK).map(|(at, _)| at);
    marks.any(|at| begins_a_command(&filled[..at]))
}

/// The name of the parameter at the start of `text`, and the length of the parameter.
fn parameter(text: &str) -> Option<(&str, usize)> {
    let dollars = if text.starts_with("$$") { 2 } else { 1 };
    let inner = &text[dollars..];
    let end = inner
        .find(|c: char| !(word::is_part(c) || matches!(c, '.' | '-' | ':' | '{' | '}' | '@')))?;
    let close = &text[..dollars];
    (end > 0 && inner[end..].starts_with(close)).then(|| (&inner[..end], end + 2 * dollars))
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn parameters_are_filled_where_they_stand() {
        let value = |name: &str| match name {
            "u" => Some("bob smith".to_owned()),
            "n" => Some("3".to_owned()),
            "q" => Some("a\"b".to_owned()),
            _ => None,
        };
        assert_eq!(
            fill("user=$u$ n=$n$ $$n$$", value),
            "user=\"bob smith\" n=3 3"
        );
        assert_eq!(
            fill("eval x=\"$u$ $q$\"", value),
            "eval x=\"bob smith a\\\"b\""
        );
        assert_eq!(
            fill("rex \"a$\" $no$ | return $x", value),
            "rex \"a$\" $no$ | return $x"
        );
    }
}
