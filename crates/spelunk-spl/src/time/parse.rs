//! `strptime`. (Search Reference, "Date and time format variables".)

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;

use crate::time::civil::{SECOND, local, micros, resolve, seconds};
use crate::time::format::{MONTHS, WEEKDAYS};
use crate::time::zone::{Found, zone};

/// Parses a time by `format` and returns epoch seconds, or `None` if the text does not match. White space in
/// the format matches any, and text after the format is ignored, as in the C library. A missing date is the
/// day of `now` (epoch seconds), a missing year its year; a year or a month without a day is no time. Without an
/// offset the time is in `zone`.
pub fn strptime(text: &str, format: &str, now: f64, zone: Tz) -> Option<f64> {
    let mut fields = Fields::default();
    fields.read(text, format, 0)?;
    fields.resolve(now, zone)
}

/// The fields parsed so far.
#[derive(Default)]
struct Fields {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    ordinal: Option<u32>,
    iso_year: Option<i32>,
    iso_week: Option<u32>,
    weekday: Option<u32>,
    hour: Option<u32>,
    afternoon: Option<bool>,
    minute: Option<u32>,
    second: Option<u32>,
    nanos: u32,
    /// Seconds ahead of UTC.
    offset: Option<i32>,
    zone: Option<Tz>,
    epoch: Option<i64>,
}

/// Maximum nesting of formats (`%c` contains `%T`).
const DEPTH: usize = 3;

