//! Plain text: one event per line, or multi-line events as determined by `props.conf` or the lines'
//! timestamps.

use std::borrow::Cow;

use crate::error::Result;
use crate::extract::event::{Event, EventSink};
use crate::extract::fields::{event_fields, json_fields};
use crate::extract::windows_xml;
use crate::pcre::Regex;
use crate::read::input::buffer::{Input, LONGEST};
use crate::read::input::decode;
use crate::read::line_breaker::{Line, LineBreaker};
use crate::read::recognise::lines::{LineKind, Lines, kind_of};
use crate::read::rules::{Breaks, Clock, TextRules, TimeSource};
use crate::time::timestamp;

/// The sourcetype of plain text.
pub const SOURCETYPE: &str = "text";
/// Bytes of a file examined to determine how its events begin.
const HEAD: usize = 64 * 1024;

/// The known facts about a text file.
pub struct Text<'f> {
    /// Its lines.
    pub lines: Lines<'f>,
    /// Its sourcetype, if given.
    pub sourcetype: Option<&'f str>,
    /// Times from outside the text.
    pub clock: Clock,
}

/// Reads all events, with the rules for the given sourcetype or the one recognized from the lines. Without
/// rules, if lines begin with timestamps, a line without one belongs to the previous event, as with
/// `BREAK_ONLY_BEFORE_DATE` of `props.conf`, which is on by default.
///
/// # Errors
/// Returns an error of the input or the sink.
pub fn read(
    input: &mut Input<'_>,
    text: &Text<'_>,
    rules: &mut dyn FnMut(&str) -> TextRules,
    sink: &mut dyn EventSink,
) -> Result<()> {
    let bytes = input.head(HEAD);
    let head = decode::lossy(&bytes[..bytes.len().min(HEAD)]).into_owned();
    let kind = kind_of(&head, &text.lines);
    let told = kind.map_or(SOURCETYPE, |k| (k.sourcetype)(&head, text.lines.file));
    let rules = rules(text.sourcetype.unwrap_or(told));
    let mut clock = text.clock;
    clock.zone = rules.zone.unwrap_or(clock.zone);
    let lines = Lines {
        zone: clock.zone,
        ..text.lines
    };
    let is_said = rules.is_said();
    let before = match (is_said, rules.breaks.merge) {
        (_, Some(false)) => Before::Line,
        // A recognized single-line log stays one unless configuration says otherwise.
        (true, None) if kind.is_some() && !rules.breaks.are_unusual() => Before::Line,
        (true, _) => Before::Rules,
        (false, _) if kind.is_none() && head.lines().any(|l| begins_with_time(l, &lines)) => {
            Before::Time
        }
        (false, _) => Before::Line,
    };
    let mut events = Events {
        kind,
        sourcetype: told,
        lines,
        clock,
        rules: &rules,
        last_time: None,
    };
    let mut block = Block::default();
    let mut pieces = LineBreaker::new(input, rules.breaks.line_breaker.clone());
    let mut piece = String::new();
    while let Some(at) = pieces.next(&mut piece, sink)? {
        if let Some(most) = rules.breaks.truncate
            && piece.len() > most
        {
            piece.truncate(decode::floor(&piece, most));
            sink.bad(at.line, "longer than TRUNCATE allows: cut there");
        }
        if before == Before::Line {
            events.send(&piece, sink)?;
            continue;
        }
        if block.ends_before(&piece, before, &events) {
            events.send(&block.take(), sink)?;
        }
        block.add(&piece, at);
        if matches(&rules.breaks, |b| &b.after, &piece) {
            events.send(&block.take(), sink)?;
        } else {
            block.is_held |= matches(&rules.breaks, |b| &b.not_after, &piece);
        }
    }
    events.send(&block.take(), sink)
}

/// The lines before which an event begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Every line.
    Line,
    /// Lines that begin with a timestamp.
    Time,
    /// Lines determined by the rules.
    Rules,
}

fn begins_with_time(line: &str, lines: &Lines<'_>) -> bool {
    !line.starts_with(char::is_whitespace)
        && timestamp::at_line_start(line, lines.zone, Some(lines.any_year())).is_some()
}

