//! CSV and similar formats: a header, then one record per event.
//!
//! Splits records itself instead of using the `csv` crate, because an event keeps its original text,
//! including line ends inside quotes.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::error::Result;
use crate::extract::event::{Event, EventSink, Field};
use crate::read::batch::row_events::{Rows, plain_row};
use crate::read::input::buffer::{Input, LONGEST};
use crate::read::input::decode::text_of;
use crate::read::rules::{Delimiter, Structured};

/// The sourcetype of CSV rows.
pub const SOURCETYPE: &str = "csv";
/// Lines of a record beyond which an unclosed quote is treated as plain text.
const MAX_LINES: usize = 10_000;
/// Maximum lines of a record that counts as cut off inside quotes, where damage ends the file.
const MAX_CUT_LINES: usize = 256;

/// The given layout of a table. By default its first line is the header.
#[derive(Clone, Copy, Default)]
pub struct Table<'s> {
    structured: Option<&'s Structured>,
}

impl<'s> Table<'s> {
    /// The layout given by configuration.
    pub fn new(structured: Option<&'s Structured>) -> Table<'s> {
        Table { structured }
    }

    /// Whether a line is before the header or is a comment.
    fn skips(&self, line: u64, text: &str) -> bool {
        self.structured.is_some_and(|s| {
            line < s.header_line
                || s.preamble
                    .as_ref()
                    .is_some_and(|regex| regex.is_match(text).unwrap_or(false))
        })
    }

    /// The configured columns, for files without a header line.
    fn given(&self) -> Option<Columns> {
        let said = self.structured.filter(|s| !s.names.is_empty())?;
        Some(Columns {
            names: said.names.clone(),
            format: self.format(said.delimiter.unwrap_or(Delimiter::Byte(b','))),
        })
    }

    fn format(&self, delimiter: Delimiter) -> Format {
        Format {
            delimiter,
            quote: self.structured.map_or(Some(b'"'), |s| s.quote),
        }
    }

    /// The columns that a header names.
    fn columns(&self, header: &str) -> Columns {
        let Some(said) = self.structured else {
            let format = self.format(separator_of(header));
            let names = format.split(header, 0);
            return Columns {
                names: names.iter().map(|c| c.trim().to_owned()).collect(),
                format,
            };
        };
        let delimiter = said.delimiter.unwrap_or_else(|| separator_of(header));
        let mut header = header;
        if let Some(regex) = &said.header_prefix
            && let Ok(Some(prefix)) = regex.find(header)
        {
            header = &header[prefix.end()..];
        }
        let names = self.format(said.header_delimiter.unwrap_or(delimiter));
        let kept =
            |c: char| c.is_alphanumeric() || c == ' ' || c == '_' || said.special.contains(c);
        // Header names are cleaned as in Splunk.
        let clean = |name: &Cow<'_, str>| -> String {
            let kept = name.trim().chars().map(|c| if kept(c) { c } else { '_' });
            kept.collect()
        };
        Columns {
            names: names.split(header, 0).iter().map(clean).collect(),
            format: self.format(delimiter),
        }
    }

    /// Whether a value means a missing one.
    fn is_missing(&self, value: &str) -> bool {
        value.is_empty()
            || self
                .structured
                .and_then(|s| s.missing.as_ref())
                .is_some_and(|regex| regex.is_match(value).unwrap_or(false))
    }
}

/// A table's columns.
struct Columns {
    names: Vec<String>,
    format: Format,
}

/// Reads all rows.
///
/// # Errors
/// Returns an error of the input or the sink, or an error if the file has no header.
pub fn read(
    input: &mut Input<'_>,
    table: &Table<'_>,
    rows: Rows<'_>,
    sink: &mut dyn EventSink,
) -> Result<()> {
    let mut records = Records {
        input,
        ahead: VecDeque::new(),
    };
    let mut text = String::new();
    let mut columns = table.given();
    // The header's separator is unknown before it is read: a comma works for finding its quotes.
    let first = table.format(Delimiter::Byte(b','));
    loop {
        let format = columns.as_ref().map_or(first, |c| c.format);
        let Some(line) = records.next(&mut text, format, sink) else {
            return Ok(());
        };
        // The last value may be cut off, which changes its meaning.
        if records.is_cut(line, &text) {
            sink.bad(line, "the record is cut off");
            continue;
        }
        if table.skips(line, &text) {
            continue;
        }
        let Some(Columns { names, format }) = &columns else {
            columns = Some(table.columns(&text));
            continue;
        };
        let cells = format.split(&text, names.len());
        if cells.len() > names.len() {
            sink.bad(line, "more values than the header has names");
        }
        let fields = names
            .iter()
            .zip(cells)
            .filter(|(name, value)| !table.is_missing(value) && !name.is_empty())
            .map(|(name, value)| Field::text(name.as_str(), value))
            .collect();
        let (event, problem) = (rows.make)(fields, &text, &rows);
        if let Some(problem) = problem {
            sink.bad(line, problem);
        }
        sink.event(&event)?;
    }
}

