//! Formats seconds as `D+HH:MM:SS`.

use std::fmt::Write;

/// Formats seconds as `HH:MM:SS`, preceded by days from one on, followed by microseconds if there are any.
pub fn duration(seconds: f64) -> String {
    let mut out = String::new();
    if seconds < 0.0 {
        out.push('-');
    }
    let micros = (seconds.abs() * 1e6).round() as u64;
    let (whole, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (days, rest) = (whole / 86_400, whole % 86_400);
    // Writing to a `String` never fails.
    if days > 0 {
        let _ = write!(out, "{days}+");
    }
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    let _ = write!(out, "{hours:02}:{minutes:02}:{seconds:02}");
    if fraction > 0 {
        let _ = write!(out, ".{fraction:06}");
    }
    out
}

/// Formats a number with commas between thousands: whole, or with two decimals.
pub fn commas(number: f64) -> String {
    if number.fract() == 0.0 {
        group(&format!("{number:.0}"))
    } else {
        let rounded = crate::functions::digits::round_decimals(number, 2);
        group(&format!("{rounded:.2}"))
    }
}

/// Inserts commas between the thousands of a number written in full.
pub fn group(number: &str) -> String {
    let (whole, fraction) = match number.find('.') {
        Some(at) => number.split_at(at),
        None => (number, ""),
    };
    let (sign, digits) = match whole.strip_prefix(['-', '+']) {
        Some(digits) => whole.split_at(whole.len() - digits.len()),
        None => ("", whole),
    };
    let mut out = String::with_capacity(number.len() + digits.len() / 3);
    out.push_str(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

#[cfg(test)]
mod tests {
    use super::{commas, duration};

    #[test]
    fn days_and_fractions_show_only_when_there_are_any() {
        assert_eq!(duration(615.0), "00:10:15");
        assert_eq!(duration(93_784.5), "1+02:03:04.500000");
        assert_eq!(duration(-61.0), "-00:01:01");
    }

    #[test]
    fn thousands() {
        assert_eq!(commas(12345.6789), "12,345.68");
        assert_eq!(commas(-1234567.0), "-1,234,567");
        assert_eq!(commas(999.0), "999");
        assert_eq!(commas(999.999), "1,000.00");
    }
}
