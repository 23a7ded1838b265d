//! Converts between instants and local time.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 86_400 * SECOND;

/// Converts epoch seconds to microseconds, rounded; `None` if outside the calendar.
pub fn micros(seconds: f64) -> Option<i64> {
    let micros = (seconds * 1e6).round();
    // Years beyond a quarter of a million do not fit the calendar.
    (micros.abs() < 8.0e18).then_some(micros as i64)
}

/// Converts microseconds to epoch seconds.
pub fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// The local date and time in `zone`.
pub fn local(micros: i64, zone: Tz) -> Option<NaiveDateTime> {
    let utc = DateTime::from_timestamp_micros(micros)?.naive_utc();
    utc.checked_add_signed(TimeDelta::seconds(i64::from(offset_of(utc, zone))))
}

/// Seconds that `zone` is ahead of UTC at that instant.
pub fn offset(micros: i64, zone: Tz) -> Option<i32> {
    let utc = DateTime::from_timestamp_micros(micros)?.naive_utc();
    Some(offset_of(utc, zone))
}

fn offset_of(utc: NaiveDateTime, zone: Tz) -> i32 {
    if zone == Tz::UTC {
        return 0;
    }
    zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()
}

/// The instant at which a clock in `zone` shows `local`: the first of two if the time is ambiguous; if clocks
/// skipped it, the instant by the old offset.
pub fn resolve(local: NaiveDateTime, zone: Tz) -> Option<i64> {
    if zone == Tz::UTC {
        return Some(local.and_utc().timestamp_micros());
    }
    match zone.from_local_datetime(&local) {
        LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => Some(t.timestamp_micros()),
        LocalResult::None => {
            let before = local.checked_sub_signed(TimeDelta::hours(24))?;
            let offset = zone.offset_from_local_datetime(&before).earliest()?.fix();
            let utc = local
                .checked_sub_signed(TimeDelta::seconds(i64::from(offset.local_minus_utc())))?;
            Some(utc.and_utc().timestamp_micros())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{local, micros, resolve};
    use chrono::NaiveDate;
    use chrono_tz::America::New_York;

    #[test]
    fn clock_changes_have_an_answer() {
        let at = |month, day, hour| {
            NaiveDate::from_ymd_opt(2024, month, day)
                .and_then(|d| d.and_hms_opt(hour, 30, 0))
                .unwrap()
        };
        // 02:30 did not exist on 10 March; 01:30 came twice on 3 November.
        assert_eq!(resolve(at(3, 10, 2), New_York), Some(1_710_055_800_000_000));
        assert_eq!(resolve(at(11, 3, 1), New_York), Some(1_730_611_800_000_000));
        assert_eq!(local(1_710_055_800_000_000, New_York), Some(at(3, 10, 3)));
    }

    #[test]
    fn no_calendar_holds_everything() {
        assert_eq!(micros(1.5), Some(1_500_000));
        assert_eq!(micros(f64::INFINITY), None);
        assert_eq!(micros(f64::NAN), None);
    }
}
