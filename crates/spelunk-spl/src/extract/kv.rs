//! Splunk's automatic key-value extraction (`KV_MODE = auto`): `key=value` and `key="a value"`.

use std::borrow::Cow;

use crate::word;

/// Returns the pairs in a text, in order. A key consists of word characters, `.`, `-`, `:` and `{}`. As in
/// Splunk's key cleaning, anything but ASCII letters, digits, `_` and `.` becomes `_`, and is dropped at the
/// beginning of the key. A quoted value may contain anything and escapes its quote with `\`; an unquoted one
/// ends at a blank, `,`, `;`, `|` or `&`.
pub fn pairs(text: &str) -> Pairs<'_> {
    Pairs { text, at: 0 }
}

/// The iterator of [`pairs`].
pub struct Pairs<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Cow<'a, str>, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        loop {
            let equals = self.at + memchr::memchr(b'=', bytes.get(self.at..)?)?;
            let before = &self.text[self.at..equals];
            let key = before.trim_end_matches(is_key_character);
            let key = before[key.len()..]
                .trim_start_matches(|c: char| matches!(c, '-' | '.' | ':') || !c.is_ascii());
            self.at = equals + 1;
            if key.is_empty() || bytes.get(self.at) == Some(&b'=') {
                continue;
            }
            let value = self.value();
            if !value.is_empty() {
                return Some((clean(key), value));
            }
        }
    }
}

impl<'a> Pairs<'a> {
    fn value(&mut self) -> Cow<'a, str> {
        let bytes = self.text.as_bytes();
        let Some(quote @ (b'"' | b'\'')) = bytes.get(self.at).copied() else {
            let rest = &self.text[self.at..];
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '&'))
                .unwrap_or(rest.len());
            self.at += end;
            return Cow::Borrowed(rest[..end].trim_end_matches([')', ']', '}', '"']));
        };
        let start = self.at + 1;
        let mut at = start;
        let mut has_escape = false;
        while at < bytes.len() && bytes[at] != quote {
            if bytes[at] == b'\\' && matches!(bytes.get(at + 1), Some(next) if *next == quote) {
                has_escape = true;
                at += 1;
            }
            at += 1;
        }
        let end = at.min(bytes.len());
        self.at = (end + 1).min(bytes.len());
        let inner = &self.text[start.min(end)..end];
        if !has_escape {
            return Cow::Borrowed(inner);
        }
        let escaped = ['\\', char::from(quote)].iter().collect::<String>();
        Cow::Owned(inner.replace(&escaped, &char::from(quote).to_string()))
    }
}

/// `größe` is one key, not an `e` after something else.
fn is_key_character(c: char) -> bool {
    word::is_part(c) || matches!(c, '.' | '-' | ':' | '{' | '}')
}

fn clean(key: &str) -> Cow<'_, str> {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if key.chars().all(kept) {
        return Cow::Borrowed(key);
    }
    Cow::Owned(key.chars().map(|c| if kept(c) { c } else { '_' }).collect())
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn keys_and_values_are_found() {
        let text = r#"2020 up user=bob, cmd="a \"b\" c" x-y='1 2';url=/p?q=1&r=2 a==b empty= (n=5) é=1 größe=7 “who=me　z=2 last="open"#;
        let found: Vec<String> = pairs(text).map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            found,
            [
                "user=bob",
                "cmd=a \"b\" c",
                "x_y=1 2",
                "url=/p?q=1",
                "r=2",
                "n=5",
                "gr__e=7",
                "who=me",
                "z=2",
                "last=open"
            ]
        );
    }
}
