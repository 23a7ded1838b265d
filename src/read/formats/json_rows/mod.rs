//! JSON rows: one object per line, an array of objects, or objects over several lines.

mod resync;

use std::borrow::Cow;
use std::ops::Range;

use crate::error::Result;
use crate::extract::event::{EventSink, Field};
use crate::extract::json::{TRAILING, object_fields, record_fields};
use crate::extract::kv;
use crate::read::batch::row_events::Rows;
use crate::read::formats::json_envelope::{self, Nesting};
use crate::read::formats::json_rows::resync::Resync;
use crate::read::input::buffer::{Input, LONGEST};
use crate::read::input::decode;

/// Bytes of a file examined to determine the arrangement of its rows.
const HEAD: usize = 64 * 1024;

/// Precedes every row of a JSON text sequence (RFC 7464).
const RECORD_SEPARATOR: char = '\u{1e}';

/// Whether a file with this head is JSON rows.
pub fn looks_like(head: &str) -> bool {
    let head = head.trim_start_matches(|c: char| c == RECORD_SEPARATOR || c.is_whitespace());
    let head = skip_record_line(head);
    let mut rest = head.chars().filter(|c| !c.is_whitespace());
    matches!(
        (rest.next(), rest.next()),
        (Some('{'), Some('"' | '}') | None) | (Some('['), Some('{' | ']'))
    )
}

/// `evtx_dump` precedes every record with `Record 12`.
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

/// Reads all rows.
///
/// # Errors
/// Returns an error of the input or the sink.
pub fn read(input: &mut Input<'_>, rows: Rows<'_>, sink: &mut dyn EventSink) -> Result<()> {
    let head = String::from_utf8_lossy(input.head(HEAD)).into_owned();
    let first = head.trim_start().split_inclusive('\n').next();
    let first_is_whole = first.is_some_and(|l| l.ends_with('\n') && object_fields(l).is_ok());
    if rows.unwrap
        && !first_is_whole
        && let Some(opening) = json_envelope::opening(input.data())
        // The end of a small document shows whether it contains only the list.
        && (head.len() >= HEAD || !is_whole_event(&head))
    {
        input.consume(opening.start);
        let rows = Rows {
            keep_lines: false,
            ..rows
        };
        read_list(input, opening.depth, rows, sink)?;
        return read_values(input, rows, sink);
    }
    if has_rows_by_line(&head) {
        read_lines(input, rows, sink)
    } else {
        let rows = Rows {
            keep_lines: false,
            ..rows
        };
        read_values(input, rows, sink)
    }
}

/// Whether a text is one object that is not an envelope.
fn is_whole_event(text: &str) -> bool {
    json_envelope::records(text).is_none() && object_fields(text).is_ok()
}

/// Reads the records of a list after its `[`, one by one, so that it may be of any length; then the rest of
/// its envelope.
fn read_list(
    input: &mut Input<'_>,
    depth: usize,
    rows: Rows<'_>,
    sink: &mut dyn EventSink,
) -> Result<()> {
    let mut resync = Resync::default();
    loop {
        let blank = |b: &u8| b.is_ascii_whitespace() || *b == b',';
        let Some(start) = input.data().iter().position(|b| !blank(b)) else {
            let length = input.data().len();
            input.consume(length);
            if input.fill() {
                continue;
            }
            sink.bad(input.line_number() + 1, "the list of records is cut off");
            return Ok(());
        };
        resync.begins(&input.data()[..start]);
        input.consume(start);
        let line = input.line_number() + 1;
        match input.data()[0] {
            b'{' => match object(input) {
                Next::Value(range) => {
                    let whole = row(&input.data()[range.clone()], line, rows, sink)?;
                    let length = match whole {
                        true => range.end,
                        false => resync
                            .after(&input.data()[range.clone()])
                            .unwrap_or(range.end),
                    };
                    input.consume(length);
                }
                other => {
                    let why = match other {
                        Next::TooLong => TOO_LONG,
                        Next::Value(_) | Next::CutOff | Next::Other(_) | Next::End => CUT_OFF,
                    };
                    sink.bad(line, why);
                    match resync.after(input.data()) {
                        Some(length) => input.consume(length),
                        None => {
                            finish(input);
                            return Ok(());
                        }
                    }
                }
            },
            b']' => {
                input.consume(1);
                let mut envelope = Nesting::inside(depth);
                loop {
                    if let Some(end) = envelope.end(input.data()) {
                        input.consume(end);
                        return Ok(());
                    }
                    if input.data().len() > LONGEST || !input.fill() {
                        sink.bad(line, CUT_OFF);
                        finish(input);
                        return Ok(());
                    }
                }
            }
            _ => {
                sink.bad(line, "expected a JSON object");
                let data = input.data();
                let length = memchr::memchr2(b'\n', b'{', data).unwrap_or(data.len());
                input.consume(length);
            }
        }
    }
}

