//! JSON envelopes: lists of records as services deliver them, `{"Records":[...]}` of CloudTrail,
//! `{"records":[...]}` of Azure, `{"value":[...]}` of Microsoft Graph, `{"items":[...]}` of Google. Every
//! record is an event of its own.

use std::ops::Range;

/// Names of the lists.
const LISTS: [&str; 4] = ["Records", "records", "value", "items"];
/// Keys allowed next to the list. Any other key makes the object an event that happens to contain a list.
const BESIDE: [&str; 6] = [
    "kind",
    "etag",
    "nextPageToken",
    "nextLink",
    "apiVersion",
    "metadata",
];

/// Returns where the first record of an envelope's list can begin: past the list's `[`. The text may be cut
/// off after that.
pub fn opening(text: &[u8]) -> Option<usize> {
    let mut scan = Scan { text, at: 0 };
    scan.eat(b'{')?;
    loop {
        let key = scan.key()?;
        if LISTS.contains(&key) && scan.eat(b'[').is_some() {
            let start = scan.at;
            return matches!(scan.peek(), Some(b'{' | b']')).then_some(start);
        }
        if !is_beside(key) {
            return None;
        }
        scan.skip_value()?;
        scan.eat(b',')?;
    }
}

/// Returns the records of a complete envelope, or `None` if the text is anything else.
pub fn records(text: &str) -> Option<Vec<Range<usize>>> {
    let text = text.as_bytes();
    let mut scan = Scan {
        text,
        at: opening(text)?,
    };
    let mut found = Vec::new();
    while scan.eat(b']').is_none() {
        if !found.is_empty() {
            scan.eat(b',')?;
        }
        if scan.peek() != Some(b'{') {
            return None;
        }
        let start = scan.at;
        scan.skip_value()?;
        found.push(start..scan.at);
    }
    while scan.eat(b'}').is_none() {
        scan.eat(b',')?;
        if !is_beside(scan.key()?) {
            return None;
        }
        scan.skip_value()?;
    }
    (scan.peek().is_none()).then_some(found)
}

fn is_beside(key: &str) -> bool {
    BESIDE.contains(&key) || key.starts_with("@odata.")
}

/// Tracks braces and strings to find the end of a value, across any number of blocks.
#[derive(Default)]
pub struct Nesting {
    at: usize,
    depth: usize,
    in_text: bool,
}

impl Nesting {
    /// Starts inside an object or array that is already open.
    pub fn inside() -> Nesting {
        Nesting {
            depth: 1,
            ..Nesting::default()
        }
    }

    /// Returns the offset past the value's last byte, if it is in `data`.
    pub fn end(&mut self, data: &[u8]) -> Option<usize> {
        while self.at < data.len() {
            if self.in_text {
                let Some(found) = memchr::memchr2(b'"', b'\\', &data[self.at..]) else {
                    self.at = data.len();
                    return None;
                };
                self.at += found;
                if data[self.at] == b'\\' {
                    self.at += 2;
                    continue;
                }
                self.in_text = false;
            } else {
                match data[self.at] {
                    b'"' => self.in_text = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return Some(self.at + 1);
                        }
                    }
                    _ => {}
                }
            }
            self.at += 1;
        }
        None
    }
}

/// Scans the members of an object without parsing their values.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.get(self.at..)?;
        self.at += rest.iter().position(|b| !b.is_ascii_whitespace())?;
        Some(self.text[self.at])
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.peek().filter(|b| *b == byte)?;
        self.at += 1;
        Some(())
    }

    /// Reads a key without escapes, and its colon.
    fn key(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let rest = &self.text[self.at..];
        let length = memchr::memchr2(b'"', b'\\', rest).filter(|end| rest[*end] == b'"')?;
        self.at += length + 1;
        self.eat(b':')?;
        std::str::from_utf8(&rest[..length]).ok()
    }

    fn skip_value(&mut self) -> Option<()> {
        let first = self.peek()?;
        let rest = &self.text[self.at..];
        self.at += match first {
            b'{' | b'[' => Nesting::default().end(rest)?,
            b'"' => {
                let mut end = 1;
                while *rest.get(end)? != b'"' {
                    end += if rest[end] == b'\\' { 2 } else { 1 };
                }
                end + 1
            }
            _ => rest.iter().position(|b| matches!(b, b',' | b'}' | b']'))?,
        };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{opening, records};

    #[test]
    fn envelopes_open_and_events_with_lists_stay_whole() {
        for (text, count) in [
            (r#"{"Records":[{"a":1},{"b":"]}"}]}"#, Some(2)),
            (r#" { "records" : [ ] } "#, Some(0)),
            (
                r#"{"@odata.context":"x\"y","value":[{"a":{}}],"@odata.nextLink":"z"}"#,
                Some(1),
            ),
            (
                r#"{"kind":"k","etag":"\"e\"","items":[{"a":[1]}],"nextPageToken":null}"#,
                Some(1),
            ),
            (r#"{"id":5,"items":[{"a":1}]}"#, None),
            (r#"{"items":[{"a":1}],"total":5}"#, None),
            (r#"{"value":[1,2]}"#, None),
            (r#"{"value":5}"#, None),
            (r#"{"Records":[{"a":1}"#, None),
            (r#"{"Records":[{"a":1}]} x"#, None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(records(text).map(|r| r.len()), count, "{text}");
        }
        assert_eq!(opening(b"{\"Records\": [\n{\"a"), Some(13));
        assert_eq!(opening(b"{\"Records\": ["), None);
    }
}