impl Fields {
    /// Parses `text` by `format` and returns the rest of it.
    fn read<'t>(&mut self, mut text: &'t str, format: &str, depth: usize) -> Option<&'t str> {
        let mut format = format.chars();
        while let Some(c) = format.next() {
            if c.is_whitespace() {
                text = text.trim_start();
            } else if c == '%' {
                let mut letter = format.next()?;
                while matches!(letter, '-' | '_' | '^' | '#' | ':' | 'E' | 'O')
                    || letter.is_ascii_digit()
                {
                    letter = format.next()?;
                }
                // `%s%3N`: the seconds end where the fraction begins.
                let crowded = format.as_str().starts_with('%');
                if letter == 's' && crowded {
                    let (seconds, rest) = number(text, 10)?;
                    self.epoch = Some(seconds);
                    text = rest;
                } else {
                    text = self.variable(text, letter, depth)?;
                }
            } else {
                text = text.strip_prefix(c)?;
            }
        }
        Some(text)
    }

    fn variable<'t>(&mut self, text: &'t str, letter: char, depth: usize) -> Option<&'t str> {
        let nested = match letter {
            'c' => Some("%a %b %e %H:%M:%S %Y"),
            '+' => Some("%a %b %e %H:%M:%S %Z %Y"),
            'D' => Some("%m/%d/%y"),
            'F' => Some("%Y-%m-%d"),
            'r' => Some("%I:%M:%S %p"),
            'R' => Some("%H:%M"),
            'T' | 'X' => Some("%H:%M:%S"),
            'v' => Some("%e-%b-%Y"),
            'x' => Some("%m/%d/%Y"),
            _ => None,
        };
        if let Some(nested) = nested {
            return if depth < DEPTH {
                self.read(text, nested, depth + 1)
            } else {
                None
            };
        }
        match letter {
            'Y' => {
                let (sign, rest) = match text.strip_prefix('-') {
                    Some(rest) => (-1, rest),
                    None => (1, text),
                };
                let (value, rest) = number(rest, 4)?;
                self.year = Some(sign * i32::try_from(value).ok()?);
                Some(rest)
            }
            'y' => {
                let (value, rest) = number(text, 2)?;
                let value = i32::try_from(value).ok()?;
                self.year = Some(if value < 69 {
                    2000 + value
                } else {
                    1900 + value
                });
                Some(rest)
            }
            'G' => {
                let (value, rest) = number(text, 4)?;
                self.iso_year = Some(i32::try_from(value).ok()?);
                Some(rest)
            }
            'V' => self.bounded(text, 2, 1..=53, |f| &mut f.iso_week),
            'U' | 'W' | 'C' | 'g' => number(text, 2).map(|(_, rest)| rest),
            'm' => self.bounded(text, 2, 1..=12, |f| &mut f.month),
            'd' | 'e' => self.bounded(text.trim_start(), 2, 1..=31, |f| &mut f.day),
            'j' => self.bounded(text, 3, 1..=366, |f| &mut f.ordinal),
            'H' | 'k' => self.bounded(text.trim_start(), 2, 0..=23, |f| &mut f.hour),
            'I' | 'l' => self.bounded(text.trim_start(), 2, 1..=12, |f| &mut f.hour),
            'M' => self.bounded(text, 2, 0..=59, |f| &mut f.minute),
            // 60 is a leap second.
            'S' => self.bounded(text, 2, 0..=60, |f| &mut f.second),
            'u' | 'w' => self.bounded(text, 1, 0..=7, |f| &mut f.weekday),
            'N' | 'Q' | 'f' => {
                let digits =
                    text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                let (fraction, rest) = text.split_at_checked(digits)?;
                self.nanos = nanos(fraction)?;
                Some(rest)
            }
            'p' | 'P' => {
                let rest = text.trim_start();
                let (half, rest) = rest.split_at_checked(2)?;
                self.afternoon = Some(match half.to_ascii_lowercase().as_str() {
                    "am" => false,
                    "pm" => true,
                    _ => return None,
                });
                Some(rest)
            }
            'a' | 'A' => {
                let (index, rest) = name(text, &WEEKDAYS)?;
                self.weekday = Some(u32::try_from(index).ok()?);
                Some(rest)
            }
            'b' | 'B' | 'h' => {
                let (index, rest) = name(text, &MONTHS)?;
                self.month = Some(u32::try_from(index).ok()? + 1);
                Some(rest)
            }
            's' => {
                let (sign, rest) = match text.strip_prefix('-') {
                    Some(rest) => (-1, rest),
                    None => (1, text),
                };
                let (value, rest) = number(rest, 18)?;
                self.epoch = Some(sign * value);
                Some(rest)
            }
            'z' | 'Z' => {
                let (found, rest) = zone(text.trim_start())?;
                match found {
                    Found::Offset(offset) => self.offset = Some(offset),
                    Found::Zone(zone) => self.zone = Some(zone),
                }
                Some(rest)
            }
            'n' | 't' => Some(text.trim_start()),
            '%' => text.strip_prefix('%'),
            _ => None,
        }
    }

    fn bounded<'t>(
        &mut self,
        text: &'t str,
        width: usize,
        range: std::ops::RangeInclusive<u32>,
        field: fn(&mut Fields) -> &mut Option<u32>,
    ) -> Option<&'t str> {
        let (value, rest) = number(text, width)?;
        let value = u32::try_from(value).ok().filter(|v| range.contains(v))?;
        *field(self) = Some(value);
        Some(rest)
    }

    fn resolve(&self, now: f64, zone: Tz) -> Option<f64> {
        let fraction = i64::from(self.nanos) / 1000;
        if let Some(epoch) = self.epoch {
            return Some(seconds(epoch.checked_mul(SECOND)?.checked_add(fraction)?));
        }
        let zone = self.zone.unwrap_or(zone);
        let hour = match (self.hour.unwrap_or(0), self.afternoon) {
            (hour @ 1..=11, Some(true)) => hour + 12,
            (12, Some(false)) => 0,
            (hour, _) => hour,
        };
        let second = self.second.unwrap_or(0);
        let time = NaiveTime::from_hms_opt(hour, self.minute.unwrap_or(0), second.min(59))?;
        let date = self.date(micros(now)?, zone)?;
        let clock = date
            .and_time(time)
            .checked_add_signed(chrono::TimeDelta::seconds(i64::from(second / 60)))?;
        let whole = match self.offset {
            Some(offset) => clock.and_utc().timestamp_micros() - i64::from(offset) * SECOND,
            None => resolve(clock, zone)?,
        };
        Some(seconds(whole.checked_add(fraction)?))
    }

    fn date(&self, now: i64, zone: Tz) -> Option<NaiveDate> {
        let today = local(now, zone)?.date();
        if let (Some(year), Some(week)) = (self.iso_year, self.iso_week) {
            let weekday = match self.weekday.unwrap_or(1) {
                0 | 7 => Weekday::Sun,
                day => Weekday::try_from(u8::try_from(day - 1).ok()?).ok()?,
            };
            return NaiveDate::from_isoywd_opt(year, week, weekday);
        }
        let year = self.year.unwrap_or_else(|| today.year());
        if let Some(ordinal) = self.ordinal {
            return NaiveDate::from_yo_opt(year, ordinal);
        }
        match (self.year, self.month, self.day) {
            (None, None, None) => Some(today),
            (_, Some(month), Some(day)) => NaiveDate::from_ymd_opt(year, month, day),
            // A year or a month alone makes no time in Splunk.
            (Some(_), _, _) | (None, Some(_), None) => None,
            (None, None, Some(day)) => NaiveDate::from_ymd_opt(year, today.month(), day),
        }
    }
}