fn matches(
    breaks: &Breaks,
    which: impl Fn(&Breaks) -> &Option<std::sync::Arc<Regex>>,
    line: &str,
) -> bool {
    which(breaks)
        .as_ref()
        .is_some_and(|regex| regex.is_match(line).unwrap_or(false))
}

/// The lines of one event so far.
#[derive(Default)]
struct Block {
    text: String,
    lines: usize,
    /// `MUST_NOT_BREAK_AFTER` matched: the event continues until `MUST_BREAK_AFTER` matches.
    is_held: bool,
}

impl Block {
    /// Whether the line begins a new event.
    fn ends_before(&self, line: &str, before: Before, events: &Events<'_>) -> bool {
        let breaks = &events.rules.breaks;
        if self.text.is_empty() {
            return false;
        }
        if self.lines >= breaks.max_lines || self.text.len() + line.len() > LONGEST {
            return true;
        }
        match before {
            Before::Line => true,
            Before::Time => begins_with_time(line, &events.lines),
            Before::Rules => {
                !self.is_held
                    && !matches(breaks, |b| &b.not_before, line)
                    && (matches(breaks, |b| &b.before, line)
                        || (breaks.before_date && events.has_date(line)))
            }
        }
    }

    /// Line ends between an event's lines are part of it, including those of blank lines.
    fn add(&mut self, line: &str, piece: Line) {
        let line_ends = if self.text.is_empty() {
            0
        } else {
            piece.line_ends.max(1)
        };
        self.text.extend(std::iter::repeat_n('\n', line_ends));
        self.lines += line_ends.max(1);
        self.text.push_str(line);
    }

    fn take(&mut self) -> String {
        std::mem::take(self).text
    }
}

struct Events<'f> {
    kind: Option<&'static LineKind>,
    sourcetype: &'static str,
    lines: Lines<'f>,
    clock: Clock,
    rules: &'f TextRules,
    /// The time of the previous event, which events without a timestamp take, as in Splunk.
    last_time: Option<i64>,
}

impl Events<'_> {
    fn has_date(&self, line: &str) -> bool {
        let clock = Clock {
            year: Some(self.lines.any_year()),
            ..self.clock
        };
        // If timestamps are not extracted from text, no line has one.
        self.rules.times.source == TimeSource::Text
            && self.rules.times.time_of(line, &clock).is_some()
    }

    fn send(&mut self, text: &str, sink: &mut dyn EventSink) -> Result<()> {
        if text.is_empty() || self.kind.is_some_and(|k| (k.is_header)(text)) {
            return Ok(());
        }
        let mut event = linux_sysmon(text)
            .or_else(|| self.kind.and_then(|k| (k.event)(text, &self.lines)))
            .unwrap_or_else(|| self.plain(text));
        if self.rules.times.is_said {
            event.time = self.rules.times.time_of_event(&event, &self.clock);
        }
        event.time = event.time.or(self.last_time);
        self.last_time = event.time;
        if event.sourcetype.is_none() {
            event.sourcetype = Some(Cow::Borrowed(self.sourcetype));
        }
        sink.event(&event)
    }

    fn plain<'a>(&self, text: &'a str) -> Event<'a> {
        let Lines { zone, year, .. } = self.lines;
        let fields = if !self.rules.no_pairs {
            event_fields(text)
        } else if text.starts_with('{') {
            json_fields(text).unwrap_or_default()
        } else {
            Vec::new()
        };
        Event {
            time: timestamp::at_line_start(text, zone, year)
                .or_else(|| timestamp::within(text, zone, year)),
            fields,
            raw: Cow::Borrowed(text),
            ..Event::default()
        }
    }
}

