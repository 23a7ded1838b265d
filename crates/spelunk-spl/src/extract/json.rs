//! A streaming JSON parser: JSON text to flat fields in one pass, without a tree.
//!
//! Implemented here rather than with a library because the readers need the original text of numbers, the
//! order and repetition of keys, and values borrowed from the line. Names follow Splunk's `spath`: nested
//! objects `a.b`, elements of arrays `a{}`, `a{}.b`.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::extract::event::Field;

/// Maximum nesting depth: deeper objects and arrays would exhaust the stack.
const MAX_DEPTH: usize = 200;

/// The problem of a text that goes on after its object, at the place where the rest begins.
pub const TRAILING: &str = "text after the JSON object";

/// Why a text is not a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset of the place.
    pub at: usize,
    /// Whether the text ended too early.
    pub truncated: bool,
    /// The problem.
    pub why: &'static str,
}

/// Returns the fields of a text that is one JSON object. Null and empty containers have no field; elements of
/// an array repeat their name.
///
/// # Errors
/// If the text is not one JSON object.
pub fn object_fields(text: &str) -> Result<Vec<Field<'_>>, JsonError> {
    let (mut fields, wrong) = record_fields(text);
    fields.retain(|field| !field.null);
    wrong.map_or(Ok(fields), Err)
}

/// Returns the fields of a text that should be one JSON object, as far as it is valid and including nulls,
/// and the error, if there is one.
pub fn record_fields(text: &str) -> (Vec<Field<'_>>, Option<JsonError>) {
    let mut fields = Vec::with_capacity(48);
    let wrong = object_fields_into(text, &mut fields).err();
    (fields, wrong)
}

/// Returns the fields of a text that begins as a JSON object or array, as far as it is valid JSON: if it is
/// cut off, those before the cut. An array's elements are named `{}`.
pub fn leading_fields(text: &str) -> Vec<Field<'_>> {
    let mut fields = Vec::with_capacity(48);
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        path: String::new(),
        depth: 0,
        fields: &mut fields,
    };
    parser.blanks();
    // Invalid JSON ends the extraction.
    let _ = match parser.peek() {
        Some(b'{') => parser.object(),
        Some(b'[') => parser.array(),
        Some(_) | None => Ok(()),
    };
    fields.retain(|field| !field.null);
    fields
}

fn object_fields_into<'a>(text: &'a str, fields: &mut Vec<Field<'a>>) -> Result<(), JsonError> {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        path: String::new(),
        depth: 0,
        fields,
    };
    parser.blanks();
    if parser.peek() != Some(b'{') {
        return Err(parser.error("not a JSON object"));
    }
    parser.object()?;
    parser.blanks();
    if parser.at < parser.bytes.len() {
        return Err(parser.error(TRAILING));
    }
    Ok(())
}

struct Parser<'a, 'f> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The name of the current value; empty at the top.
    path: String,
    depth: usize,
    fields: &'f mut Vec<Field<'a>>,
}

