//! Time modifiers: `-1d@d`, `@w1+8h`, `now`. (Search Reference, "Time modifiers".)

use chrono_tz::Tz;

use crate::time::civil::{micros, seconds};
use crate::time::parse::strptime;
use crate::time::timestamp;
use crate::time::unit::{Snap, Unit};
use crate::value::parse_number;

/// A parsed relative time: offsets and snaps, applied in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Add(i64, Unit),
    Snap(Snap),
}

impl Modifier {
    /// Parses `-1d@d+8h`; the default number is 1, the default unit seconds. `now` and the prefix of
    /// real-time searches (`rt`) may come first.
    pub fn parse(text: &str) -> Result<Modifier, String> {
        let bad = || format!("\"{text}\" is not a relative time such as -1d@d");
        let trimmed = text.trim();
        let mut rest = trimmed;
        for prefix in ["rt", "now()", "now"] {
            if let Some(head) = rest.get(..prefix.len())
                && head.eq_ignore_ascii_case(prefix)
            {
                rest = &rest[prefix.len()..];
            }
        }
        if rest.is_empty() && trimmed.is_empty() {
            return Err(bad());
        }
        let mut steps = Vec::new();
        while let Some(sign) = rest.chars().next() {
            rest = &rest[sign.len_utf8()..];
            match sign {
                '+' | '-' => {
                    let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
                    let (name, after) = split_while(after, |c| c.is_ascii_alphabetic());
                    if digits.is_empty() && name.is_empty() {
                        return Err(bad());
                    }
                    let count: i64 = match digits {
                        "" => 1,
                        _ => digits.parse().map_err(|_| bad())?,
                    };
                    let unit = match name {
                        "" => Unit::Second,
                        _ => Unit::parse(name)
                            .filter(|u| !u.is_subsecond())
                            .ok_or_else(bad)?,
                    };
                    steps.push(Step::Add(if sign == '-' { -count } else { count }, unit));
                    rest = after;
                }
                '@' => {
                    let (name, after) = split_while(rest, |c| c.is_ascii_alphanumeric());
                    let snap = Snap::parse(name)
                        .filter(|s| !s.unit.is_subsecond())
                        .ok_or_else(bad)?;
                    steps.push(Step::Snap(snap));
                    rest = after;
                }
                _ => return Err(bad()),
            }
        }
        Ok(Modifier { steps })
    }

    /// The time relative to `from` (microseconds); `None` outside the calendar.
    pub fn apply(&self, from: i64, zone: Tz) -> Option<i64> {
        self.steps.iter().try_fold(from, |time, step| match *step {
            Step::Add(count, unit) => unit.add(time, count, zone),
            Step::Snap(snap) => snap.floor(time, zone),
        })
    }
}

fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !keep(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// Parses the value of `earliest=` and `latest=`: a relative time, `now`, epoch seconds, or
/// `%m/%d/%Y:%H:%M:%S`; also an ISO date and time. `now` and the result are in epoch seconds.
pub fn time_modifier(text: &str, now: f64, zone: Tz) -> Result<f64, String> {
    let text = text.trim();
    let unsigned = text.starts_with(|c: char| c.is_ascii_digit());
    if unsigned {
        match parse_number(text) {
            Some(epoch) if epoch.is_finite() => return Ok(epoch),
            Some(_) => return Err(format!("\"{text}\" is outside the calendar")),
            None => {}
        }
        let absolute = strptime(text, "%m/%d/%Y:%H:%M:%S", now, zone);
        if let Some(time) = absolute.or_else(|| timestamp::parse(text, zone).map(seconds)) {
            return Ok(time);
        }
        // A count without a sign is in the future.
        return time_modifier(&format!("+{text}"), now, zone)
            .map_err(|_| format!("\"{text}\" is not a time"));
    }
    let modifier = Modifier::parse(text)?;
    micros(now)
        .and_then(|from| modifier.apply(from, zone))
        .map(seconds)
        .ok_or_else(|| format!("\"{text}\" is outside the calendar"))
}

#[cfg(test)]
mod tests {
    use super::{Modifier, time_modifier};
    use chrono_tz::{America::New_York, Tz};

    const NOW: f64 = 1_700_000_000.0; // Tuesday 2023-11-14 22:13:20 UTC

    #[test]
    fn modifiers_chain() {
        for (text, expected) in [
            ("now", 1_700_000_000.0),
            ("-30", 1_699_999_970.0),
            ("+5m", 1_700_000_300.0),
            ("-1mon@mon+7d", 1_696_723_200.0),
            ("@w0", 1_699_747_200.0),
            ("@w7", 1_699_747_200.0),
            ("@w3", 1_699_401_600.0),
            ("-2qtrs", 1_684_102_400.0),
            ("rt-1h", 1_699_996_400.0),
            ("1699998000", 1_699_998_000.0),
            ("10/19/2009:0:0:0", 1_255_910_400.0),
            ("2023-11-14T22:13:20Z", 1_700_000_000.0),
        ] {
            assert_eq!(time_modifier(text, NOW, Tz::UTC), Ok(expected), "{text}");
        }
        for text in [
            "",
            "-",
            "@",
            "-1x",
            "@w8",
            "yesterday",
            "-1ms",
            "13/40/2009:0:0:0",
            "7e515",
            "-1dé",
            "5é",
        ] {
            assert!(time_modifier(text, NOW, Tz::UTC).is_err(), "{text}");
        }
    }

    #[test]
    fn days_follow_the_clock_of_the_zone() {
        // Clocks in New York went back on 2023-11-05 at 02:00.
        let noon = 1_699_203_600_000_000; // 2023-11-05 12:00 EST
        let back = Modifier::parse("-1d").unwrap().apply(noon, New_York);
        assert_eq!(back, Some(noon - 25 * 3_600_000_000));
        let start = Modifier::parse("@d").unwrap().apply(noon, New_York);
        assert_eq!(start, Some(1_699_156_800_000_000));
    }

    #[test]
    fn months_end_on_their_last_day() {
        // 2024-03-31 minus one month.
        let step = Modifier::parse("-1mon").unwrap();
        assert_eq!(
            step.apply(1_711_843_200_000_000, Tz::UTC),
            Some(1_709_164_800_000_000)
        );
    }
}
