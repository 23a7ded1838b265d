//! Compiled event-breaking and timestamp rules: the `props.conf` settings of a sourcetype, source or host.
//! (Admin Manual, "props.conf".)

use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;
use encoding_rs::Encoding;

use crate::extract::event::Event;
use crate::pcre::Regex;
use crate::time::strptime;
use crate::time::timestamp;

/// Characters of an event searched for a timestamp unless configured otherwise.
const LOOKAHEAD: usize = 128;
const DAY: i64 = 86_400_000_000;

/// Finds the rules for a sourcetype, a source and a host; each may be empty if unknown.
#[derive(Clone)]
pub struct RuleFinder(Arc<Find>);

type Find = dyn Fn(&str, &str, &str) -> TextRules + Send + Sync;

impl RuleFinder {
    /// Creates a finder that calls a function.
    pub fn new(find: impl Fn(&str, &str, &str) -> TextRules + Send + Sync + 'static) -> RuleFinder {
        RuleFinder(Arc::new(find))
    }

    /// Returns the rules.
    pub fn find(&self, sourcetype: &str, source: &str, host: &str) -> TextRules {
        (self.0)(sourcetype, source, host)
    }
}

impl fmt::Debug for RuleFinder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RuleFinder")
    }
}

/// The configured rules for text of one sourcetype, source and host. Empty by default.
#[derive(Clone, Debug, Default)]
pub struct TextRules {
    /// `sourcetype` of a `[source::...]` stanza.
    pub sourcetype: Option<String>,
    /// `CHARSET`, unless it is UTF-8.
    pub charset: Option<&'static Encoding>,
    /// `TZ`
    pub zone: Option<Tz>,
    /// Whether `KV_MODE` disables the extraction of key-value pairs.
    pub no_pairs: bool,
    /// Where events begin and end.
    pub breaks: Breaks,
    /// When they happened.
    pub times: TimeRules,
    /// `INDEXED_EXTRACTIONS`
    pub structured: Option<Structured>,
}

impl TextRules {
    /// Whether event breaks or timestamps are configured: then lines are merged as Splunk does by default,
    /// and not by their appearance.
    pub fn is_said(&self) -> bool {
        self.breaks.is_said || self.times.is_said
    }
}

/// Where events begin and end.
#[derive(Clone, Debug)]
pub struct Breaks {
    /// Whether any of these is set.
    pub is_said: bool,
    /// `LINE_BREAKER`; `None` for line ends.
    pub line_breaker: Option<Arc<Regex>>,
    /// `TRUNCATE`: maximum bytes of a line.
    pub truncate: Option<usize>,
    /// `SHOULD_LINEMERGE`
    pub merge: Option<bool>,
    /// `BREAK_ONLY_BEFORE_DATE`
    pub before_date: bool,
    /// `BREAK_ONLY_BEFORE`
    pub before: Option<Arc<Regex>>,
    /// `MUST_BREAK_AFTER`
    pub after: Option<Arc<Regex>>,
    /// `MUST_NOT_BREAK_BEFORE`
    pub not_before: Option<Arc<Regex>>,
    /// `MUST_NOT_BREAK_AFTER`
    pub not_after: Option<Arc<Regex>>,
    /// `MAX_EVENTS`: maximum lines of an event.
    pub max_lines: usize,
}

impl Default for Breaks {
    fn default() -> Breaks {
        Breaks {
            is_said: false,
            line_breaker: None,
            truncate: None,
            merge: None,
            before_date: true,
            before: None,
            after: None,
            not_before: None,
            not_after: None,
            max_lines: 256,
        }
    }
}

impl Breaks {
    /// Whether events are anything but one per line.
    pub fn are_unusual(&self) -> bool {
        self.line_breaker.is_some() || self.merge == Some(true) || self.regexes().next().is_some()
    }

    fn regexes(&self) -> impl Iterator<Item = &Arc<Regex>> {
        let all = [&self.before, &self.after, &self.not_before, &self.not_after];
        all.into_iter().flatten()
    }
}

/// `DATETIME_CONFIG`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeSource {
    /// The event's text.
    #[default]
    Text,
    /// `CURRENT`: the current time.
    Clock,
    /// `NONE`: when the file was last modified.
    File,
}