/// Sysmon for Linux writes its XML to syslog, after a syslog header.
fn linux_sysmon(line: &str) -> Option<Event<'_>> {
    let at = memchr::memmem::find(
        line.as_bytes(),
        b"<Event><System><Provider Name=\"Linux-Sysmon\"",
    )?;
    let (mut event, _) = windows_xml::damaged_event(line[at..].trim_end()).ok()?;
    event.raw = Cow::Borrowed(line);
    Some(event)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use chrono_tz::Tz;

    use super::{Text, read};
    use crate::pcre::Regex;
    use crate::read::collect::Collect;
    use crate::read::input::buffer::Input;
    use crate::read::recognise::lines::Lines;
    use crate::read::rules::{Clock, TextRules};

    fn read_by(text: &str, rules: &TextRules) -> Collect {
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.log"), &mut bytes);
        let mut seen = Collect::default();
        let text = Text {
            lines: Lines {
                zone: Tz::UTC,
                year: Some(1970),
                file: "x.log",
            },
            sourcetype: None,
            clock: Clock {
                zone: Tz::UTC,
                year: Some(1970),
                now: 9_000_000,
                modified: None,
            },
        };
        read(&mut input, &text, &mut |_| rules.clone(), &mut seen).expect("readable");
        seen
    }

    fn raws(text: &str) -> Vec<(Option<i64>, String)> {
        let seen = read_by(text, &TextRules::default());
        let owned = |(time, raw): (Option<i64>, &str)| (time, raw.to_owned());
        seen.raws().into_iter().map(owned).collect()
    }

    /// The events' text, with ` / ` for line ends.
    fn merged(text: &str, set: impl Fn(&mut TextRules)) -> Vec<String> {
        let mut rules = TextRules::default();
        rules.breaks.is_said = true;
        set(&mut rules);
        let seen = read_by(text, &rules);
        let shown = |(_, raw): (Option<i64>, &str)| raw.replace('\n', " / ");
        seen.raws().into_iter().map(shown).collect()
    }

    fn regex(text: &str) -> Option<Arc<Regex>> {
        Some(Arc::new(Regex::new(text).expect("an expression")))
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

    #[test]
    fn rules_say_where_events_begin_and_end() {
        let text = "a1\nb\nc\na2\nb\nc\nb\n";
        assert_eq!(
            merged(text, |r| r.breaks.before = regex("^a")),
            ["a1 / b / c", "a2 / b / c / b"]
        );
        assert_eq!(
            merged(text, |r| r.breaks.after = regex("^c")),
            ["a1 / b / c", "a2 / b / c", "b"]
        );
        assert_eq!(
            merged(text, |r| {
                r.breaks.before = regex("^[ab]");
                r.breaks.not_before = regex("^b");
            }),
            ["a1 / b / c", "a2 / b / c / b"]
        );
        assert_eq!(
            merged(text, |r| {
                r.breaks.before = regex(".");
                r.breaks.not_after = regex("^a1");
                r.breaks.after = regex("^a2");
            }),
            ["a1 / b / c / a2", "b", "c", "b"]
        );
        assert_eq!(
            merged(text, |r| r.breaks.max_lines = 3),
            ["a1 / b / c", "a2 / b / c", "b"]
        );
        assert_eq!(merged(text, |r| r.breaks.merge = Some(false)).len(), 7);
    }

    #[test]
    fn a_date_begins_an_event_unless_it_is_said_not_to() {
        let text = "x 1970-01-01 00:00:05 a\ny\nx 1970-01-01 00:00:06 b\nEND\nz\n";
        assert_eq!(
            merged(text, |_| ()),
            [
                "x 1970-01-01 00:00:05 a / y",
                "x 1970-01-01 00:00:06 b / END / z"
            ]
        );
        assert_eq!(
            merged(text, |r| {
                r.breaks.before_date = false;
                r.breaks.before = regex("^y");
            }),
            [
                "x 1970-01-01 00:00:05 a",
                "y / x 1970-01-01 00:00:06 b / END / z"
            ]
        );
        assert_eq!(
            merged(text, |r| {
                r.times.is_said = true;
                r.times.prefix = regex("nowhere");
            })
            .len(),
            1
        );
    }

    #[test]
    fn long_lines_are_cut_and_counted() {
        let mut rules = TextRules::default();
        rules.breaks.truncate = Some(2);
        let seen = read_by("aé\nb\n", &rules);
        assert_eq!(seen.raws(), [(None, "a"), (None, "b")]);
        assert_eq!(seen.bad_lines(), [1]);
    }
}
