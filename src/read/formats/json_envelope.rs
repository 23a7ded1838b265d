//! JSON envelopes: lists of records as services deliver them, `{"Records":[...]}` of CloudTrail,
//! `{"records":[...]}` of Azure, `{"value":[...]}` of Microsoft Graph, `{"items":[...]}` of Google,
//! `{"hits":{"hits":[...]}}` of Elasticsearch, `{"results":[...]}` of Splunk. Every record is an event of its own. A
//! record may itself wrap the event: see [`inner`].

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value as Json;

/// Names of the lists.
const LISTS: [&str; 9] = [
    "Records", "records", "value", "items", "Events", "events", "Findings", "results", "hits",
];
/// Keys allowed next to the list. Any other key makes the object an event that happens to contain a list.
const BESIDE: [&str; 22] = [
    "NextToken",
    "nextToken",
    "ResponseMetadata",
    "searchedLogStreams",
    "took",
    "timed_out",
    "_shards",
    "_scroll_id",
    "pit_id",
    "max_score",
    "preview",
    "init_offset",
    "post_process_count",
    "messages",
    "fields",
    "highlighted",
    "kind",
    "etag",
    "nextPageToken",
    "nextLink",
    "apiVersion",
    "metadata",
];

/// Where the list of an envelope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Where the first record can begin: past the list's `[`.
    pub start: usize,
    /// The number of objects around the list.
    pub depth: usize,
}

/// Finds the list of an envelope. The text may be cut off after its beginning.
pub fn opening(text: &[u8]) -> Option<Opening> {
    let mut scan = Scan { text, at: 0 };
    let mut depth = 1;
    scan.eat(b'{')?;
    loop {
        let key = scan.key()?;
        if LISTS.contains(&key) && scan.eat(b'[').is_some() {
            let start = scan.at;
            let opens = matches!(scan.peek(), Some(b'{' | b']'));
            return opens.then_some(Opening { start, depth });
        }
        // `{"hits":{"total":..,"hits":[...]}}`
        if key == "hits" && depth == 1 && scan.eat(b'{').is_some() {
            depth = 2;
            continue;
        }
        let is_total = depth == 2 && key == "total";
        if !(is_beside(key) || is_total) {
            return None;
        }
        scan.skip_value()?;
        scan.eat(b',')?;
    }
}

/// Returns the records of a complete envelope, or `None` if the text is anything else.
pub fn records(text: &str) -> Option<Vec<Range<usize>>> {
    let text = text.as_bytes();
    let Opening { start, mut depth } = opening(text)?;
    let mut scan = Scan { text, at: start };
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
    while depth > 0 {
        if scan.eat(b'}').is_some() {
            depth -= 1;
            continue;
        }
        scan.eat(b',')?;
        if !is_beside(scan.key()?) {
            return None;
        }
        scan.skip_value()?;
    }
    (scan.peek().is_none()).then_some(found)
}

/// The texts of the events that a record wraps: the document of an Elasticsearch hit, the row of an exported search of
/// Splunk, the event of `aws cloudtrail lookup-events`, the rows of an osquery snapshot. Returns `None` for any other
/// record.
pub fn inner(record: &str) -> Option<Vec<Cow<'_, str>>> {
    let text = record.as_bytes();
    let mut scan = Scan { text, at: 0 };
    scan.eat(b'{')?;
    let wanted = match scan.key()? {
        "_index" | "_id" => "_source",
        "preview" => "result",
        "EventId" | "EventName" | "ReadOnly" => "CloudTrailEvent",
        "snapshot" => return snapshot(record),
        // Other records are not searched: there are many of them.
        "action" | "calendarTime" | "hostIdentifier" | "name" | "unixTime"
            if record.contains("\"snapshot\":[") =>
        {
            return snapshot(record);
        }
        _ => return None,
    };
    loop {
        scan.skip_value()?;
        scan.eat(b',')?;
        if scan.key()? != wanted {
            continue;
        }
        let is_object = scan.peek()? == b'{';
        let start = scan.at;
        scan.skip_value()?;
        let value = record.get(start..scan.at)?;
        return Some(vec![match is_object {
            true => Cow::Borrowed(value),
            false => {
                let event: String = serde_json::from_str(value).ok()?;
                if !event.trim_start().starts_with('{') {
                    return None;
                }
                Cow::Owned(event)
            }
        }]);
    }
}

/// The rows of an osquery snapshot, each with the keys around them, as osquery writes them with
/// `logger_snapshot_event_type`.
fn snapshot(record: &str) -> Option<Vec<Cow<'static, str>>> {
    let Json::Object(mut around) = serde_json::from_str(record).ok()? else {
        return None;
    };
    if around.get("action")?.as_str()? != "snapshot" {
        return None;
    }
    let Json::Array(rows) = around.shift_remove("snapshot")? else {
        return None;
    };
    let event = |row: Json| {
        let mut event = around.clone();
        event.insert("columns".to_owned(), row);
        Cow::Owned(Json::Object(event).to_string())
    };
    Some(rows.into_iter().map(event).collect())
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
    /// Starts inside this many objects or arrays that are already open.
    pub fn inside(depth: usize) -> Nesting {
        Nesting {
            depth,
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
    use super::{Opening, inner, opening, records};

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
            (
                r#"{"took":1,"hits":{"total":{"value":1},"hits":[{"_id":"1"}],"max_score":1}}"#,
                Some(1),
            ),
            (
                r#"{"preview":false,"results":[{"a":1},{"a":2}],"highlighted":{}}"#,
                Some(2),
            ),
            (r#"{"hits":{"a":1,"hits":[]}}"#, None),
            (r#"{"value":[1,2]}"#, None),
            (r#"{"value":5}"#, None),
            (r#"{"Records":[{"a":1}"#, None),
            (r#"{"Records":[{"a":1}]} x"#, None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(records(text).map(|r| r.len()), count, "{text}");
        }
        let list = Opening {
            start: 13,
            depth: 1,
        };
        assert_eq!(opening(b"{\"Records\": [\n{\"a"), Some(list));
        assert_eq!(opening(b"{\"Records\": ["), None);
    }

    #[test]
    fn records_may_wrap_events() {
        for (text, wanted) in [
            (
                r#"{"_index":"i","_id":"1","_source":{"a":1}}"#,
                vec![r#"{"a":1}"#],
            ),
            (
                r#"{"preview":false,"result":{"a":"x"}}"#,
                vec![r#"{"a":"x"}"#],
            ),
            (
                r#"{"EventId":"e","CloudTrailEvent":"{\"eventName\":\"x\"}"}"#,
                vec![r#"{"eventName":"x"}"#],
            ),
            (
                r#"{"snapshot":[{"pid":"1"},{"pid":"2"}],"action":"snapshot","name":"p"}"#,
                vec![
                    r#"{"action":"snapshot","name":"p","columns":{"pid":"1"}}"#,
                    r#"{"action":"snapshot","name":"p","columns":{"pid":"2"}}"#,
                ],
            ),
            (r#"{"EventId":4624,"Channel":"Security"}"#, vec![]),
            (r#"{"_index":"i","a":1}"#, vec![]),
            (r#"{"a":{"_source":{}}}"#, vec![]),
            ("{}", vec![]),
            ("[", vec![]),
        ] {
            let found = inner(text).unwrap_or_default();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