impl<'a> Parser<'a, '_> {
    fn error(&self, why: &'static str) -> JsonError {
        let truncated = self.at >= self.bytes.len();
        JsonError {
            at: self.at,
            truncated,
            why: if truncated {
                "the JSON object is cut off"
            } else {
                why
            },
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, why: &'static str) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.error(why));
        }
        self.at += 1;
        Ok(())
    }

    fn object(&mut self) -> Result<(), JsonError> {
        self.enter()?;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.depth -= 1;
            return Ok(());
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key in double quotes"));
            }
            let key = self.string()?;
            self.blanks();
            self.expect(b':', "expected `:` after the key")?;
            self.blanks();
            let outer = self.path.len();
            if outer == 0 && !matches!(self.peek(), Some(b'{' | b'[')) {
                self.scalar(Some(key))?;
            } else {
                if outer > 0 {
                    self.path.push('.');
                }
                self.path.push_str(&key);
                self.value()?;
                self.path.truncate(outer);
            }
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                Some(_) | None => return Err(self.error("expected `,` or `}`")),
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self) -> Result<(), JsonError> {
        self.enter()?;
        let outer = self.path.len();
        self.path.push_str("{}");
        self.blanks();
        if self.peek() != Some(b']') {
            loop {
                self.blanks();
                self.value()?;
                self.blanks();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    Some(_) | None => return Err(self.error("expected `,` or `]`")),
                }
            }
        }
        self.at += 1;
        self.path.truncate(outer);
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), JsonError> {
        if self.depth == MAX_DEPTH {
            return Err(JsonError {
                at: self.at,
                truncated: false,
                why: "nested too deeply",
            });
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(_) | None => self.scalar(None),
        }
    }

    /// Parses a string, number, boolean or null as `name`, or as the path.
    fn scalar(&mut self, name: Option<Cow<'a, str>>) -> Result<(), JsonError> {
        let null = self.peek() == Some(b'n');
        let (value, number) = match self.peek() {
            Some(b'"') => (self.string()?, false),
            Some(b'-' | b'0'..=b'9') => (Cow::Borrowed(self.number()?), true),
            Some(b't') => (self.word("true")?, false),
            Some(b'f') => (self.word("false")?, false),
            Some(b'n') => (self.word("null")?, false),
            Some(_) | None => return Err(self.error("expected a value")),
        };
        let name = name.unwrap_or_else(|| Cow::Owned(self.path.clone()));
        self.fields.push(Field {
            name,
            value,
            number,
            null,
        });
        Ok(())
    }

    fn word(&mut self, word: &'static str) -> Result<Cow<'a, str>, JsonError> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(Cow::Borrowed(word));
        }
        if word.as_bytes().starts_with(rest) {
            self.at = self.bytes.len();
        }
        Err(self.error("expected a value"))
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.at;
        self.digits()?;
        if self.at - whole > 1 && self.bytes[whole] == b'0' {
            self.at = whole;
            return Err(self.error("a number must not start with 0"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error("expected a digit"));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut from = start;
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &self.bytes[self.at..]) else {
                self.at = self.bytes.len();
                return Err(self.error("the text is not closed"));
            };
            self.at += found;
            if self.bytes[self.at] == b'"' {
                let piece = &self.text[from..self.at];
                self.at += 1;
                return Ok(match owned {
                    None => Cow::Borrowed(piece),
                    Some(mut text) => {
                        text.push_str(piece);
                        Cow::Owned(text)
                    }
                });
            }
            let piece = &self.text[from..self.at];
            let text = owned.get_or_insert_with(|| String::with_capacity(piece.len() + 64));
            text.push_str(piece);
            self.at += 1;
            text.push(self.escape()?);
            from = self.at;
        }
    }

    /// Parses the character after a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let Some(byte) = self.peek() else {
            return Err(self.error("the text is not closed"));
        };
        let character = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            // Undecodable bytes are written as `\xNN`: they stay so.
            b'x' => return Ok('\\'),
            _ => return Err(self.error("unknown escape in a text")),
        };
        self.at += 1;
        Ok(character)
    }

    /// Parses the character of `\uXXXX`; an unpaired surrogate becomes the replacement character.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex4()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error("expected four hexadecimal digits"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

/// Writes fields as a JSON object of strings: the `_raw` of rows without a text of their own.
pub fn write_object<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::from("{");
    for (name, value) in fields {
        if out.len() > 1 {
            out.push(',');
        }
        write_string(&mut out, name);
        out.push(':');
        write_string(&mut out, value);
    }
    out.push('}');
    out
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes all that is written");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::{object_fields, write_object};

    fn flat(text: &str) -> Vec<(String, String, bool)> {
        object_fields(text)
            .expect("valid JSON")
            .into_iter()
            .map(|f| (f.name.into_owned(), f.value.into_owned(), f.number))
            .collect()
    }

    #[test]
    fn objects_and_arrays_become_names() {
        let text = |n: &str, v: &str| (n.to_owned(), v.to_owned(), false);
        let number = |n: &str, v: &str| (n.to_owned(), v.to_owned(), true);
        assert_eq!(
            flat(
                r#"{"a":{"b":1,"c":[{"d":"x"},{"d":"y"}]},"e":["p",true,null],"f":null,"g":{},"h":[[2]]}"#
            ),
            [
                number("a.b", "1"),
                text("a.c{}.d", "x"),
                text("a.c{}.d", "y"),
                text("e{}", "p"),
                text("e{}", "true"),
                number("h{}{}", "2"),
            ]
        );
    }

    #[test]
    fn texts_and_numbers_keep_what_they_say() {
        assert_eq!(
            flat(r#" {"k\"":"a\\b\nA😀\ud83d","n":-9223372036854775808,"m":1.50e+3} "#),
            [
                ("k\"".to_owned(), "a\\b\nA😀\u{fffd}".to_owned(), false),
                ("n".to_owned(), "-9223372036854775808".to_owned(), true),
                ("m".to_owned(), "1.50e+3".to_owned(), true),
            ]
        );
        let pair = [("a", "x\"\u{1}"), ("b", "\\")];
        let written = write_object(pair.into_iter());
        let read = flat(&written);
        assert_eq!(read[0].1, pair[0].1);
        assert_eq!(read[1].1, pair[1].1);
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        for (text, truncated) in [
            ("", true),
            ("[1]", false),
            ("{\"a\":1", true),
            ("{\"a\":\"x", true),
            ("{\"a\":tr", true),
            ("{\"a\":1,}", false),
            ("{\"a\":01}", false),
            ("{\"a\":1}{", false),
            ("{'a':1}", false),
        ] {
            let error = object_fields(text).expect_err(text);
            assert_eq!(error.truncated, truncated, "{text}");
        }
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert_eq!(
            object_fields(&deep).expect_err("deep").why,
            "nested too deeply"
        );
    }
}
