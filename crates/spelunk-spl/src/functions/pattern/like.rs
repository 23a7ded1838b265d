//! `LIKE`: `%` matches any run of characters, `_` one.

/// Whether the whole text matches the pattern, case-sensitively. (Search Reference, "like".)
pub fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Position of the last `%`, and how much of the text it has consumed.
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'%') => {
                back = Some((p, t));
                p += 1;
            }
            Some(b'_') => {
                p += 1;
                t += width(text[t]);
            }
            Some(c) if *c == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => {
                let Some((percent, taken)) = back else {
                    return false;
                };
                let taken = taken + width(text[taken]);
                back = Some((percent, taken));
                p = percent + 1;
                t = taken;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == b'%')
}

/// Length in bytes of the character that begins with `first`.
fn width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn percent_and_underscore() {
        for (pattern, text, expected) in [
            ("spl%", "splunkd", true),
            ("spl_", "splunkd", false),
            ("a%b_", "a--bc", true),
            ("%", "", true),
            ("", "a", false),
            ("oob", "foobar", false),
            ("%b%b", "abab", true),
            ("%\n%", "a\nb", true),
            ("_é_", "xéy", true),
            ("___", "äöü", true),
            ("A%", "abc", false),
            ("%%_", "é", true),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
    }
}
