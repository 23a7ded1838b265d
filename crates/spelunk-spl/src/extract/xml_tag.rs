//! Zero-copy parsing of XML tags in the form that programs write; tags in any other form are rejected.

use std::borrow::Cow;

/// An opening tag.
pub struct Tag<'a> {
    /// Its name.
    pub name: &'a str,
    /// The text after the name.
    pub attributes: &'a str,
    /// Whether it also closes the element.
    pub is_empty: bool,
    /// Bytes up to and including the `>`.
    pub length: usize,
}

impl<'a> Tag<'a> {
    /// Parses the tag that begins after a `<`.
    pub fn of(text: &'a str) -> Option<Tag<'a>> {
        if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return None;
        }
        let bytes = text.as_bytes();
        let mut end = memchr::memchr3(b'>', b'"', b'\'', bytes)?;
        while bytes[end] != b'>' {
            // A quoted value may contain a `>`.
            let value = end + 1;
            end = value + memchr::memchr(bytes[end], &bytes[value..])? + 1;
            end += memchr::memchr3(b'>', b'"', b'\'', &bytes[end..])?;
        }
        let inner = &text[..end];
        let (inner, is_empty) = match inner.strip_suffix('/') {
            Some(inner) => (inner, true),
            None => (inner, false),
        };
        let name = inner.find(BLANK).unwrap_or(inner.len());
        Some(Tag {
            name: &inner[..name],
            attributes: &inner[name..],
            is_empty,
            length: end + 1,
        })
    }
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];
/// Characters that attribute names do not contain.
const NO_NAME: [char; 7] = ['"', '\'', '<', ' ', '\t', '\r', '\n'];

/// Iterates over attributes: `a="b" c='d'`.
pub struct Pairs<'a>(pub &'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(Cow<'a, str>, Cow<'a, str>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start_matches(BLANK);
        if rest.is_empty() {
            return None;
        }
        let pair = || {
            // Blanks precede a name, and none surround the `=`.
            let (key, value) = rest.split_once('=')?;
            let apart = rest.len() < self.0.len();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, after) = value[1..].split_once(quote)?;
            let plain = apart && !key.is_empty() && !key.contains(NO_NAME);
            plain.then_some((key, value, after))
        };
        let Some((key, value, after)) = pair() else {
            return Some(Err("an attribute of another form".to_owned()));
        };
        self.0 = after;
        Some(Ok((Cow::Borrowed(key), Cow::Borrowed(value))))
    }
}