/// When events happened.
#[derive(Clone, Debug, Default)]
pub struct TimeRules {
    /// Whether any of these is set.
    pub is_said: bool,
    /// `DATETIME_CONFIG`
    pub source: TimeSource,
    /// `TIME_PREFIX`
    pub prefix: Option<Arc<Regex>>,
    /// `TIME_FORMAT`
    pub format: Option<String>,
    /// `MAX_TIMESTAMP_LOOKAHEAD`; `Some(None)` means no limit.
    pub lookahead: Option<Option<usize>>,
    /// `MAX_DAYS_AGO`, if set.
    pub days_ago: Option<i64>,
    /// `MAX_DAYS_HENCE`, if set.
    pub days_hence: Option<i64>,
    /// `TIMESTAMP_FIELDS`
    pub fields: Vec<String>,
}

/// Context for extracting timestamps in addition to an event's text. All times in microseconds UTC.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The time zone of times that name none.
    pub zone: Tz,
    /// The year of times that lack one.
    pub year: Option<i32>,
    /// The value of `now()`.
    pub now: i64,
    /// When the file was last modified, if known.
    pub modified: Option<i64>,
}

impl TimeRules {
    /// Returns the timestamp of a text, if it has an acceptable one.
    pub fn time_of(&self, text: &str, clock: &Clock) -> Option<i64> {
        match self.source {
            TimeSource::Text => self.told(text, clock),
            TimeSource::Clock => Some(clock.now),
            TimeSource::File => Some(clock.modified.unwrap_or(clock.now)),
        }
    }

    /// Returns the time from `TIMESTAMP_FIELDS`, if set, else from the event's text.
    pub fn time_of_event(&self, event: &Event<'_>, clock: &Clock) -> Option<i64> {
        if self.fields.is_empty() || self.source != TimeSource::Text {
            return self.time_of(&event.raw, clock);
        }
        let values: Vec<&str> = self.fields.iter().filter_map(|f| event.get(f)).collect();
        let text = values.join(" ");
        let time = match &self.format {
            Some(format) => read(&text, format, clock),
            None => timestamp::parse(&text, clock.zone)
                .or_else(|| timestamp::at_line_start(&text, clock.zone, clock.year)),
        };
        time.filter(|time| self.accepts(*time, clock))
    }

    fn told(&self, text: &str, clock: &Clock) -> Option<i64> {
        let start = match &self.prefix {
            Some(prefix) => prefix.find(text).ok()??.end(),
            None => 0,
        };
        let rest = &text[start..];
        let window = match self.lookahead.unwrap_or(Some(LOOKAHEAD)) {
            Some(most) => match rest.char_indices().nth(most) {
                Some((end, _)) => &rest[..end],
                None => rest,
            },
            None => rest,
        };
        let time = match &self.format {
            // With `TIME_PREFIX`, the time begins right after its match.
            Some(format) if self.prefix.is_some() => read(window.trim_start(), format, clock),
            Some(format) => starts(window).find_map(|at| read(&window[at..], format, clock)),
            None => timestamp::at_line_start(window, clock.zone, clock.year)
                .or_else(|| timestamp::within(window, clock.zone, clock.year)),
        };
        time.filter(|time| self.accepts(*time, clock))
    }

    fn accepts(&self, time: i64, clock: &Clock) -> bool {
        let today = clock.modified.unwrap_or(clock.now);
        let age = today.saturating_sub(time);
        self.days_ago
            .is_none_or(|days| age <= days.saturating_mul(DAY))
            && self
                .days_hence
                .is_none_or(|days| -age <= days.saturating_mul(DAY))
    }
}

/// Where words start in a text.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    (0..bytes.len())
        .filter(|at| bytes[*at].is_ascii_alphanumeric())
        .filter(|at| *at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
}

fn read(text: &str, format: &str, clock: &Clock) -> Option<i64> {
    // A missing year is that of the file.
    let base = clock.modified.unwrap_or(clock.now);
    let seconds = strptime(text, format, base as f64 / 1e6, clock.zone)?;
    Some((seconds * 1e6).round() as i64)
}

