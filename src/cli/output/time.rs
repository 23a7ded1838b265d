//! Time formats of the output.

use chrono_tz::Tz;

use crate::time::{format_readable, micros, strftime};
use crate::value::format_number;

/// `2024-05-01 12:00:00`, with as many subsecond digits as needed.
pub fn readable(seconds: f64, zone: Tz) -> String {
    match micros(seconds) {
        Some(micros) => format_readable(micros, zone),
        None => format_number(seconds),
    }
}

/// `2024-05-01T12:00:00.000+0000`, the form of `_time` in Splunk's CSV exports.
pub fn exported(seconds: f64, zone: Tz) -> String {
    strftime(seconds, "%Y-%m-%dT%H:%M:%S.%3N%z", zone).unwrap_or_else(|| format_number(seconds))
}

/// Epoch seconds with up to six subsecond digits: more than the 15 significant digits that other numbers are
/// written with.
pub fn epoch(seconds: f64) -> String {
    match micros(seconds) {
        None => format_number(seconds),
        Some(micros) => {
            let (sign, micros) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
            let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
            if rest == 0 {
                return format!("{sign}{whole}");
            }
            let rest = format!("{rest:06}");
            format!("{sign}{whole}.{}", rest.trim_end_matches('0'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{epoch, exported, readable};

    #[test]
    fn times_are_shown_in_their_zone() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(readable(0.0, chrono_tz::UTC), "1970-01-01 00:00:00");
        assert_eq!(readable(0.25, berlin), "1970-01-01 01:00:00.250");
        assert_eq!(
            exported(1_714_521_600.5, berlin),
            "2024-05-01T02:00:00.500+0200"
        );
        assert_eq!(readable(1e300, berlin), "1e+300");
    }

    #[test]
    fn an_epoch_keeps_its_microseconds() {
        assert_eq!(epoch(1_714_521_600.123_456), "1714521600.123456");
        assert_eq!(epoch(1_714_521_600.5), "1714521600.5");
        assert_eq!(epoch(1_714_521_600.0), "1714521600");
        assert_eq!(epoch(-0.25), "-0.25");
    }
}
