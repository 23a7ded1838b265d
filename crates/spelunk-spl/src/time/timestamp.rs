//! Timestamps in data: ISO 8601 and similar formats, epoch numbers, and timestamps at the start of log lines.

use chrono_tz::Tz;

use crate::time::civil::{SECOND, resolve};
use crate::time::format::{MONTHS, WEEKDAYS};
use crate::time::parse::name;
use crate::time::zone::{self, Found};

/// Parses a text that is only a timestamp, as microseconds since 1970 UTC. A time without an offset is in
/// `zone`.
pub fn parse(text: &str, zone: Tz) -> Option<i64> {
    let text = text.trim();
    match prefix(text, zone, None) {
        Some((time, length)) if length == text.len() => Some(time),
        Some(_) | None => epoch(text),
    }
}

/// Parses seconds since 1970 as a decimal number; 13 digits are milliseconds, 16 microseconds and 19
/// nanoseconds.
pub fn epoch(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !all_digits(whole) || !all_digits(fraction) {
        // `1.7e9` and the like: rare, but valid JSON numbers.
        let seconds = text.parse::<f64>().ok().filter(|n| n.abs() < 1e11)?;
        return text
            .starts_with(|c: char| c.is_ascii_digit() || c == '-')
            .then(|| (seconds * 1e6).round() as i64);
    }
    let number: i64 = whole.parse().ok()?;
    let micros = match whole.len() {
        0..=11 => number * SECOND + micros_of_fraction(fraction),
        12..=14 => number * 1000,
        15..=17 => number,
        _ => number / 1000,
    };
    Some(sign * micros)
}

fn micros_of_fraction(digits: &str) -> i64 {
    let mut micros = 0;
    for place in 0..6 {
        let digit = digits
            .as_bytes()
            .get(place)
            .map_or(0, |b| i64::from(b - b'0'));
        micros = micros * 10 + digit;
    }
    micros
}

/// Parses a timestamp at the start of `text`; also returns its length in bytes. `year` completes dates that
/// lack one (syslog); without it they are not parsed.
pub fn prefix(text: &str, zone: Tz, year: Option<i32>) -> Option<(i64, usize)> {
    if let Some(length) = weekday(text) {
        let (time, rest) = month_name(&text[length..], zone, year)?;
        return Some((time, length + rest));
    }
    iso(text, zone)
        .or_else(|| american(text, zone))
        .or_else(|| month_name(text, zone, year))
}

/// The length of the name of a weekday with the blank after it: `Wed, `, `Wednesday `.
fn weekday(text: &str) -> Option<usize> {
    let (_, rest) = name(text, &WEEKDAYS)?;
    let rest = rest.strip_prefix(',').unwrap_or(rest);
    rest.starts_with(' ').then(|| text.len() - rest.len() + 1)
}

/// Parses a timestamp at the start of a log line: bare, in brackets or quotes, after a syslog priority, or an
/// epoch number; else an Apache time in brackets within the first 128 bytes, as Splunk looks ahead 128
/// characters.
pub fn at_line_start(line: &str, zone: Tz, year: Option<i32>) -> Option<i64> {
    let mut rest = line.trim_start();
    if let Some((priority, after)) = rest
        .strip_prefix('<')
        .and_then(|inner| inner.split_once('>'))
        && priority.len() <= 3
        && priority.bytes().all(|b| b.is_ascii_digit())
    {
        // RFC 5424 puts a version before the time.
        rest = after.strip_prefix("1 ").unwrap_or(after);
    }
    rest = rest.trim_start_matches(['[', '"', '\'', '(']);
    if let Some((time, _)) = prefix(rest, zone, year) {
        return Some(time);
    }
    let number = rest
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map_or(rest, |end| &rest[..end]);
    if (10..=17).contains(&number.len()) && number.starts_with('1') {
        return epoch(number);
    }
    let open = line.as_bytes().iter().take(128).position(|b| *b == b'[')?;
    prefix(&line[open + 1..], zone, year).map(|(time, _)| time)
}