/// The kind of an `INDEXED_EXTRACTIONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StructuredKind {
    /// `csv`, `tsv`, `psv`, or a `FIELD_DELIMITER` alone.
    Table,
    /// `json`
    Json,
    /// `w3c`
    W3c,
}

/// The layout of a file whose fields are columns or objects.
#[derive(Clone, Debug)]
pub struct Structured {
    /// The kind of file.
    pub kind: StructuredKind,
    /// `FIELD_DELIMITER`
    pub delimiter: Option<Delimiter>,
    /// `HEADER_FIELD_DELIMITER`
    pub header_delimiter: Option<Delimiter>,
    /// `FIELD_QUOTE`; `None` for no quotes at all.
    pub quote: Option<u8>,
    /// `FIELD_NAMES`
    pub names: Vec<String>,
    /// `HEADER_FIELD_LINE_NUMBER`; 0 for the first line that is not preamble.
    pub header_line: u64,
    /// `PREAMBLE_REGEX`
    pub preamble: Option<Arc<Regex>>,
    /// `FIELD_HEADER_REGEX`
    pub header_prefix: Option<Arc<Regex>>,
    /// `HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS`
    pub special: String,
    /// `MISSING_VALUE_REGEX`
    pub missing: Option<Arc<Regex>>,
    /// `JSON_TRIM_BRACES_IN_ARRAY_NAMES`
    pub trim_braces: bool,
}

/// The separator of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// One character.
    Byte(u8),
    /// Any number of blanks and tabs.
    Whitespace,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono_tz::Tz;

    use super::{Clock, TimeRules, TimeSource};
    use crate::pcre::Regex;

    const CLOCK: Clock = Clock {
        zone: Tz::UTC,
        year: Some(2020),
        now: 1_600_000_000_000_000,
        modified: None,
    };

    fn regex(text: &str) -> Option<Arc<Regex>> {
        Some(Arc::new(Regex::new(text).expect("an expression")))
    }

    #[test]
    fn a_time_stands_behind_its_prefix_and_within_the_lookahead() {
        let mut rules = TimeRules {
            prefix: regex("at="),
            format: Some("%Y-%m-%d %H:%M:%S.%3N".into()),
            ..TimeRules::default()
        };
        let expected = Some(1_596_268_393_500_000);
        let text = "2019-01-01 00:00:00.000 at=2020-08-01 07:53:13.500 x";
        assert_eq!(rules.time_of(text, &CLOCK), expected);
        assert_eq!(rules.time_of("2019-01-01 00:00:00.000", &CLOCK), None);
        assert_eq!(rules.time_of("at=x 2020-08-01 07:53:13.500", &CLOCK), None);
        rules.lookahead = Some(Some(18));
        assert_eq!(rules.time_of(text, &CLOCK), None);
        rules.lookahead = Some(Some(23));
        assert_eq!(rules.time_of(text, &CLOCK), expected);
        rules.prefix = None;
        rules.lookahead = None;
        let text = "<5>node: 2020-08-01 07:53:13.500 x";
        assert_eq!(rules.time_of(text, &CLOCK), expected);
        let far = format!("{} 2020-08-01 07:53:13.500", "x".repeat(128));
        assert_eq!(rules.time_of(&far, &CLOCK), None);
        rules.lookahead = Some(None);
        assert_eq!(rules.time_of(&far, &CLOCK), expected);
    }

    #[test]
    fn times_too_far_away_are_none_only_where_that_is_set() {
        let mut rules = TimeRules {
            format: Some("%s".into()),
            ..TimeRules::default()
        };
        assert!(rules.time_of("1000000000", &CLOCK).is_some());
        rules.days_ago = Some(10);
        rules.days_hence = Some(2);
        assert_eq!(rules.time_of("1000000000", &CLOCK), None);
        assert_eq!(rules.time_of("1600200001", &CLOCK), None);
        assert!(rules.time_of("1600100000", &CLOCK).is_some());
        rules.source = TimeSource::Clock;
        assert_eq!(rules.time_of("1000000000", &CLOCK), Some(CLOCK.now));
    }
}
