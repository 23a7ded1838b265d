//! Windows events in text files: XML in any arrangement, Splunk's classic `WinEventLog` blocks, and both
//! mixed, as exported from one index.

use std::ops::Range;

use chrono_tz::Tz;

use crate::error::Result;
use crate::extract::event::EventSink;
use crate::extract::windows_xml;
use crate::read::formats::windows::text;
use crate::read::input::buffer::{Input, LONGEST};
use crate::read::input::decode::text_of;

/// Whether a file with this head contains Windows events as text.
pub fn looks_like(head: &str) -> bool {
    if let Some(at) = find_event(head.as_bytes(), 0)
        && follows_a_tag(&head.as_bytes()[..at])
    {
        let body = &head[at..];
        // The namespace, or the element that every Windows event begins with.
        let near = body.get(..400).unwrap_or(body);
        if near.contains("schemas.microsoft.com/win/2004/08/events") || near.contains("<System>") {
            return true;
        }
    }
    let mut lines = head.lines().skip_while(|l| l.trim().is_empty()).peekable();
    lines.peek().is_some_and(|l| text::is_start(l))
        && lines.nth(1).is_some_and(|l| l.starts_with("LogName="))
}

/// Whether the text before an event on its line begins as a tag, or is empty: after a syslog priority or
/// anything else the event is part of a message.
fn follows_a_tag(before: &[u8]) -> bool {
    let line = memchr::memrchr(b'\n', before).map_or(before, |end| &before[end + 1..]);
    match line.trim_ascii_start() {
        [] => true,
        [b'<', second, ..] => !second.is_ascii_digit(),
        _ => false,
    }
}

/// Reads all events.
///
/// # Errors
/// Returns an error of the input or the sink.
pub fn read(input: &mut Input<'_>, zone: Tz, sink: &mut dyn EventSink) -> Result<()> {
    let mut block = Block::default();
    loop {
        match next_piece(input) {
            Piece::Xml(range) => {
                block.finish(zone, sink)?;
                let line = input.line_number() + 1;
                let text = text_of(&input.data()[range.clone()], line, sink);
                send(&text, line, sink)?;
                drop(text);
                input.consume(range.end);
            }
            Piece::CutOff(range) => {
                block.finish(zone, sink)?;
                let line = input.line_number() + 1;
                let text = text_of(&input.data()[range.clone()], line, sink);
                send(text.trim_end(), line, sink)?;
                drop(text);
                input.consume(range.end);
            }
            Piece::TooLong(length) => {
                block.finish(zone, sink)?;
                sink.bad(input.line_number() + 1, "longer than 64 MiB");
                input.consume(length);
            }
            Piece::Line => {
                let Some(line) = input.line() else {
                    return block.finish(zone, sink);
                };
                let number = line.number;
                let text = text_of(line.bytes, number, sink);
                if text::is_start(&text) {
                    block.finish(zone, sink)?;
                    block.start = number;
                }
                block.add(&text, number, sink);
            }
        }
    }
}

/// Emits an XML event, or the rest of a damaged one.
fn send(xml: &str, line: u64, sink: &mut dyn EventSink) -> Result<()> {
    match windows_xml::damaged_event(xml) {
        Ok((event, damage)) => {
            if let Some(why) = damage {
                sink.bad(line, &format!("{why}: the records before it were read"));
            }
            sink.event(&event)
        }
        Err(why) => {
            sink.bad(line, &why);
            Ok(())
        }
    }
}

/// The lines of one classic event so far.
#[derive(Default)]
struct Block {
    /// The number of the first line; 0 outside an event.
    start: u64,
    text: String,
}