/// Finds the first date with a time of day in the first 128 bytes, Splunk's default lookahead
/// (`MAX_TIMESTAMP_LOOKAHEAD` of its props.conf).
pub fn within(line: &str, zone: Tz, year: Option<i32>) -> Option<i64> {
    let bytes = line.as_bytes();
    (0..bytes.len().min(128))
        .filter(|at| bytes[*at].is_ascii_alphanumeric())
        .filter(|at| *at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
        .find_map(|at| {
            let (time, length) = prefix(&line[at..], zone, year)?;
            // A date alone is just as likely part of a name.
            line[at..at + length].contains(':').then_some(time)
        })
}

/// Finds the first timestamp with a date and a time of day in any of the texts, in their order; numbers are not taken for
/// one.
pub fn in_texts<'t>(texts: impl Iterator<Item = &'t str>, zone: Tz) -> Option<i64> {
    texts.filter(|text| text.contains(':')).find_map(|text| {
        let text = text.trim();
        let (time, length) = prefix(text, zone, None)?;
        (length == text.len()).then_some(time)
    })
}

/// Reads digits and separators from the left.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Cursor<'a> {
        Cursor {
            bytes: text.as_bytes(),
            at: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, any_of: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|b| any_of.contains(b))?;
        self.at += 1;
        Some(byte)
    }

    fn digits(&mut self, min: usize, max: usize) -> Option<u32> {
        let start = self.at;
        let mut number = 0;
        while self.at - start < max
            && let Some(digit) = self.peek().filter(u8::is_ascii_digit)
        {
            number = number * 10 + u32::from(digit - b'0');
            self.at += 1;
        }
        (self.at - start >= min).then_some(number)
    }

    /// Parses `hh:mm[:ss[.fraction]]`, as microseconds of the day.
    fn clock(&mut self) -> Option<i64> {
        let hour = self.digits(1, 2)?;
        self.eat(b":")?;
        let minute = self.digits(2, 2)?;
        let mut second = 0;
        let mut micros = 0;
        if self.eat(b":").is_some() {
            second = self.digits(2, 2)?;
            if matches!(self.peek(), Some(b'.' | b','))
                && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit)
            {
                self.at += 1;
                let start = self.at;
                while self.peek().is_some_and(|b| b.is_ascii_digit()) {
                    self.at += 1;
                }
                let digits = std::str::from_utf8(&self.bytes[start..self.at]).ok()?;
                micros = micros_of_fraction(digits);
            }
        }
        // 60 is a leap second: it counts as the next one.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        Some(i64::from(hour * 3600 + minute * 60 + second) * SECOND + micros)
    }

    /// Parses `Z`, `UTC`, `EST`, `+hh:mm`, `+hhmm`, `+hh` or `Europe/Berlin`, after at most one blank.
    fn place(&mut self, text: &str) -> Option<Found> {
        let rest = text.get(self.at..)?;
        let spaced = rest.strip_prefix(' ').unwrap_or(rest);
        if !spaced.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '+' | '-')) {
            return None;
        }
        let (found, after) = zone::zone(spaced)?;
        let is_universal = ["z", "utc", "gmt"].iter().any(|name| {
            let head = spaced.get(..name.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(name))
        });
        let year = after.trim_start();
        let is_whole = if !spaced.starts_with(|c: char| c.is_ascii_alphabetic()) {
            !after.starts_with(|c: char| c.is_ascii_alphanumeric())
        } else if is_universal {
            !after.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        } else {
            // Else it may be the name of a host.
            year.is_empty() || year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit())
        };
        if let Found::Offset(east) = &found
            && east.abs() > 14 * 3600
        {
            return None;
        }
        is_whole.then(|| {
            self.at = text.len() - after.len();
            found
        })
    }

    /// Parses the year after a blank, as `ctime` writes it.
    fn year_at_end(&mut self) -> Option<i32> {
        let start = self.at;
        let year = self.eat(b" ").and_then(|_| self.digits(4, 4));
        let is_whole = !self
            .peek()
            .is_some_and(|b| b.is_ascii_alphanumeric() || b == b':');
        match year {
            Some(year @ 1970..=2100) if is_whole => Some(year as i32),
            _ => {
                self.at = start;
                None
            }
        }
    }

    /// Parses `AM` or `PM` after at most one blank, and returns the time of day that it makes of `clock`.
    fn half(&mut self, clock: i64) -> i64 {
        const HALF: i64 = 12 * 3600 * SECOND;
        let rest = &self.bytes[self.at..];
        let blank = usize::from(rest.first() == Some(&b' '));
        let (Some(letter), Some(b'm' | b'M')) = (rest.get(blank), rest.get(blank + 1)) else {
            return clock;
        };
        if rest.get(blank + 2).is_some_and(u8::is_ascii_alphanumeric) {
            return clock;
        }
        let clock = match letter.to_ascii_lowercase() {
            b'a' if clock >= HALF => clock - HALF,
            b'p' if clock < HALF => clock + HALF,
            b'a' | b'p' => clock,
            _ => return clock,
        };
        self.at += blank + 2;
        clock
    }
}

