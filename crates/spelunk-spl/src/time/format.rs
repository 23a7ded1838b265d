//! `strftime`, and human-readable times. (Search Reference, "Date and time format variables".)

use std::fmt::Write;

use chrono::{Datelike, NaiveDateTime, Timelike};
use chrono_tz::{OffsetName, Tz};

use chrono::TimeZone;

use crate::time::civil::{local, micros, offset};

/// English names, Sunday first.
pub(crate) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// English names, January first.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Formats epoch seconds by `format`, in `zone`, with the names of the C locale. In addition to the
/// documented variables it supports the flags of the C library (`%-d`, `%_H`, `%^a`). Copies unknown
/// variables. `None` outside the calendar.
pub fn strftime(epoch: f64, format: &str, zone: Tz) -> Option<String> {
    let micros = micros(epoch)?;
    let moment = Moment {
        micros,
        local: local(micros, zone)?,
        offset: offset(micros, zone)?,
        zone,
    };
    let mut out = String::with_capacity(format.len() * 2);
    moment.write(format, &mut out);
    Some(out)
}

/// Formats a time for tables: `2023-11-14 22:13:20.250`, with milliseconds only if there are any, and
/// microseconds only if milliseconds would lose them.
pub fn format_readable(micros: i64, zone: Tz) -> String {
    let Some(time) = local(micros, zone) else {
        return micros.to_string();
    };
    let fraction = micros.rem_euclid(1_000_000);
    let mut out = time.format("%Y-%m-%d %H:%M:%S").to_string();
    if fraction % 1000 != 0 {
        // Writing to a `String` never fails.
        let _ = write!(out, ".{fraction:06}");
    } else if fraction != 0 {
        let _ = write!(out, ".{:03}", fraction / 1000);
    }
    out
}

/// One instant in all forms that a variable may request.
struct Moment {
    micros: i64,
    local: NaiveDateTime,
    offset: i32,
    zone: Tz,
}

/// How a number is padded: by the variable's default, not at all, with blanks, with zeros.
#[derive(Clone, Copy, PartialEq)]
enum Pad {
    Own,
    None,
    Blank,
    Zero,
}

