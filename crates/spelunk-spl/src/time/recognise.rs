//! Recognition of timestamps in data: ISO 8601 and similar formats first, then the other forms with a full
//! date in logs.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::time::civil::{SECOND, micros, resolve};
use crate::time::parse::{nanos, strptime};
use crate::time::zone::{Found, zone};
use crate::value::parse_number;

/// Forms with a full date that are not ISO-like, tried in order.
const FORMATS: &[&str] = &[
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %e %H:%M:%S %Z %Y",
    "%a %b %e %H:%M:%S %Y",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y:%H:%M:%S",
    "%m/%d/%Y",
];

/// Parses a timestamp as microseconds. Supports dates like `2019-04-30` and `2019/04/30`, with a time after
/// `T` or a blank, a fraction after `.` or `,`, and an offset or zone; epoch seconds, milliseconds,
/// microseconds and nanoseconds by their magnitude; and the usual forms with names of months. Without an
/// offset the time is in `zone`.
pub fn parse_timestamp(text: &str, zone: Tz) -> Option<i64> {
    let text = text.trim();
    if let Some(time) = iso(text, zone) {
        return Some(time);
    }
    if let Some(number) = parse_number(text) {
        return epoch(number);
    }
    if !text.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    // Every format has a full date, so the current time does not matter.
    FORMATS
        .iter()
        .find_map(|format| strptime(text, format, 0.0, zone))
        .and_then(micros)
}

/// Converts an epoch time whose unit is determined by its magnitude: seconds until the year 5138.
fn epoch(number: f64) -> Option<i64> {
    let scale = match number.abs() {
        n if n < 1e11 => 1e6,
        n if n < 1e14 => 1e3,
        n if n < 1e17 => 1.0,
        _ => 1e-3,
    };
    micros(number * scale / 1e6)
}

fn iso(text: &str, zone_of_text: Tz) -> Option<i64> {
    let bytes = text.as_bytes();
    let separator = *bytes.get(4)?;
    if !matches!(separator, b'-' | b'/') || *bytes.get(7)? != separator {
        return None;
    }
    let digits = |from: usize, to: usize| -> Option<u32> {
        let mut value = 0;
        for byte in bytes.get(from..to)? {
            value = value * 10 + u32::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        Some(value)
    };
    let year = i32::try_from(digits(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, digits(5, 7)?, digits(8, 10)?)?;
    let (mut time, mut fraction, mut at) = (NaiveTime::MIN, 0, 10);
    if matches!(bytes.get(10), Some(b'T' | b't' | b' ' | b'_')) && bytes.get(13) == Some(&b':') {
        let (hour, minute) = (digits(11, 13)?, digits(14, 16)?);
        let mut second = 0;
        at = 16;
        if bytes.get(16) == Some(&b':') {
            second = digits(17, 19)?;
            at = 19;
            if matches!(bytes.get(19), Some(b'.' | b',')) {
                let end = bytes[20..]
                    .iter()
                    .position(|b| !b.is_ascii_digit())
                    .map_or(bytes.len(), |p| 20 + p);
                fraction = i64::from(nanos(&text[20..end])?) / 1000;
                at = end;
            }
        }
        // A leap second is the first of the next minute.
        fraction += i64::from(second / 60) * SECOND;
        time = NaiveTime::from_hms_opt(hour, minute, second.min(59)).filter(|_| second <= 60)?;
    }
    let clock = date.and_time(time);
    let rest = text.get(at..)?.trim_start();
    let whole = if rest.is_empty() {
        resolve(clock, zone_of_text)?
    } else {
        match zone(rest)? {
            (Found::Offset(offset), "") => {
                clock.and_utc().timestamp_micros() - i64::from(offset) * SECOND
            }
            (Found::Zone(zone), "") => resolve(clock, zone)?,
            (Found::Offset(_) | Found::Zone(_), _) => return None,
        }
    };
    whole.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::parse_timestamp;
    use chrono_tz::{Europe::Berlin, Tz};

    #[test]
    fn timestamps_of_logs() {
        for (text, expected) in [
            ("2019-04-30T20:32:51.168589Z", 1_556_656_371_168_589),
            ("2019-04-30T20:32:51.1685897Z", 1_556_656_371_168_589),
            ("2020-08-01 07:53:24", 1_596_268_404_000_000),
            ("2020/08/01 07:53:24,5", 1_596_268_404_500_000),
            ("2020-08-01T07:53+02:00", 1_596_261_180_000_000),
            ("2020-08-01T07:53:24 UTC", 1_596_268_404_000_000),
            ("2020-08-01", 1_596_240_000_000_000),
            ("1700000000.25", 1_700_000_000_250_000),
            ("1700000000250", 1_700_000_000_250_000),
            ("1700000000250000", 1_700_000_000_250_000),
            ("01/Aug/2020:07:53:24 +0000", 1_596_268_404_000_000),
            ("08/01/2020 07:53:24 AM", 1_596_268_404_000_000),
            ("Sat Aug  1 07:53:24 2020", 1_596_268_404_000_000),
        ] {
            assert_eq!(parse_timestamp(text, Tz::UTC), Some(expected), "{text}");
        }
        for text in [
            "",
            "abc",
            "2020-13-01",
            "2020-08-01T25:00",
            "2020-08-01 x",
            "é020-08-01",
        ] {
            assert_eq!(parse_timestamp(text, Tz::UTC), None, "{text}");
        }
        assert_eq!(
            parse_timestamp("2020-08-01 07:53:24", Berlin),
            Some(1_596_261_204_000_000)
        );
    }
}