/// Days since 1970 of a civil date, or `None` if the date does not exist.
fn day_number(year: i32, month: u32, day: u32) -> Option<i64> {
    let date = chrono::NaiveDate::from_ymd_opt(year, month, day)?;
    Some(i64::from(date.to_epoch_days()))
}

/// Converts local time to UTC: at the place that the text names, else in `zone`.
fn to_utc(days: i64, clock: i64, place: Option<Found>, zone: Tz) -> Option<i64> {
    let wall = days * 86_400 * SECOND + clock;
    let zone = match place {
        Some(Found::Offset(east)) => return Some(wall - i64::from(east) * SECOND),
        Some(Found::Zone(named)) => named,
        None => zone,
    };
    if zone == Tz::UTC {
        return Some(wall);
    }
    resolve(
        chrono::DateTime::from_timestamp_micros(wall)?.naive_utc(),
        zone,
    )
}

/// `2020-08-01T07:53:13.181Z`, `2020-08-01 07:53:13`, `2020/08/01 07:53`, `2020-08-01`.
fn iso(text: &str, zone: Tz) -> Option<(i64, usize)> {
    let mut c = Cursor::new(text);
    let year = c.digits(4, 4)?;
    let separator = c.eat(b"-/")?;
    let month = c.digits(1, 2)?;
    c.eat(&[separator])?;
    let day = c.digits(1, 2)?;
    let days = day_number(year as i32, month, day)?;
    let date_end = c.at;
    if c.eat(b"Tt ").is_none() {
        return Some((to_utc(days, 0, None, zone)?, date_end));
    }
    c.eat(b" ");
    let Some(clock) = c.clock() else {
        return Some((to_utc(days, 0, None, zone)?, date_end));
    };
    let clock = c.half(clock);
    let place = c.place(text);
    Some((to_utc(days, clock, place, zone)?, c.at))
}

/// `01/14/2021 11:41:39.000 PM`, as Splunk writes it before classic Windows events.
fn american(text: &str, zone: Tz) -> Option<(i64, usize)> {
    let mut c = Cursor::new(text);
    let month = c.digits(1, 2)?;
    c.eat(b"/")?;
    let day = c.digits(1, 2)?;
    c.eat(b"/")?;
    let year = c.digits(4, 4)?;
    let days = day_number(year as i32, month, day)?;
    let date_end = c.at;
    c.eat(b",");
    if c.eat(b" :").is_none() {
        return Some((to_utc(days, 0, None, zone)?, date_end));
    }
    let Some(clock) = c.clock() else {
        return Some((to_utc(days, 0, None, zone)?, date_end));
    };
    let clock = c.half(clock);
    let place = c.place(text);
    Some((to_utc(days, clock, place, zone)?, c.at))
}

/// `Oct 10 13:55:36` (with the given year), `Oct 10 2000 13:55:36`, `Oct 10 13:55:36 UTC 2000`, `May 1, 2024 10:00:00 AM`,
/// `10/Oct/2000:13:55:36 -0700`.
fn month_name(text: &str, zone: Tz, year: Option<i32>) -> Option<(i64, usize)> {
    let mut c = Cursor::new(text);
    let name_at = |c: &mut Cursor<'_>| {
        let (number, rest) = name(text.get(c.at..)?, &MONTHS)?;
        c.at = text.len() - rest.len();
        Some(number as u32 + 1)
    };
    let (written, month, day) = if text.as_bytes().first()?.is_ascii_digit() {
        let day = c.digits(1, 2)?;
        let separator = c.eat(b"/- ")?;
        let month = name_at(&mut c)?;
        c.eat(&[separator])?;
        let year = c.digits(4, 4)?;
        c.eat(b": T")?;
        (Some(year as i32), month, day)
    } else {
        let month = name_at(&mut c)?;
        c.eat(b" ")?;
        c.eat(b" ");
        let day = c.digits(1, 2)?;
        c.eat(b",");
        c.eat(b" ")?;
        let start = c.at;
        match c.digits(4, 4) {
            Some(year) if c.eat(b" ").is_some() => (Some(year as i32), month, day),
            Some(_) | None => {
                c.at = start;
                (None, month, day)
            }
        }
    };
    let clock = c.clock()?;
    let clock = c.half(clock);
    let place = c.place(text);
    let year = match written {
        Some(year) => year,
        None => c.year_at_end().or(year)?,
    };
    let days = day_number(year, month, day)?;
    let place = place.or_else(|| c.place(text));
    Some((to_utc(days, clock, place, zone)?, c.at))
}