const CUT_OFF: &str = "the JSON object is cut off";
const TOO_LONG: &str = "longer than 64 MiB";

/// Skips the rest of the input.
fn finish(input: &mut Input<'_>) {
    loop {
        let length = input.data().len();
        input.consume(length);
        if !input.fill() {
            return;
        }
    }
}

/// Whether each line is a row, judging by the head of the file.
fn has_rows_by_line(head: &str) -> bool {
    if head.trim_start().starts_with(['[', RECORD_SEPARATOR]) {
        return false;
    }
    let mut lines = head.split_inclusive('\n').filter(|l| !l.trim().is_empty());
    let Some(first) = lines.next() else {
        return true;
    };
    if is_record_line(first) {
        return false;
    }
    // One line longer than the head, or a first line that is a complete row.
    let is_row = |line: &str| object_fields(without_comma(line.trim())).is_ok();
    if !first.ends_with('\n') || is_row(first) {
        return true;
    }
    if first.trim_end() == "{" {
        return false;
    }
    // The first line may be damaged.
    lines.any(|l| l.starts_with('{') && l.trim_end() != "{}" && is_row(l))
}

/// A row of a list whose rows are lines ends with a comma.
fn without_comma(line: &str) -> &str {
    match line.strip_suffix(',') {
        Some(row) if row.starts_with('{') => row.trim_end(),
        _ => line,
    }
}

fn read_lines(input: &mut Input<'_>, rows: Rows<'_>, sink: &mut dyn EventSink) -> Result<()> {
    while let Some(line) = input.line() {
        let number = line.number;
        let bytes = line.bytes.trim_ascii();
        if bytes.is_empty() {
            continue;
        }
        if line.too_long {
            sink.bad(number, TOO_LONG);
            continue;
        }
        let failed = match row(bytes, number, rows, sink)? {
            false if rows.keep_lines => bytes.to_vec(),
            _ => continue,
        };
        // A damaged archive gives lines that never were.
        if !input.is_damaged() {
            kept(&failed, rows, sink)?;
        }
    }
    Ok(())
}

/// A line that is no row, as an event with what can be read of it.
fn kept(line: &[u8], rows: Rows<'_>, sink: &mut dyn EventSink) -> Result<()> {
    let text = decode::lossy(line);
    let (mut fields, _) = record_fields(&text);
    if fields.is_empty() {
        fields = kv::pairs(&text)
            .map(|(name, value)| Field::text(name, value))
            .collect();
    }
    let (event, _) = (rows.make)(fields, &text, &rows);
    sink.event(&event)
}

/// Reads one row, or the records of an envelope. Returns whether it is valid.
fn row(bytes: &[u8], line: u64, rows: Rows<'_>, sink: &mut dyn EventSink) -> Result<bool> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            sink.bad(line, decode::NOT_UTF8);
            decode::lossy(bytes)
        }
    };
    match json_envelope::records(&text).filter(|_| rows.unwrap) {
        Some(records) => records.into_iter().try_fold(true, |sound, record| {
            Ok(record_rows(&text[record], line, rows, sink)? && sound)
        }),
        None => record_rows(&text, line, rows, sink),
    }
}

/// The events of objects side by side, which may wrap others. Returns whether all are valid.
fn record_rows(text: &str, line: u64, rows: Rows<'_>, sink: &mut dyn EventSink) -> Result<bool> {
    let mut rest = text;
    let mut is_sound = true;
    loop {
        let wrapped = json_envelope::inner(rest).filter(|_| rows.unwrap);
        let end = match wrapped {
            Some(events) => {
                for event in &events {
                    is_sound &= record_row(event, line, rows, sink)?.is_some();
                }
                Nesting::default().end(rest.as_bytes())
            }
            None => record_row(rest, line, rows, sink)?,
        };
        let Some(end) = end else {
            return Ok(false);
        };
        let after = |c: char| c.is_ascii_whitespace() || c == ',';
        rest = rest[end..].trim_start_matches(after);
        if rest.is_empty() {
            return Ok(is_sound);
        }
        if !rest.starts_with('{') {
            sink.bad(line, TRAILING);
            return Ok(false);
        }
    }
}

