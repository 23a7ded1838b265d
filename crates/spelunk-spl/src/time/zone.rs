//! Time zones and offsets in timestamps.

use chrono_tz::Tz;

use crate::time::civil::{DAY, SECOND};
use crate::time::parse::number;

/// A zone as written in text.
pub(crate) enum Found {
    /// Seconds ahead of UTC.
    Offset(i32),
    /// A zone of the tz database.
    Zone(Tz),
}

/// Common abbreviations in logs, with their hours ahead of UTC. If one is ambiguous, the North American
/// meaning applies.
const ABBREVIATIONS: &[(&str, f32)] = &[
    ("UTC", 0.0),
    ("GMT", 0.0),
    ("WET", 0.0),
    ("EST", -5.0),
    ("EDT", -4.0),
    ("CST", -6.0),
    ("CDT", -5.0),
    ("MST", -7.0),
    ("MDT", -6.0),
    ("PST", -8.0),
    ("PDT", -7.0),
    ("AKST", -9.0),
    ("AKDT", -8.0),
    ("HST", -10.0),
    ("AST", -4.0),
    ("ADT", -3.0),
    ("BST", 1.0),
    ("WEST", 1.0),
    ("CET", 1.0),
    ("CEST", 2.0),
    ("EET", 2.0),
    ("EEST", 3.0),
    ("MSK", 3.0),
    ("IST", 5.5),
    ("SGT", 8.0),
    ("HKT", 8.0),
    ("AWST", 8.0),
    ("JST", 9.0),
    ("KST", 9.0),
    ("AEST", 10.0),
    ("AEDT", 11.0),
    ("NZST", 12.0),
    ("NZDT", 13.0),
    ("Z", 0.0),
];

/// Parses `Z`, `+0200`, `+02:00`, `-05`, `EST`, `Europe/Berlin` at the start of `text`.
pub(crate) fn zone(text: &str) -> Option<(Found, &str)> {
    if let Some(sign) = text.chars().next().filter(|c| matches!(c, '+' | '-')) {
        let (hours, rest) = number(&text[1..], 2)?;
        let colon = rest.strip_prefix(':').unwrap_or(rest);
        let (minutes, rest) = number(colon, 2).unwrap_or((0, rest));
        let (second, rest) = rest
            .strip_prefix(':')
            .and_then(|r| number(r, 2))
            .unwrap_or((0, rest));
        let ahead = i32::try_from(hours * 3600 + minutes * 60 + second).ok()?;
        if i64::from(ahead) * SECOND >= DAY {
            return None;
        }
        return Some((
            Found::Offset(if sign == '-' { -ahead } else { ahead }),
            rest,
        ));
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+')))
        .unwrap_or(text.len());
    let letters = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (long, short) = (&text[..end], &text[..letters]);
    if long.contains('/')
        && let Ok(zone) = Tz::from_str_insensitive(long)
    {
        return Some((Found::Zone(zone), &text[end..]));
    }
    let (_, hours) = ABBREVIATIONS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(short))?;
    let rest = &text[letters..];
    // `GMT+02:00` and `UTC-5`.
    if matches!(short.len(), 3) && *hours == 0.0 && rest.starts_with(['+', '-']) {
        return zone(rest);
    }
    Some((Found::Offset((hours * 3600.0) as i32), rest))
}

#[cfg(test)]
mod tests {
    use super::{Found, zone};

    #[test]
    fn offsets_and_names() {
        for (text, ahead, rest) in [
            ("Z", 0, ""),
            ("+0200 x", 7200, " x"),
            ("-05", -18000, ""),
            ("+05:30:00", 19800, ""),
            ("EST5", -18000, "5"),
            ("GMT+02:00", 7200, ""),
            ("utc", 0, ""),
        ] {
            match zone(text) {
                Some((Found::Offset(found), left)) => assert_eq!((found, left), (ahead, rest)),
                _ => panic!("{text}"),
            }
        }
        assert!(matches!(zone("Europe/Berlin"), Some((Found::Zone(_), ""))));
        assert!(zone("+99").is_none() && zone("Foo").is_none() && zone("").is_none());
    }
}
