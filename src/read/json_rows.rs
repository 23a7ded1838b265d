//! JSON rows: one object a line, an array of objects, or objects over several lines.

use std::borrow::Cow;
use std::ops::Range;

use chrono_tz::Tz;

use crate::error::Result;
use crate::read::event::{Event, EventSink, Field};
use crate::read::input::{Input, LONGEST};
use crate::read::json::{JsonError, object_fields};
use crate::read::{timestamp, windows_json, windows_xml};

/// How much of a file is looked at to tell how its rows are arranged.
const HEAD: usize = 64 * 1024;
/// Sourcetype of plain rows.
pub const SOURCETYPE: &str = "_json";

/// Keys that tell a plain row's time when it has no `_time`, the most telling first.
const TIME_KEYS: [&str; 12] = [
    "@timestamp",
    "timestamp",
    "Timestamp",
    "time",
    "Time",
    "eventTime",
    "event_time",
    "EventTime",
    "datetime",
    "date",
    "ts",
    "CreationTime",
];

/// Whether a file that starts so is JSON rows.
pub fn looks_like(head: &str) -> bool {
    let head = skip_record_line(head.trim_start());
    let mut rest = head.chars().filter(|c| !c.is_whitespace());
    matches!(
        (rest.next(), rest.next()),
        (Some('{'), Some('"' | '}') | None) | (Some('['), Some('{' | ']'))
    )
}

/// `evtx_dump` heads every record with `Record 12`.
fn skip_record_line(text: &str) -> &str {
    match text.split_once('\n') {
        Some((line, rest)) if is_record_line(line) => rest.trim_start(),
        Some(_) | None => text,
    }
}

fn is_record_line(line: &str) -> bool {
    line.trim_end()
        .strip_prefix("Record ")
        .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Makes an event of a row's fields and text; also says what is wrong with the row, if it can be
/// taken all the same.
pub type MakeEvent = for<'a> fn(Vec<Field<'a>>, &'a str, Tz) -> (Event<'a>, Option<&'static str>);

/// How rows become events.
#[derive(Clone, Copy)]
pub struct Rows {
    /// The zone of times that name none.
    pub zone: Tz,
    /// What makes the events.
    pub make: MakeEvent,
}

/// Reads all rows.
///
/// # Errors
/// What the input or the sink says.
pub fn read(input: &mut Input<'_>, rows: Rows, sink: &mut dyn EventSink) -> Result<()> {
    let head = String::from_utf8_lossy(input.head(HEAD)?).into_owned();
    if has_rows_by_line(&head) {
        read_lines(input, rows, sink)
    } else {
        read_values(input, rows, sink)
    }
}

/// Whether rows end with their lines, judged by the head of the file.
fn has_rows_by_line(head: &str) -> bool {
    if head.trim_start().starts_with('[') {
        return false;
    }
    let mut lines = head.split_inclusive('\n').filter(|l| !l.trim().is_empty());
    let Some(first) = lines.next() else {
        return true;
    };
    if is_record_line(first) {
        return false;
    }
    // One line that is longer than the head, or a first line that is a whole row.
    if !first.ends_with('\n') || object_fields(first).is_ok() {
        return true;
    }
    // The first line may be damaged.
    lines.any(|l| l.starts_with('{') && l.trim_end() != "{}" && object_fields(l).is_ok())
}

fn read_lines(input: &mut Input<'_>, rows: Rows, sink: &mut dyn EventSink) -> Result<()> {
    while let Some(line) = input.line()? {
        let bytes = line.bytes.trim_ascii();
        if bytes.is_empty() {
            continue;
        }
        if line.too_long {
            sink.bad(line.number, "longer than 64 MiB");
            continue;
        }
        row(bytes, line.number, rows, sink)?;
    }
    Ok(())
}

fn row(bytes: &[u8], line: u64, rows: Rows, sink: &mut dyn EventSink) -> Result<()> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            sink.bad(line, "not UTF-8: the bytes that are not were replaced");
            String::from_utf8_lossy(bytes)
        }
    };
    match object_fields(&text) {
        Ok(fields) => {
            let (event, problem) = (rows.make)(fields, &text, rows.zone);
            if let Some(problem) = problem {
                sink.bad(line, problem);
            }
            sink.event(&event)
        }
        Err(JsonError { why, .. }) => {
            sink.bad(line, why);
            Ok(())
        }
    }
}

/// Elements of an array, or objects one after the other.
fn read_values(input: &mut Input<'_>, rows: Rows, sink: &mut dyn EventSink) -> Result<()> {
    loop {
        match next_value(input)? {
            Next::Value(range) => {
                let line = input.line_number() + 1;
                let value = &input.data()[range.clone()];
                row(value, line, rows, sink)?;
                input.consume(range.end);
            }
            Next::CutOff => {
                sink.bad(input.line_number() + 1, "the JSON object is cut off");
                return Ok(());
            }
            Next::TooLong => {
                sink.bad(input.line_number() + 1, "longer than 64 MiB");
                return Ok(());
            }
            Next::Other(length) => {
                sink.bad(input.line_number() + 1, "expected a JSON object");
                // The next line may be sound again.
                input.consume(length);
            }
            Next::End => return Ok(()),
        }
    }
}