/// The event of an object. Returns where the object ends, or `None` if it is not valid.
fn record_row(
    text: &str,
    line: u64,
    rows: Rows<'_>,
    sink: &mut dyn EventSink,
) -> Result<Option<usize>> {
    let (mut fields, wrong) = record_fields(text);
    let end = match &wrong {
        None => Some(text.len()),
        Some(wrong) if wrong.why == TRAILING => Some(wrong.at),
        Some(wrong) => {
            sink.bad(line, wrong.why);
            // Splunk cuts events at TRUNCATE and keeps the event with its fields up to there. A cut plain row may
            // mean something else.
            let keeps = rows.log && wrong.truncated && !fields.is_empty();
            if rows.keep_lines || !keeps {
                return Ok(None);
            }
            None
        }
    };
    if rows.trim_braces {
        for field in fields.iter_mut().filter(|f| f.name.contains("{}")) {
            field.name = Cow::Owned(field.name.replace("{}", ""));
        }
    }
    let own = text[..end.unwrap_or(text.len())].trim_end();
    let (event, problem) = (rows.make)(fields, own, &rows);
    if let Some(problem) = problem {
        sink.bad(line, problem);
    }
    sink.event(&event)?;
    Ok(end)
}

/// Reads the elements of an array, or objects one after the other. After a damaged one, reading resumes where
/// the next one begins.
fn read_values(input: &mut Input<'_>, rows: Rows<'_>, sink: &mut dyn EventSink) -> Result<()> {
    let mut resync = Resync::default();
    loop {
        let next = next_value(input, &mut resync);
        let line = input.line_number() + 1;
        match next {
            Next::Value(range) => {
                let value = &input.data()[range.clone()];
                let length = match row(value, line, rows, sink)? {
                    true => range.end,
                    false => resync.after(value).unwrap_or(range.end),
                };
                input.consume(length);
            }
            Next::CutOff => {
                let Some(length) = resync.after(input.data()) else {
                    row(input.data(), line, rows, sink)?;
                    return Ok(());
                };
                row(&input.data()[..length], line, rows, sink)?;
                input.consume(length);
            }
            Next::TooLong => {
                sink.bad(line, TOO_LONG);
                match resync.after(input.data()) {
                    Some(length) => input.consume(length),
                    None => return Ok(()),
                }
            }
            Next::Other(length) => {
                sink.bad(line, "expected a JSON object");
                // The next line may be valid again.
                input.consume(length);
            }
            Next::End => return Ok(()),
        }
    }
}

enum Next {
    /// An object at these bytes of the data.
    Value(Range<usize>),
    /// An object without an end.
    CutOff,
    /// An object longer than the limit.
    TooLong,
    /// This many bytes that are not an object.
    Other(usize),
    /// The end of the file.
    End,
}

/// Finds the next object, reading on until it is complete.
fn next_value(input: &mut Input<'_>, resync: &mut Resync) -> Next {
    let start = loop {
        let data = input.data();
        let blank = |b: &u8| b.is_ascii_whitespace() || matches!(b, b',' | b'[' | b']' | 0x1e);
        match data.iter().position(|b| !blank(b)) {
            Some(at) if data[at] == b'{' => break at,
            Some(at) => {
                if let Some(end) = memchr::memchr(b'\n', &data[at..]) {
                    if !is_record_line(&String::from_utf8_lossy(&data[at..at + end])) {
                        return Next::Other(at + end + 1);
                    }
                    input.consume(at + end + 1);
                } else if data.len() > LONGEST || !input.fill() {
                    return Next::Other(input.data().len());
                }
            }
            None => {
                let length = data.len();
                input.consume(length);
                if !input.fill() {
                    return Next::End;
                }
            }
        }
    };
    resync.begins(&input.data()[..start]);
    input.consume(start);
    object(input)
}

/// The object that the data starts with, read on until it is complete.
fn object(input: &mut Input<'_>) -> Next {
    let mut scan = Nesting::default();
    loop {
        if let Some(end) = scan.end(input.data()) {
            return Next::Value(0..end);
        }
        if input.data().len() > LONGEST {
            return Next::TooLong;
        }
        if !input.fill() {
            return Next::CutOff;
        }
    }
}

#[cfg(test)]
mod tests;