impl Block {
    fn add(&mut self, line: &str, number: u64, sink: &mut dyn EventSink) {
        if self.start == 0 {
            let trimmed = line.trim();
            // The surroundings of XML events: prologue, root element, `evtx_dump`'s numbering.
            let around = trimmed.is_empty()
                || trimmed.starts_with('<')
                || trimmed.starts_with("Record ")
                || trimmed == "-->";
            if !around {
                sink.bad(number, "neither a Windows event nor a part of one");
            }
            return;
        }
        if self.text.len() + line.len() > LONGEST {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(line);
    }

    fn finish(&mut self, zone: Tz, sink: &mut dyn EventSink) -> Result<()> {
        let text = std::mem::take(&mut self.text);
        let start = std::mem::take(&mut self.start);
        if text.is_empty() {
            return Ok(());
        }
        match text::event(text.trim_end(), zone) {
            Some(event) => sink.event(&event),
            None => {
                sink.bad(start, "a time without a Windows event after it");
                Ok(())
            }
        }
    }
}

enum Piece {
    /// A complete `<Event>...</Event>` at these bytes of the data.
    Xml(Range<usize>),
    /// An event without its end at these bytes.
    CutOff(Range<usize>),
    /// This many bytes of an event without an end.
    TooLong(usize),
    /// A line of something else, or the end.
    Line,
}

/// Returns the next piece, reading on until it is complete.
fn next_piece(input: &mut Input<'_>) -> Piece {
    // An event starts its line or follows a tag on it; elsewhere `<Event` is part of a message.
    let start = loop {
        let data = input.data();
        let line_end = memchr::memchr(b'\n', data);
        let line = &data[..line_end.unwrap_or(data.len())];
        let first = line.iter().position(|b| !b.is_ascii_whitespace());
        let is_tag = first.is_some_and(|at| line[at] == b'<');
        if is_tag && let Some(at) = find_event(line, 0) {
            break at;
        }
        // The end of a block may cut the tag's name.
        if line_end.is_some() || (!is_tag && first.is_some()) || data.len() > LONGEST {
            return Piece::Line;
        }
        if !input.fill() {
            return Piece::Line;
        }
    };
    let mut searched = start;
    loop {
        let data = input.data();
        if let Some(found) = memchr::memmem::find(&data[searched..], b"</Event>") {
            let end = searched + found + b"</Event>".len();
            return match event_on_later_line(&data[start + 1..end]) {
                None => Piece::Xml(start..end),
                Some(at) => Piece::CutOff(start..start + 1 + at),
            };
        }
        searched = data.len().saturating_sub(b"</Event>".len()).max(start);
        if data.len() - start > LONGEST {
            return Piece::TooLong(data.len());
        }
        if !input.fill() {
            return Piece::CutOff(start..input.data().len());
        }
    }
}

/// Where a further event starts a line, which means that the first one lacks its end.
fn event_on_later_line(data: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(data, b"\n<Event")
        .map(|at| at + 1)
        .find(|at| find_event(data, *at) == Some(*at))
}

/// The next `<Event>` or `<Event ...>` from `from` on.
fn find_event(data: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find_iter(&data[from..], b"<Event")
        .map(|at| from + at)
        .find(|at| matches!(data.get(at + 6), Some(b'>' | b' ' | b'\t' | b'\r' | b'\n')))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono_tz::Tz;

    use super::{looks_like, read};
    use crate::extract::event::Event;
    use crate::read::collect::Collect;
    use crate::read::input::buffer::Input;

    fn codes(seen: &Collect) -> Vec<&str> {
        let code = |event| Event::get(event, "EventCode").unwrap_or("-");
        seen.events.iter().map(code).collect()
    }

    fn read_text(text: &str) -> Collect {
        assert!(looks_like(text), "{text}");
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.xml"), &mut bytes);
        let mut seen = Collect::default();
        read(&mut input, Tz::UTC, &mut seen).expect("readable");
        seen
    }

    fn xml(id: u32) -> String {
        format!("<Event xmlns='x'>\n<System><EventID>{id}</EventID></System></Event>")
    }

    #[test]
    fn every_arrangement_gives_every_event() {
        let (a, b) = (xml(1), xml(2));
        for text in [
            format!("{a}\n{b}\n"),
            format!("<?xml version=\"1.0\"?>\n<Events>\n{a}{b}\n</Events>"),
            format!(
                "<Events>{}{}</Events>",
                a.replace('\n', ""),
                b.replace('\n', "")
            ),
            format!(
                "Record 1\n<?xml version=\"1.0\"?>\n{a}\nRecord 2\n<?xml version=\"1.0\"?>\n{b}\n"
            ),
            format!(
                "{a}\n01/14/2021 11:41:39 PM\nLogName=Security\nEventCode=2\nMessage=a\n\nb <Event x\n"
            ),
        ] {
            let seen = read_text(&text);
            assert_eq!(codes(&seen), ["1", "2"], "{text}");
            assert_eq!(seen.bad, [], "{text}");
        }
    }

    #[test]
    fn a_cut_event_does_not_take_the_next_one_along() {
        let text = format!(
            "{}\n<Event xmlns='x'><System><EventID>2\n{}\n<Event><Sys",
            xml(1),
            xml(3)
        );
        let seen = read_text(&text);
        assert_eq!(codes(&seen), ["1", "3"]);
        assert_eq!(seen.bad_lines(), [3, 6]);
        let text = format!(
            "{}\n<Event xmlns='x'><System><EventID>2</EventID></System><EventData><Data Name='a'>b\n{}",
            xml(1),
            xml(3)
        );
        let seen = read_text(&text);
        assert_eq!(codes(&seen), ["1", "2", "3"]);
        assert_eq!(seen.bad_lines(), [3]);
    }
}