enum Next {
    /// An object at these bytes of the data.
    Value(Range<usize>),
    /// An object that does not end.
    CutOff,
    /// An object beyond the bound.
    TooLong,
    /// So many bytes that are no object.
    Other(usize),
    /// The end of the file.
    End,
}

/// Finds the next object, reading on until it is whole.
fn next_value(input: &mut Input<'_>) -> Result<Next> {
    let start = loop {
        let data = input.data();
        let blank = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b'[' | b']');
        match data.iter().position(|b| !blank(b)) {
            Some(at) if data[at] == b'{' => break at,
            Some(at) => {
                if let Some(end) = memchr::memchr(b'\n', &data[at..]) {
                    if !is_record_line(&String::from_utf8_lossy(&data[at..at + end])) {
                        return Ok(Next::Other(at + end + 1));
                    }
                    input.consume(at + end + 1);
                } else if data.len() > LONGEST || !input.fill()? {
                    return Ok(Next::Other(input.data().len()));
                }
            }
            None => {
                let length = data.len();
                input.consume(length);
                if !input.fill()? {
                    return Ok(Next::End);
                }
            }
        }
    };
    input.consume(start);
    let mut scan = Nesting::default();
    loop {
        if let Some(end) = scan.end(input.data()) {
            return Ok(Next::Value(0..end));
        }
        if input.data().len() > LONGEST {
            return Ok(Next::TooLong);
        }
        if !input.fill()? {
            return Ok(Next::CutOff);
        }
    }
}

/// Follows braces and texts to the end of a value, over as many blocks as it takes.
#[derive(Default)]
struct Nesting {
    at: usize,
    depth: usize,
    in_text: bool,
}

impl Nesting {
    /// One past the value's last byte, if it is in `data`.
    fn end(&mut self, data: &[u8]) -> Option<usize> {
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

/// The event of one row, and what is wrong with it, if it could be read all the same.
pub fn event<'a>(
    fields: Vec<Field<'a>>,
    raw: &'a str,
    zone: Tz,
) -> (Event<'a>, Option<&'static str>) {
    match windows_json::flavour(&fields) {
        Some(flavour) => {
            let event = windows_json::event(flavour, fields, Cow::Borrowed(raw), zone);
            (event, None)
        }
        None => plain_row(fields, raw, SOURCETYPE, zone),
    }
}

/// A row of a table: every key is a column, whatever its name.
pub fn table_row<'a>(
    fields: Vec<Field<'a>>,
    _raw: &'a str,
    _zone: Tz,
) -> (Event<'a>, Option<&'static str>) {
    let event = Event {
        fields,
        ..Event::default()
    };
    (event, None)
}

/// A row whose keys are its fields. `_time`, `_raw`, `host`, `source`, `sourcetype` and `index` are
/// taken out as what they are. `raw` stands in where the row has no `_raw`.
pub fn plain_row<'a>(
    fields: Vec<Field<'a>>,
    raw: &'a str,
    sourcetype: &'a str,
    zone: Tz,
) -> (Event<'a>, Option<&'static str>) {
    let mut event = Event {
        raw: Cow::Borrowed(raw),
        sourcetype: Some(Cow::Borrowed(sourcetype)),
        ..Event::default()
    };
    let mut rest = fields;
    let mut problem = None;
    let mut has_time = false;
    rest.retain_mut(|field| {
        let slot = match field.name.as_ref() {
            "_time" => {
                has_time = true;
                event.time = timestamp::parse(&field.value, zone);
                if event.time.is_none() && !field.value.is_empty() {
                    problem = Some("`_time` is no time");
                }
                return false;
            }
            "_raw" => {
                event.raw = std::mem::take(&mut field.value);
                return false;
            }
            "host" => &mut event.host,
            "source" => &mut event.source,
            "sourcetype" => &mut event.sourcetype,
            "index" => &mut event.index,
            _ => return true,
        };
        if !field.value.is_empty() {
            *slot = Some(std::mem::take(&mut field.value));
        }
        false
    });
    event.fields = rest;
    if !has_time {
        event.time = TIME_KEYS
            .iter()
            .find_map(|key| event.get(key).and_then(|text| timestamp::parse(text, zone)));
    }
    add_fields_of_raw(&mut event);
    (event, problem)
}

/// A row that carries a Windows event's XML and nothing of what is in it, as exported searches do.
fn add_fields_of_raw(event: &mut Event<'_>) {
    let carries_xml = event.raw.starts_with("<Event ") || event.raw.starts_with("<Event>");
    if !carries_xml || event.get("EventCode").is_some() || event.get("EventID").is_some() {
        return;
    }
    let Ok(inner) = windows_xml::event(&event.raw) else {
        return;
    };
    let new: Vec<Field<'static>> = inner
        .fields
        .iter()
        .filter(|f| event.get(&f.name).is_none())
        .map(|f| Field::text(f.name.to_string(), f.value.to_string()))
        .collect();
    let (time, host) = (inner.time, inner.host.map(|h| h.into_owned()));
    event.time = event.time.or(time);
    if event.host.is_none() {
        event.host = host.map(Cow::Owned);
    }
    event.fields.extend(new);
}

#[cfg(test)]
mod tests;
