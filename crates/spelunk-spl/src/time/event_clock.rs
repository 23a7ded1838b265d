//! The time written in an event's text, from which Splunk's `date_*` fields are set.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Usedefaultfields>

use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike as _};

/// A time as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventClock {
    /// Date and time as in the text, whatever their zone.
    pub local: NaiveDateTime,
    /// Minutes ahead of UTC, if the text contains a zone.
    pub zone: Option<i32>,
}

/// Returns how an instant (microseconds since 1970 in UTC) was written in `text`, or `None` if the text has
/// no matching clock time: events whose time is a number, or comes from elsewhere.
///
/// The zone need not be known: minutes and seconds are those of the instant, shifted by quarters of an hour
/// at most, and the hour before them determines the rest.
pub fn event_clock(micros: i64, text: &str) -> Option<EventClock> {
    let utc = DateTime::from_timestamp_micros(micros)?.naive_utc();
    [0, 30, 45, 15].into_iter().find_map(|quarter| {
        let shifted = utc.checked_add_signed(TimeDelta::minutes(quarter))?;
        let (hour, zone) = reading(text, shifted.minute(), shifted.second())?;
        let mut ahead = i64::from(hour) - i64::from(shifted.hour());
        // Clocks are between 11 hours behind and 14 ahead; of two possible offsets this takes the smaller
        // one.
        if ahead > 12 {
            ahead -= 24;
        } else if ahead < -11 {
            ahead += 24;
        }
        let local = shifted.checked_add_signed(TimeDelta::hours(ahead))?;
        Some(EventClock { local, zone })
    })
}

/// Returns the hour before the first `:minute:second` in a text, and the zone after it.
fn reading(text: &str, minute: u32, second: u32) -> Option<(u32, Option<i32>)> {
    let wanted = format!(":{minute:02}:{second:02}");
    text.match_indices(&wanted).find_map(|(at, _)| {
        let before = &text[..at];
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let after = &text[at + wanted.len()..];
        if !(1..=2).contains(&digits) || after.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let hour: u32 = before[at - digits..].parse().ok().filter(|h| *h < 24)?;
        let rest = fraction_skipped(after);
        let half = rest.trim_start().get(..2).unwrap_or_default();
        let hour = match half {
            _ if half.eq_ignore_ascii_case("pm") && hour < 12 => hour + 12,
            _ if half.eq_ignore_ascii_case("am") && hour == 12 => 0,
            _ => hour,
        };
        Some((hour, zone(rest)))
    })
}

fn fraction_skipped(text: &str) -> &str {
    match text.strip_prefix(['.', ',']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            rest.trim_start_matches(|c: char| c.is_ascii_digit())
        }
        _ => text,
    }
}

/// Parses `Z`, `UTC`, `+0200`, `-05:30` as minutes ahead of UTC.
fn zone(text: &str) -> Option<i32> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    if text.starts_with('Z') || text.starts_with("UTC") || text.starts_with("GMT") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: Vec<i32> = text[1..]
        .bytes()
        .filter(|b| *b != b':')
        .take(4)
        .map_while(|b| b.is_ascii_digit().then(|| i32::from(b - b'0')))
        .collect();
    match digits[..] {
        [a, b, c, d] => Some(sign * ((a * 10 + b) * 60 + c * 10 + d)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::event_clock;

    /// 2021-01-14 23:41:40 UTC.
    const MOMENT: i64 = 1_610_667_700_145_335;

    fn read(text: &str) -> Option<(String, Option<i32>)> {
        event_clock(MOMENT, text).map(|w| (w.local.format("%F %T").to_string(), w.zone))
    }

    #[test]
    fn the_hour_is_the_one_that_was_written() {
        let local = |time: &str, zone| Some((time.to_owned(), zone));
        let utc = "2021-01-14 23:41:40";
        assert_eq!(read("x 2021-01-14T23:41:40.145Z y"), local(utc, Some(0)));
        assert_eq!(
            read(r#"{"EventTime":"2021-01-14 23:41:40"}"#),
            local(utc, None)
        );
        assert_eq!(read("01/14/2021 11:41:40 PM"), local(utc, None));
        assert_eq!(
            read("15/Jan/2021:01:41:40 +0200"),
            local("2021-01-15 01:41:40", Some(120))
        );
        assert_eq!(
            read("2021-01-15T05:11:40+05:30"),
            local("2021-01-15 05:11:40", Some(330))
        );
        assert_eq!(read("Jan 15 9:41:40 h"), local("2021-01-15 09:41:40", None));
    }

    #[test]
    fn a_text_without_the_time_tells_nothing() {
        assert_eq!(read("1610667700.145 and 10:20:30"), None);
        assert_eq!(read("123:41:40 and 23:41:409"), None);
        assert_eq!(read(""), None);
    }
}
