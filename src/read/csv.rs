//! CSV and its relatives: a header, then a record an event.
//!
//! Records are split here rather than by the `csv` crate because an event keeps its text as it was,
//! line ends inside quotes included.

use std::borrow::Cow;

use crate::error::Result;
use crate::read::event::{Event, EventSink, Field};
use crate::read::input::{Input, LONGEST};
use crate::read::row_events::{Rows, plain_row};

/// Sourcetype of CSV rows.
pub const SOURCETYPE: &str = "csv";

/// Reads all rows.
///
/// # Errors
/// What the input or the sink says; a file without a header.
pub fn read(input: &mut Input<'_>, rows: Rows<'_>, sink: &mut dyn EventSink) -> Result<()> {
    let mut text = String::new();
    let mut header: Option<(Vec<String>, u8)> = None;
    while let Some(line) = next_record(input, &mut text, header.as_ref().map(|h| h.1), sink)? {
        let Some((names, separator)) = &header else {
            let separator = separator_of(&text);
            let cells = split(&text, separator, 0);
            let names = cells.iter().map(|c| c.trim().to_owned()).collect();
            header = Some((names, separator));
            continue;
        };
        let cells = split(&text, *separator, names.len());
        if cells.len() > names.len() {
            sink.bad(line, "more values than the header has names");
        }
        let fields = names
            .iter()
            .zip(cells)
            .filter(|(name, value)| !value.is_empty() && !name.is_empty())
            .map(|(name, value)| Field::text(name.as_str(), value))
            .collect();
        let (event, problem) = (rows.make)(fields, &text, &rows);
        if let Some(problem) = problem {
            sink.bad(line, problem);
        }
        sink.event(&event)?;
    }
    Ok(())
}

/// The event of one row.
pub fn event<'a>(
    fields: Vec<Field<'a>>,
    raw: &'a str,
    rows: &Rows<'_>,
) -> (Event<'a>, Option<&'static str>) {
    plain_row(fields, raw, SOURCETYPE, rows)
}

/// Puts the next record that is not blank into `text` and gives its first line's number.
fn next_record(
    input: &mut Input<'_>,
    text: &mut String,
    separator: Option<u8>,
    sink: &mut dyn EventSink,
) -> Result<Option<u64>> {
    text.clear();
    let mut first = 0;
    let mut state = State::Start;
    while let Some(line) = input.line()? {
        if first == 0 {
            if line.bytes.trim_ascii().is_empty() {
                continue;
            }
            first = line.number;
        } else {
            text.push('\n');
        }
        if line.too_long || text.len() > LONGEST {
            sink.bad(first, "longer than 64 MiB");
            text.clear();
            first = 0;
            state = State::Start;
            continue;
        }
        let piece = String::from_utf8_lossy(line.bytes);
        if let Cow::Owned(_) = piece {
            sink.bad(
                line.number,
                "not UTF-8: the bytes that are not were replaced",
            );
        }
        // The header's separator is not known before it is read: a comma does for its quotes.
        state = state.after(piece.as_bytes(), separator.unwrap_or(b','));
        text.push_str(&piece);
        if state != State::Quoted {
            return Ok(Some(first));
        }
    }
    if first > 0 {
        sink.bad(first, "a quote is not closed");
    }
    Ok(None)
}

/// Where in a record a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a value.
    Start,
    Bare,
    Quoted,
    /// After a quote inside quotes: the value's end, or the first half of a doubled one.
    Closed,
}

impl State {
    fn step(self, byte: u8, separator: u8) -> State {
        match self {
            State::Quoted if byte == b'"' => State::Closed,
            State::Quoted => State::Quoted,
            State::Start | State::Closed if byte == b'"' => State::Quoted,
            State::Start | State::Bare | State::Closed if byte == separator => State::Start,
            State::Start | State::Bare | State::Closed => State::Bare,
        }
    }

    /// The state after a line and its end, which is part of the value only inside quotes.
    fn after(self, line: &[u8], separator: u8) -> State {
        line.iter()
            .fold(self, |state, byte| state.step(*byte, separator))
    }
}

/// The separator of a header: the most frequent of those in use.
fn separator_of(header: &str) -> u8 {
    let count = |s: u8| header.bytes().filter(|b| *b == s).count();
    let mut best = (b',', count(b','));
    for candidate in [b'\t', b';', b'|'] {
        let n = count(candidate);
        if n > best.1 {
            best = (candidate, n);
        }
    }
    best.0
}

/// The values of a record, of which `expected` are likely.
fn split(record: &str, separator: u8, expected: usize) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::with_capacity(expected);
    let bytes = record.as_bytes();
    let mut state = State::Start;
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let next = state.step(*byte, separator);
        if next == State::Start {
            cells.push(unquote(&record[start..at]));
            start = at + 1;
        }
        state = next;
    }
    cells.push(unquote(&record[start..]));
    cells
}

fn unquote(cell: &str) -> Cow<'_, str> {
    let Some(inner) = cell.strip_prefix('"') else {
        return Cow::Borrowed(cell);
    };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if inner.contains('"') {
        Cow::Owned(inner.replace("\"\"", "\""))
    } else {
        Cow::Borrowed(inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono_tz::Tz;

    use super::{event, read};
    use crate::error::Result;
    use crate::read::event::{Event, EventSink};
    use crate::read::input::Input;
    use crate::read::row_events::Rows;

    #[derive(Default)]
    struct Seen {
        events: Vec<(Option<i64>, String, String)>,
        bad: Vec<u64>,
    }

    impl EventSink for Seen {
        fn event(&mut self, event: &Event<'_>) -> Result<()> {
            let fields: Vec<String> = event
                .fields
                .iter()
                .map(|f| format!("{}={}", f.name, f.value))
                .collect();
            self.events
                .push((event.time, fields.join("|"), event.raw.to_string()));
            Ok(())
        }

        fn bad(&mut self, line: u64, _why: &str) {
            self.bad.push(line);
        }
    }

    fn read_text(text: &str) -> Seen {
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.csv"), &mut bytes);
        let mut seen = Seen::default();
        let rows = Rows {
            zone: Tz::UTC,
            file: "x.csv",
            unwrap: true,
            make: event,
        };
        read(&mut input, rows, &mut seen).expect("readable");
        seen
    }

    #[test]
    fn records_keep_quotes_blanks_and_lines() {
        let seen = read_text(
            "_time,a,\"b c\",d\r\n5,x,\"1,\"\"2\"\"\r\n3\",\r\n\n,5\" disk,,\"\"\n6,y,z,w,more\n7,\"open\n",
        );
        let row = |time, fields: &str, raw: &str| (time, fields.to_owned(), raw.to_owned());
        assert_eq!(
            seen.events,
            [
                row(
                    Some(5_000_000),
                    "a=x|b c=1,\"2\"\n3",
                    "5,x,\"1,\"\"2\"\"\n3\","
                ),
                row(None, "a=5\" disk", ",5\" disk,,\"\""),
                row(Some(6_000_000), "a=y|b c=z|d=w", "6,y,z,w,more"),
            ]
        );
        assert_eq!(seen.bad, [6, 7]);
    }

    #[test]
    fn other_separators_are_found_in_the_header() {
        for separator in ["\t", ";", "|"] {
            let seen = read_text(&"a#b,c#d\n1#2#3".replace('#', separator));
            assert_eq!(seen.events[0].1, "a=1|b,c=2|d=3");
        }
    }
}
