//! Units of time, and snapping to the start of one.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use crate::time::civil::{DAY, SECOND, local, offset, resolve};

/// Units of spans and relative times. (Search Reference, "Time modifiers" and "bin".)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `us`, in spans only.
    Microsecond,
    /// `ms`, in spans only.
    Millisecond,
    /// `cs`, in spans only.
    Centisecond,
    /// `ds`, in spans only.
    Decisecond,
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `mon`
    Month,
    /// `q`
    Quarter,
    /// `y`
    Year,
}

/// The start of a unit to which a time snaps: `@d`, `@w1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Snap {
    /// The unit.
    pub unit: Unit,
    /// For weeks, the day they begin on: 0 and 7 are Sunday.
    pub weekday: u32,
}

impl Unit {
    /// The unit of that name or abbreviation, case-insensitively.
    pub fn parse(name: &str) -> Option<Unit> {
        Some(match name.to_ascii_lowercase().as_str() {
            "us" => Unit::Microsecond,
            "ms" => Unit::Millisecond,
            "cs" => Unit::Centisecond,
            "ds" => Unit::Decisecond,
            "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
            "d" | "day" | "days" => Unit::Day,
            "w" | "week" | "weeks" => Unit::Week,
            "mon" | "month" | "months" => Unit::Month,
            "q" | "qtr" | "qtrs" | "quarter" | "quarters" => Unit::Quarter,
            "y" | "yr" | "yrs" | "year" | "years" => Unit::Year,
            _ => return None,
        })
    }

    /// Its length in microseconds; `None` if it depends on the calendar.
    pub fn micros(self) -> Option<i64> {
        Some(match self {
            Unit::Microsecond => 1,
            Unit::Millisecond => 1_000,
            Unit::Centisecond => 10_000,
            Unit::Decisecond => 100_000,
            Unit::Second => SECOND,
            Unit::Minute => 60 * SECOND,
            Unit::Hour => 3_600 * SECOND,
            Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => return None,
        })
    }

    /// Whether it is shorter than a second, and so only valid in spans.
    pub fn is_subsecond(self) -> bool {
        self.micros().is_some_and(|m| m < SECOND)
    }

    /// The abbreviation that Splunk prints.
    pub fn abbreviation(self) -> &'static str {
        match self {
            Unit::Microsecond => "us",
            Unit::Millisecond => "ms",
            Unit::Centisecond => "cs",
            Unit::Decisecond => "ds",
            Unit::Second => "s",
            Unit::Minute => "m",
            Unit::Hour => "h",
            Unit::Day => "d",
            Unit::Week => "w",
            Unit::Month => "mon",
            Unit::Quarter => "q",
            Unit::Year => "y",
        }
    }

    /// The time `count` units after (or before) `micros`. Days and longer keep the local hour in `zone`;
    /// months keep the day if the month has it, else end on their last day.
    pub fn add(self, micros: i64, count: i64, zone: Tz) -> Option<i64> {
        if let Some(length) = self.micros() {
            return micros.checked_add(length.checked_mul(count)?);
        }
        let steps = u32::try_from(count.unsigned_abs()).ok()?;
        let from = local(micros, zone)?;
        let days = |n: u64| {
            if count < 0 {
                from.checked_sub_days(Days::new(n))
            } else {
                from.checked_add_days(Days::new(n))
            }
        };
        let months = |n: u32| {
            if count < 0 {
                from.checked_sub_months(Months::new(n))
            } else {
                from.checked_add_months(Months::new(n))
            }
        };
        let to = match self {
            Unit::Week => days(u64::from(steps) * 7),
            Unit::Month => months(steps),
            Unit::Quarter => months(steps.checked_mul(3)?),
            Unit::Year => months(steps.checked_mul(12)?),
            Unit::Day
            | Unit::Microsecond
            | Unit::Millisecond
            | Unit::Centisecond
            | Unit::Decisecond
            | Unit::Second
            | Unit::Minute
            | Unit::Hour => days(u64::from(steps)),
        }?;
        resolve(to, zone)
    }
}

impl Snap {
    /// `d`, `mon`, `w`, `w0` ... `w7`.
    pub fn parse(name: &str) -> Option<Snap> {
        if let Some(unit) = Unit::parse(name) {
            return Some(Snap { unit, weekday: 0 });
        }
        match name.as_bytes() {
            [b'w' | b'W', day @ b'0'..=b'7'] => Some(Snap {
                unit: Unit::Week,
                weekday: u32::from(day - b'0') % 7,
            }),
            _ => None,
        }
    }

    /// The latest start of the unit that is not after `micros`.
    pub fn floor(self, micros: i64, zone: Tz) -> Option<i64> {
        if let Some(length) = self.unit.micros() {
            // By the offset of this very instant: repeated hours stay apart.
            let offset = i64::from(offset(micros, zone)?) * SECOND;
            let shifted = micros.checked_add(offset)?;
            return Some(shifted - shifted.rem_euclid(length) - offset);
        }
        let date = local(micros, zone)?.date();
        let start = match self.unit {
            Unit::Week => {
                let past = (date.weekday().num_days_from_sunday() + 7 - self.weekday) % 7;
                date.checked_sub_days(Days::new(u64::from(past)))
            }
            Unit::Month => date.with_day(1),
            Unit::Quarter => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1),
            Unit::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
            Unit::Day
            | Unit::Microsecond
            | Unit::Millisecond
            | Unit::Centisecond
            | Unit::Decisecond
            | Unit::Second
            | Unit::Minute
            | Unit::Hour => Some(date),
        }?;
        resolve(midnight(start), zone)
    }
}

/// Days since 1970-01-01 of a date.
pub(crate) fn day_number(date: NaiveDate) -> i64 {
    midnight(date).and_utc().timestamp_micros().div_euclid(DAY)
}

/// The date that many days after 1970-01-01.
pub(crate) fn date_of(days: i64) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(TimeDelta::try_days(days)?)
}

/// The start of a day in local time.
pub(crate) fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(chrono::NaiveTime::MIN)
}