/// The event of one row.
pub fn event<'a>(
    fields: Vec<Field<'a>>,
    raw: &'a str,
    rows: &Rows<'_>,
) -> (Event<'a>, Option<&'static str>) {
    plain_row(fields, raw, SOURCETYPE, rows)
}

/// The records of a table.
struct Records<'i, 'r> {
    input: &'i mut Input<'r>,
    /// Lines read ahead in search of a closing quote.
    ahead: VecDeque<(u64, String)>,
}

impl Records<'_, '_> {
    /// The next line with its number.
    fn line(&mut self, sink: &mut dyn EventSink) -> Option<(u64, String)> {
        if let Some(line) = self.ahead.pop_front() {
            return Some(line);
        }
        let line = self.input.line()?;
        if line.too_long {
            sink.bad(line.number, "longer than 64 MiB: cut there");
        }
        let text = text_of(line.bytes, line.number, sink).into_owned();
        Some((line.number, text))
    }

    /// Whether damage cuts off the record that begins at a line.
    fn is_cut(&self, line: u64, text: &str) -> bool {
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
        (line..=line + lines).any(|line| self.input.is_cut(line))
    }

    /// Reads the next record that is not blank into `text` and returns its first line number. If a quote is
    /// not closed, the record ends with its line.
    fn next(&mut self, text: &mut String, format: Format, sink: &mut dyn EventSink) -> Option<u64> {
        let first = loop {
            match self.line(sink) {
                Some((_, line)) if line.trim().is_empty() => {}
                Some((number, line)) => {
                    *text = line;
                    break number;
                }
                None => return None,
            }
        };
        let length = text.len();
        let mut state = format.after(State::Start, text.as_bytes());
        let mut more: Vec<(u64, String)> = Vec::new();
        while state == State::Quoted {
            let next = if more.len() < MAX_LINES && text.len() < LONGEST {
                self.line(sink)
            } else {
                None
            };
            let Some((number, line)) = next else {
                if more.len() <= MAX_CUT_LINES && self.is_cut(first, text) {
                    break;
                }
                sink.bad(first, "a quote is not closed");
                text.truncate(length);
                for line in more.into_iter().rev() {
                    self.ahead.push_front(line);
                }
                break;
            };
            state = format.after(state, line.as_bytes());
            text.push('\n');
            text.push_str(&line);
            more.push((number, line));
        }
        Some(first)
    }
}

/// How the values of a record are delimited and quoted.
#[derive(Clone, Copy)]
struct Format {
    delimiter: Delimiter,
    quote: Option<u8>,
}

/// The state of the record splitter at a byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a value.
    Start,
    Bare,
    Quoted,
    /// After a quote inside quotes: the end of the value, or the first half of a doubled quote.
    Closed,
}

impl Format {
    fn step(self, state: State, byte: u8) -> State {
        let is_quote = self.quote == Some(byte);
        match state {
            State::Quoted if is_quote => State::Closed,
            State::Quoted => State::Quoted,
            State::Start | State::Closed if is_quote => State::Quoted,
            State::Start | State::Bare | State::Closed if self.is_delimiter(byte) => State::Start,
            State::Start | State::Bare | State::Closed => State::Bare,
        }
    }

    fn is_delimiter(self, byte: u8) -> bool {
        match self.delimiter {
            Delimiter::Byte(one) => byte == one,
            Delimiter::Whitespace => byte == b' ' || byte == b'\t',
        }
    }

    /// The state after a line and its line end, which is part of the value only inside quotes.
    fn after(self, state: State, line: &[u8]) -> State {
        line.iter()
            .fold(state, |state, byte| self.step(state, *byte))
    }