impl Moment {
    fn write(&self, format: &str, out: &mut String) {
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            // Mostly a single character, for which this is faster than a slice.
            rest[..at].chars().for_each(|c| out.push(c));
            let after = &rest[at + 1..];
            match self.variable(after, out) {
                Some(used) => rest = &after[used..],
                None => {
                    out.push('%');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
    }

    /// Writes the variable at the start of `text`; returns its length in bytes, or `None` if there is no such
    /// variable.
    fn variable(&self, text: &str, out: &mut String) -> Option<usize> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let (mut pad, mut upper) = (Pad::Own, false);
        while let Some(flag) = bytes.get(at) {
            match flag {
                b'-' => pad = Pad::None,
                b'_' => pad = Pad::Blank,
                b'0' => pad = Pad::Zero,
                b'^' | b'#' => upper = true,
                _ => break,
            }
            at += 1;
        }
        // `%3N`, `%Ez`, `%::z`: the part before the letter.
        let digits = bytes.get(at).filter(|b| b.is_ascii_digit()).copied();
        let modifier = bytes.get(at).filter(|b| matches!(b, b'E' | b'O')).copied();
        let colons = bytes[at..].iter().take_while(|b| **b == b':').count();
        at += usize::from(digits.is_some()) + usize::from(modifier.is_some()) + colons;
        let letter = *bytes.get(at)?;
        let accepted = match letter {
            b'N' | b'Q' => modifier.is_none() && colons == 0 && digits != Some(b'0'),
            b'z' => digits.is_none() && colons <= 3,
            _ => digits.is_none() && colons == 0,
        };
        if !accepted {
            return None;
        }
        let start = out.len();
        match letter {
            b'N' | b'Q' => {
                let default = if letter == b'N' { 9 } else { 3 };
                let width = digits.map_or(default, |d| usize::from(d - b'0'));
                let nanos = format!("{:09}", self.micros.rem_euclid(1_000_000) * 1000);
                out.push_str(&nanos[..width.min(9)]);
            }
            b'z' if modifier == Some(b'E') => {
                let _ = write!(out, "{}", self.offset / 60);
            }
            b'z' => self.write_offset(colons, out),
            _ => self.plain(letter, pad, out)?,
        }
        if upper {
            out[start..].make_ascii_uppercase();
        }
        Some(at + 1)
    }

    fn plain(&self, letter: u8, pad: Pad, out: &mut String) -> Option<()> {
        let t = &self.local;
        let sunday = t.weekday().num_days_from_sunday();
        let number = |out: &mut String, value: u32, width: usize, own: Pad| {
            let pad = if pad == Pad::Own { own } else { pad };
            let digit = |value: u32| char::from(b'0' + (value % 10) as u8);
            let _ = match pad {
                Pad::Zero | Pad::Own if width == 2 && value < 100 => {
                    out.push(digit(value / 10));
                    out.push(digit(value));
                    Ok(())
                }
                Pad::None => write!(out, "{value}"),
                Pad::Blank => write!(out, "{value:width$}"),
                Pad::Zero | Pad::Own => write!(out, "{value:0width$}"),
            };
        };
        let week = |first: u32| (t.ordinal0() + 7 - (sunday + 7 - first) % 7) / 7;
        match letter {
            b'a' => out.push_str(&WEEKDAYS[sunday as usize][..3]),
            b'A' => out.push_str(WEEKDAYS[sunday as usize]),
            b'b' | b'h' => out.push_str(&MONTHS[t.month0() as usize][..3]),
            b'B' => out.push_str(MONTHS[t.month0() as usize]),
            b'c' => self.write("%a %b %e %H:%M:%S %Y", out),
            b'+' => self.write("%a %b %e %H:%M:%S %Z %Y", out),
            b'C' => number(out, t.year().div_euclid(100).unsigned_abs(), 2, Pad::Zero),
            b'd' => number(out, t.day(), 2, Pad::Zero),
            b'e' => number(out, t.day(), 2, Pad::Blank),
            b'D' => self.write("%m/%d/%y", out),
            b'f' => number(
                out,
                (self.micros.rem_euclid(1_000_000)) as u32,
                6,
                Pad::Zero,
            ),
            b'F' => self.write("%Y-%m-%d", out),
            b'g' => number(
                out,
                t.iso_week().year().rem_euclid(100) as u32,
                2,
                Pad::Zero,
            ),
            b'G' => {
                let _ = write!(out, "{}", t.iso_week().year());
            }
            b'H' => number(out, t.hour(), 2, Pad::Zero),
            b'I' => number(out, t.hour12().1, 2, Pad::Zero),
            b'j' => number(out, t.ordinal(), 3, Pad::Zero),
            b'k' => number(out, t.hour(), 2, Pad::Blank),
            b'l' => number(out, t.hour12().1, 2, Pad::Blank),
            b'm' => number(out, t.month(), 2, Pad::Zero),
            b'M' => number(out, t.minute(), 2, Pad::Zero),
            b'n' => out.push('\n'),
            b'p' => out.push_str(if t.hour12().0 { "PM" } else { "AM" }),
            b'P' => out.push_str(if t.hour12().0 { "pm" } else { "am" }),
            b'r' => self.write("%I:%M:%S %p", out),
            b'R' => self.write("%H:%M", out),
            b's' => {
                let _ = write!(out, "{}", self.micros.div_euclid(1_000_000));
            }
            b'S' => number(out, t.second(), 2, Pad::Zero),
            b't' => out.push('\t'),
            b'T' | b'X' => self.write("%H:%M:%S", out),
            b'u' => number(out, t.weekday().number_from_monday(), 1, Pad::Zero),
            b'U' => number(out, week(0), 2, Pad::Zero),
            b'v' => self.write("%e-%b-%Y", out),
            b'V' => number(out, t.iso_week().week(), 2, Pad::Zero),
            b'w' => number(out, sunday, 1, Pad::Zero),
            b'W' => number(out, week(1), 2, Pad::Zero),
            b'x' => self.write("%m/%d/%Y", out),
            b'y' => number(out, t.year().rem_euclid(100) as u32, 2, Pad::Zero),
            b'Y' => match u32::try_from(t.year()) {
                Ok(year @ 1000..=9999) if pad == Pad::Own => {
                    number(out, year / 100, 2, Pad::Own);
                    number(out, year % 100, 2, Pad::Own);
                }
                _ => {
                    let _ = write!(out, "{}", t.year());
                }
            },
            b'Z' => out.push_str(&self.abbreviation()),
            b'%' => out.push('%'),
            _ => return None,
        }
        Some(())
    }

    fn write_offset(&self, colons: usize, out: &mut String) {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let ahead = self.offset.unsigned_abs();
        let (h, m, s) = (ahead / 3600, ahead / 60 % 60, ahead % 60);
        let _ = match colons {
            0 => write!(out, "{sign}{h:02}{m:02}"),
            1 => write!(out, "{sign}{h:02}:{m:02}"),
            2 => write!(out, "{sign}{h:02}:{m:02}:{s:02}"),
            _ => write!(out, "{sign}{h:02}"),
        };
    }

    fn abbreviation(&self) -> String {
        let utc = self.local - chrono::TimeDelta::seconds(i64::from(self.offset));
        let offset = self.zone.offset_from_utc_datetime(&utc);
        match offset.abbreviation() {
            Some(name) => name.to_owned(),
            None => {
                let mut text = String::new();
                self.write_offset(0, &mut text);
                text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{format_readable, strftime};
    use chrono_tz::{America::New_York, Tz};

    #[test]
    fn variables_as_documented() {
        let at = 1_700_000_000.125; // Tuesday 2023-11-14 22:13:20.125 UTC
        for (format, expected) in [
            (
                "%c|%+",
                "Tue Nov 14 22:13:20 2023|Tue Nov 14 22:13:20 UTC 2023",
            ),
            ("%F %T %x %X", "2023-11-14 22:13:20 11/14/2023 22:13:20"),
            (
                "%N %3N %6N %Q %9Q %f",
                "125000000 125 125000 125 125000000 125000",
            ),
            (
                "%z %:z %::z %:::z %Z %Ez",
                "+0000 +00:00 +00:00:00 +00 UTC 0",
            ),
            ("%U %V %W %u %w %j %g %G", "46 46 46 2 2 318 23 2023"),
            ("%I:%M %p %k %l", "10:13 PM 22 10"),
            ("%-d/%-m %_d %^a %e%%%n%t", "14/11 14 TUE 14%\n\t"),
            ("%Y|%-Y|%_Y|é%dé", "2023|2023|2023|é14é"),
            ("%s %E %q 100%", "1700000000 %E %q 100%"),
        ] {
            assert_eq!(
                strftime(at, format, Tz::UTC).as_deref(),
                Some(expected),
                "{format}"
            );
        }
        assert_eq!(
            strftime(at, "%H:%M %Z %z", New_York).as_deref(),
            Some("17:13 EST -0500")
        );
        for (day, expected) in [(12_784, "2005"), (-354_285, "1000"), (-354_286, "999")] {
            let at = f64::from(day) * 86_400.0;
            assert_eq!(strftime(at, "%Y", Tz::UTC).as_deref(), Some(expected));
        }
        assert_eq!(strftime(f64::INFINITY, "%Y", Tz::UTC), None);
    }

    #[test]
    fn people_see_milliseconds_only_if_there_are_any() {
        let at = 1_700_000_000_000_000;
        assert_eq!(format_readable(at, Tz::UTC), "2023-11-14 22:13:20");
        assert_eq!(
            format_readable(at + 250_000, Tz::UTC),
            "2023-11-14 22:13:20.250"
        );
        assert_eq!(
            format_readable(at + 1, Tz::UTC),
            "2023-11-14 22:13:20.000001"
        );
    }
}