/// Parses up to `width` digits as a number.
pub(crate) fn number(text: &str, width: usize) -> Option<(i64, &str)> {
    let digits = text
        .bytes()
        .take(width)
        .take_while(u8::is_ascii_digit)
        .count();
    let (value, rest) = text.split_at(digits);
    Some((value.parse().ok()?, rest))
}

/// Converts digits after the decimal point to nanoseconds, dropping those beyond the ninth.
pub(crate) fn nanos(digits: &str) -> Option<u32> {
    let kept = &digits[..digits.len().min(9)];
    let value: u32 = kept.parse().ok()?;
    Some(value * 10_u32.pow(9 - u32::try_from(kept.len()).ok()?))
}

/// Parses a name of the list, in full or its first three letters, case-insensitively.
pub(super) fn name<'t>(text: &'t str, names: &[&str]) -> Option<(usize, &'t str)> {
    let starts = |name: &str| {
        text.get(..name.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(name))
    };
    for (index, name) in names.iter().enumerate() {
        if starts(name) {
            return Some((index, &text[name.len()..]));
        }
        if starts(&name[..3]) {
            return Some((index, &text[3..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::strptime;
    use chrono_tz::{America::New_York, Tz};

    const NOW: f64 = 1_700_000_000.0; // 2023-11-14 22:13:20 UTC

    #[test]
    fn formats_read_times() {
        for (text, format, expected) in [
            (
                "2023-11-14T22:13:20-0500",
                "%Y-%m-%dT%H:%M:%S%z",
                1_700_018_000.0,
            ),
            (
                "2023-11-14 22:13:20.5 +02:00",
                "%F %T.%3N %:z",
                1_699_992_800.5,
            ),
            (
                "2022/07/23 17:19:01.89",
                "%Y/%m/%d %H:%M:%S.%N",
                1_658_596_741.89,
            ),
            (
                "Mon Aug 13 06:00:00 2018",
                "%a %b %d %H:%M:%S %Y",
                1_534_140_000.0,
            ),
            (
                "14 november 23 10:13:20 pm",
                "%d %B %y %I:%M:%S %p",
                1_700_000_000.0,
            ),
            (
                "2023-11-14 22:13:20 EST",
                "%Y-%m-%d %H:%M:%S %Z",
                1_700_018_000.0,
            ),
            ("2023-318", "%Y-%j", 1_699_920_000.0),
            ("22:13:20", "%H:%M:%S", 1_700_000_000.0),
            ("11/15", "%m/%d", 1_700_006_400.0),
            ("1700000000.5", "%s.%Q", 1_700_000_000.5),
            ("1700000000500", "%s%3N", 1_700_000_000.5),
            ("2023-11-14   rest", "%Y-%m-%d", 1_699_920_000.0),
        ] {
            assert_eq!(
                strptime(text, format, NOW, Tz::UTC),
                Some(expected),
                "{text}"
            );
        }
        for (text, format) in [
            ("not a date", "%Y-%m-%d"),
            ("2023-02-30", "%Y-%m-%d"),
            ("2023", "%Y-%m-%d"),
            ("", "%Y"),
            ("2023", "%Y"),
            ("2023-11", "%Y-%m"),
            ("November", "%B"),
            ("é", "%p"),
        ] {
            assert_eq!(strptime(text, format, NOW, Tz::UTC), None, "{text}");
        }
    }

    #[test]
    fn the_zone_counts_unless_the_text_has_one() {
        let read = |text, format| strptime(text, format, NOW, New_York);
        assert_eq!(
            read("2023-11-14 17:13:20", "%Y-%m-%d %H:%M:%S"),
            Some(1_700_000_000.0)
        );
        assert_eq!(
            read("2023-11-14 22:13:20Z", "%Y-%m-%d %H:%M:%S%Z"),
            Some(1_700_000_000.0)
        );
    }
}