#[cfg(test)]
mod tests {
    use super::{at_line_start, parse, within};
    use chrono_tz::Tz;

    #[test]
    fn a_time_that_clocks_skipped_has_the_offset_before() {
        let skipped = parse("2024-10-06 02:30:00", chrono_tz::Australia::Sydney);
        assert_eq!(skipped, Some(1_728_145_800_000_000));
    }

    #[test]
    fn times_of_many_kinds_are_read() {
        let base = 1_596_268_393;
        for (text, micros) in [
            ("2020-08-01 07:53:13.181", base * 1_000_000 + 181_000),
            ("2020-08-01T07:53:13Z", base * 1_000_000),
            (
                "2020-08-01T09:53:13.1234567+02:00",
                base * 1_000_000 + 123_456,
            ),
            ("2020-08-01T09:53:13+0200", base * 1_000_000),
            ("08/01/2020 07:53:13 AM", base * 1_000_000),
            ("01/Aug/2020:09:53:13 +0200", base * 1_000_000),
            ("1596268393", base * 1_000_000),
            ("1596268393.5", base * 1_000_000 + 500_000),
            ("1596268393181", base * 1_000_000 + 181_000),
            ("0", 0),
            ("Sat Aug  1 07:53:13 2020", base * 1_000_000),
            ("Sat Aug  1 09:53:13 CEST 2020", base * 1_000_000),
            ("Sat, 01 Aug 2020 07:53:13 GMT", base * 1_000_000),
            ("August 1, 2020 7:53:13 AM", base * 1_000_000),
            ("8/1/2020, 7:53:13.5 AM", base * 1_000_000 + 500_000),
            ("08/01/2020:07:53:13", base * 1_000_000),
            ("2020-08-01 07:53:13 UTC", base * 1_000_000),
            ("2020-08-01 09:53:13 Europe/Berlin", base * 1_000_000),
            ("08/01/2020", 1_596_240_000_000_000),
        ] {
            assert_eq!(parse(text, Tz::UTC), Some(micros), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2020-13-01",
            "2020-08-01 07:53:13 foo",
            "-",
        ] {
            assert_eq!(parse(text, Tz::UTC), None, "{text}");
        }
        let vienna = Tz::Europe__Vienna;
        assert_eq!(parse("2020-08-01 09:53:13", vienna), Some(base * 1_000_000));
    }

    #[test]
    fn a_line_may_start_with_its_time() {
        let at = |line| at_line_start(line, Tz::UTC, Some(2020));
        let expected = Some(1_596_268_393_000_000);
        assert_eq!(at("[2020-08-01 07:53:13] started"), expected);
        assert_eq!(at("<34>Aug  1 07:53:13 host su: failed"), expected);
        assert_eq!(at("<34>1 2020-08-01T07:53:13Z host su - - -"), expected);
        assert_eq!(
            at("10.0.0.1 - - [01/Aug/2020:07:53:13 +0000] \"GET /\""),
            expected
        );
        assert_eq!(at("1596268393 up"), expected);
        assert_eq!(at("Aug  1 07:53:13 cet-1 su: failed"), expected);
        assert_eq!(at("Aug  1 07:53:13 est su: failed"), expected);
        assert_eq!(at("Aug  1 07:53:13 utc.example su: failed"), expected);
        assert_eq!(at("Sat Aug  1 07:53:13 2020 up"), expected);
        assert_eq!(at("no time here"), None);
    }

    #[test]
    fn a_time_may_stand_further_right() {
        let at = |line: &str| within(line, Tz::UTC, Some(2020));
        let expected = Some(1_596_268_393_000_000);
        assert_eq!(at("SESSION|08/01/2020 07:53:13.000|x"), expected);
        assert_eq!(at("577 <14>1 2020-08-01T07:53:13Z host"), expected);
        assert_eq!(at("é: Aug  1 07:53:13 host"), expected);
        assert_eq!(at("backup-2020-08-01.tar 07"), None);
        assert_eq!(
            at(&format!("{} 2020-08-01 07:53:13", "x".repeat(128))),
            None
        );
    }
}