    /// Splits a record into values; it expects `expected` of them.
    fn split(self, record: &str, expected: usize) -> Vec<Cow<'_, str>> {
        let mut cells = Vec::with_capacity(expected);
        let bytes = record.as_bytes();
        let mut state = State::Start;
        let mut start = 0;
        // Any number of blanks is one delimiter.
        let is_gap =
            |start: usize, at: usize| self.delimiter == Delimiter::Whitespace && start == at;
        for (at, byte) in bytes.iter().enumerate() {
            let next = self.step(state, *byte);
            if next == State::Start {
                if !is_gap(start, at) {
                    cells.push(self.unquote(&record[start..at]));
                }
                start = at + 1;
            }
            state = next;
        }
        if !is_gap(start, bytes.len()) {
            cells.push(self.unquote(&record[start..]));
        }
        cells
    }

    fn unquote(self, cell: &str) -> Cow<'_, str> {
        let Some(quote) = self.quote.map(char::from) else {
            return Cow::Borrowed(cell);
        };
        let Some(inner) = cell.strip_prefix(quote) else {
            return Cow::Borrowed(cell);
        };
        let inner = inner.strip_suffix(quote).unwrap_or(inner);
        if inner.contains(quote) {
            let doubled: String = [quote, quote].iter().collect();
            Cow::Owned(inner.replace(&doubled, quote.encode_utf8(&mut [0; 4])))
        } else {
            Cow::Borrowed(inner)
        }
    }
}

/// Detects the separator of a header: the most frequent of the known ones.
fn separator_of(header: &str) -> Delimiter {
    let count = |s: u8| header.bytes().filter(|b| *b == s).count();
    let mut best = (b',', count(b','));
    for candidate in [b'\t', b';', b'|'] {
        let n = count(candidate);
        if n > best.1 {
            best = (candidate, n);
        }
    }
    Delimiter::Byte(best.0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use chrono_tz::Tz;

    use super::{Table, event, read};
    use crate::pcre::Regex;
    use crate::read::batch::row_events::Rows;
    use crate::read::collect::Collect;
    use crate::read::input::buffer::Input;
    use crate::read::rules::{Delimiter, Structured, StructuredKind};

    fn read_text(text: &str, structured: Option<&Structured>) -> Collect {
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.csv"), &mut bytes);
        let mut seen = Collect::default();
        let rows = Rows {
            log: false,
            zone: Tz::UTC,
            file: "x.csv",
            unwrap: true,
            keep_lines: false,
            trim_braces: false,
            make: event,
        };
        read(&mut input, &Table::new(structured), rows, &mut seen).expect("readable");
        seen
    }

    #[test]
    fn records_keep_quotes_blanks_and_lines() {
        let seen = read_text(
            "_time,a,\"b c\",d\r\n5,x,\"1,\"\"2\"\"\r\n3\",\r\n\n,5\" disk,,\"\"\n6,y,z,w,more\n7,\"open\n8,x\n",
            None,
        );
        assert_eq!(
            seen.raws(),
            [
                (Some(5_000_000), "5,x,\"1,\"\"2\"\"\n3\","),
                (None, ",5\" disk,,\"\""),
                (Some(6_000_000), "6,y,z,w,more"),
                (Some(7_000_000), "7,\"open"),
                (Some(8_000_000), "8,x"),
            ]
        );
        assert_eq!(
            seen.fields(),
            [
                "a=x|b c=1,\"2\"\n3",
                "a=5\" disk",
                "a=y|b c=z|d=w",
                "a=open",
                "a=x"
            ]
        );
        assert_eq!(seen.bad_lines(), [6, 7]);
    }

    #[test]
    fn other_separators_are_found_in_the_header() {
        for separator in ["\t", ";", "|"] {
            let seen = read_text(&"a#b,c#d\n1#2#3".replace('#', separator), None);
            assert_eq!(seen.fields(), ["a=1|b,c=2|d=3"]);
        }
    }

    #[test]
    fn a_layout_may_be_said() {
        let regex = |text: &str| Some(Arc::new(Regex::new(text).expect("an expression")));
        let mut said = Structured {
            kind: StructuredKind::Table,
            delimiter: Some(Delimiter::Whitespace),
            header_delimiter: Some(Delimiter::Byte(b',')),
            quote: Some(b'\''),
            names: Vec::new(),
            header_line: 2,
            preamble: regex("^;"),
            header_prefix: regex("^#fields: "),
            special: ".".to_owned(),
            missing: regex("^-$"),
            trim_braces: false,
        };
        let text = "title\n#fields: a.b,c(d),e f\n; note\n1   'x y' \t3\n- 2 -\n";
        assert_eq!(
            read_text(text, Some(&said)).fields(),
            ["a.b=1|c_d_=x y|e f=3", "c_d_=2"]
        );
        said.names = vec!["p".to_owned(), "q".to_owned()];
        said.header_line = 0;
        assert_eq!(
            read_text("1 2\n3 4\n", Some(&said)).fields(),
            ["p=1|q=2", "p=3|q=4"]
        );
    }
}
