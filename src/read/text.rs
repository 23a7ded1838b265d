//! Plain text: one event a line, or what follows a line that begins with its time.

use std::borrow::Cow;

use crate::error::Result;
use crate::read::event::{Event, EventSink, Field};
use crate::read::input::{Input, LONGEST};
use crate::read::line_kinds::{LineKind, Lines, kind_of};
use crate::read::{kv, timestamp, windows_xml};

/// Sourcetype of plain text.
pub const SOURCETYPE: &str = "text";
/// How much of a file is looked at to tell how its events begin.
const HEAD: usize = 64 * 1024;
/// Lines of an event at most: `MAX_EVENTS` of Splunk's props.conf.
const MAX_LINES: usize = 256;

/// Reads all events. Where lines begin with times, a line without one belongs to the event before
/// it, as `BREAK_ONLY_BEFORE_DATE` of Splunk's props.conf has it, which is on by default.
///
/// # Errors
/// What the input or the sink says.
pub fn read(input: &mut Input<'_>, lines: &Lines<'_>, sink: &mut dyn EventSink) -> Result<()> {
    let bytes = input.head(HEAD)?;
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]).into_owned();
    let kind = kind_of(&head, lines);
    let mut events = Events {
        kind,
        sourcetype: kind.map_or(SOURCETYPE, |k| (k.sourcetype)(&head, lines.file)),
        lines,
        last_time: None,
    };
    let merges = kind.is_none() && head.lines().any(|line| begins_with_time(line, lines));
    let mut block = Block::default();
    while let Some(line) = input.line()? {
        if line.bytes.trim_ascii().is_empty() {
            block.blank += usize::from(!block.text.is_empty());
            continue;
        }
        if line.too_long {
            sink.bad(line.number, "longer than 64 MiB: cut there");
        }
        let text = String::from_utf8_lossy(line.bytes);
        if let Cow::Owned(_) = text {
            sink.bad(
                line.number,
                "not UTF-8: the bytes that are not were replaced",
            );
        }
        if !merges {
            events.send(&text, sink)?;
            continue;
        }
        let is_full = block.lines >= MAX_LINES || block.text.len() + text.len() > LONGEST;
        if is_full || begins_with_time(&text, lines) {
            events.send(&block.take(), sink)?;
        }
        block.add(&text);
    }
    events.send(&block.take(), sink)
}

fn begins_with_time(line: &str, lines: &Lines<'_>) -> bool {
    !line.starts_with(char::is_whitespace)
        && timestamp::at_line_start(line, lines.zone, Some(lines.any_year())).is_some()
}

/// The lines of one event so far.
#[derive(Default)]
struct Block {
    text: String,
    lines: usize,
    /// Empty lines since, which belong to the event if more of it follows.
    blank: usize,
}

impl Block {
    fn add(&mut self, line: &str) {
        if !self.text.is_empty() {
            let ends = self.blank + 1;
            self.text.extend(std::iter::repeat_n('\n', ends));
        }
        self.lines += 1 + std::mem::take(&mut self.blank);
        self.text.push_str(line);
    }

    fn take(&mut self) -> String {
        std::mem::take(self).text
    }
}

struct Events<'f> {
    kind: Option<&'static LineKind>,
    sourcetype: &'static str,
    lines: &'f Lines<'f>,
    /// For events that tell no time: that of the event before, as Splunk takes it.
    last_time: Option<i64>,
}

impl Events<'_> {
    fn send(&mut self, text: &str, sink: &mut dyn EventSink) -> Result<()> {
        if text.is_empty() || self.kind.is_some_and(|k| (k.is_header)(text)) {
            return Ok(());
        }
        let mut event = linux_sysmon(text)
            .or_else(|| self.kind.and_then(|k| (k.event)(text, self.lines)))
            .unwrap_or_else(|| self.plain(text));
        event.time = event.time.or(self.last_time);
        self.last_time = event.time;
        if event.sourcetype.is_none() {
            event.sourcetype = Some(Cow::Borrowed(self.sourcetype));
        }
        sink.event(&event)
    }

    fn plain<'a>(&self, text: &'a str) -> Event<'a> {
        let Lines { zone, year, .. } = *self.lines;
        Event {
            time: timestamp::at_line_start(text, zone, year)
                .or_else(|| timestamp::within(text, zone, year)),
            fields: kv::pairs(text)
                .map(|(name, value)| Field::text(name, value))
                .collect(),
            raw: Cow::Borrowed(text),
            ..Event::default()
        }
    }
}

/// Sysmon for Linux writes its XML into syslog, behind what syslog puts before a message.
fn linux_sysmon(line: &str) -> Option<Event<'_>> {
    let at = memchr::memmem::find(
        line.as_bytes(),
        b"<Event><System><Provider Name=\"Linux-Sysmon\"",
    )?;
    let mut event = windows_xml::event(line[at..].trim_end()).ok()?;
    event.raw = Cow::Borrowed(line);
    Some(event)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono_tz::Tz;

    use super::read;
    use crate::error::Result;
    use crate::read::event::{Event, EventSink};
    use crate::read::input::Input;
    use crate::read::line_kinds::Lines;

    #[derive(Default)]
    struct Seen(Vec<(Option<i64>, String)>);

    impl EventSink for Seen {
        fn event(&mut self, event: &Event<'_>) -> Result<()> {
            self.0.push((event.time, event.raw.to_string()));
            Ok(())
        }

        fn bad(&mut self, _line: u64, _why: &str) {}
    }

    fn raws(text: &str) -> Vec<(Option<i64>, String)> {
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.log"), &mut bytes);
        let mut seen = Seen::default();
        let lines = Lines {
            zone: Tz::UTC,
            year: Some(1970),
            file: "x.log",
        };
        read(&mut input, &lines, &mut seen).expect("readable");
        seen.0
    }

    #[test]
    fn lines_without_a_time_belong_to_the_event_before() {
        let text = "1970-01-01 00:00:05 ERROR a\n  at b\n\nCaused by: c\n1970-01-01 00:00:06 d\n\n";
        let expected = [
            (
                Some(5_000_000),
                "1970-01-01 00:00:05 ERROR a\n  at b\n\nCaused by: c".to_owned(),
            ),
            (Some(6_000_000), "1970-01-01 00:00:06 d".to_owned()),
        ];
        assert_eq!(raws(text), expected);
        let long = format!("1970-01-01 00:00:05 a\n{}", "b\n".repeat(300));
        let events = raws(&long);
        assert_eq!(events.len(), 2);
        assert_eq!(events[1].0, Some(5_000_000));
    }

    #[test]
    fn without_times_and_in_syslog_a_line_is_an_event() {
        assert_eq!(raws("one\n  two\n\nthree\n").len(), 3);
        let events = raws("Jan  1 00:00:05 h sshd[1]: a\nbroken\nJan  1 00:00:06 h sshd[1]: b\n");
        let times: Vec<Option<i64>> = events.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [Some(5_000_000), Some(5_000_000), Some(6_000_000)]);
    }
}
