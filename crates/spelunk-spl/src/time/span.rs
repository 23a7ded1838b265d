//! Spans: the width of the buckets of `bin`, `timechart` and `by _time span=`, and the bucket of a time.
//! (Search Reference, "bin", "timechart".)

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;

use crate::time::civil::{DAY, SECOND, local, offset, resolve};
use crate::time::unit::{Snap, Unit, date_of, day_number, midnight};

/// A time span: `5m`, `1mon`, `100ms`, `1w@w1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The number of units; at least 1.
    pub count: i64,
    /// The unit.
    pub unit: Unit,
    /// The snap of the buckets, if given: `@w1`.
    pub snap: Option<Snap>,
}

/// 1970-01-04, the first Sunday, in days since 1970-01-01.
const FIRST_SUNDAY: i64 = 3;

impl Span {
    /// The shortest length that gives at most `bins` buckets, but at least `min_span`.
    pub fn fitting(range: f64, bins: usize, min_span: Option<f64>) -> Span {
        let (seconds, count, unit) = LENGTHS
            .into_iter()
            .find(|(seconds, _, _)| range / seconds <= bins as f64)
            .unwrap_or(LENGTHS[LENGTHS.len() - 1]);
        let (count, unit) = match min_span.filter(|least| *least > seconds) {
            Some(least) => exactly(least),
            None => (count, unit),
        };
        Span {
            count,
            unit,
            snap: None,
        }
    }

    /// Parses `5m`, `mon`, `30` (seconds), `1w@w1`, `+1h`.
    pub fn parse(text: &str) -> Result<Span, String> {
        let bad = || format!("\"{text}\" is not a span of time such as 5m or 1d");
        let trimmed = text.trim();
        let (length, snap) = match trimmed.split_once('@') {
            Some((length, name)) => (length, Some(Snap::parse(name).ok_or_else(bad)?)),
            None => (trimmed, None),
        };
        let length = length.strip_prefix('+').unwrap_or(length);
        let split = length
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(length.len());
        let (digits, name) = length.split_at(split);
        if length.is_empty() {
            return Err(bad());
        }
        let count = match digits {
            "" => 1,
            _ => digits.parse().map_err(|_| bad())?,
        };
        let unit = match name {
            "" => Unit::Second,
            _ => Unit::parse(name).ok_or_else(bad)?,
        };
        if count == 0 {
            return Err("a span of time must be longer than nothing".to_owned());
        }
        let span = Span { count, unit, snap };
        if unit.is_subsecond() && SECOND % span.approximate_micros() != 0 {
            return Err(format!("\"{text}\" does not divide a second evenly"));
        }
        Ok(span)
    }

    /// Whether the length of a bucket depends on the calendar: days and longer.
    pub fn is_calendar(&self) -> bool {
        self.unit.micros().is_none()
    }

    /// Its length in microseconds, taking a day as 24 hours, a month as 30 days and a year as 365 days if it
    /// depends on the calendar.
    pub fn approximate_micros(&self) -> i64 {
        let unit = match self.unit {
            Unit::Microsecond
            | Unit::Millisecond
            | Unit::Centisecond
            | Unit::Decisecond
            | Unit::Second
            | Unit::Minute
            | Unit::Hour => self.unit.micros().unwrap_or(SECOND),
            Unit::Day => DAY,
            Unit::Week => 7 * DAY,
            Unit::Month => 30 * DAY,
            Unit::Quarter => 91 * DAY,
            Unit::Year => 365 * DAY,
        };
        unit.saturating_mul(self.count)
    }

    /// The start of the bucket that contains `micros`, in local time of `zone`. `align` is the start of a
    /// bucket (`aligntime=`); as documented it applies to hours and shorter units only. Weeks begin on Sunday
    /// unless the span says otherwise (`1w@w1`); several days are counted from 1970-01-01. At a clock change,
    /// a bucket of hours or minutes lasts until clocks next show, or have skipped, the start of one: a `4h`
    /// bucket is then three or five hours long. `None` outside the calendar.
    pub fn floor(&self, micros: i64, zone: Tz, align: Option<i64>) -> Option<i64> {
        if self.unit.micros().is_some() {
            let origin = match (align, self.snap) {
                (Some(align), _) => align,
                (None, Some(snap)) => snap.floor(micros, zone)?,
                (None, None) => return floor_by_clock(micros, zone, self.approximate_micros()),
            };
            let past = micros.checked_sub(origin)?;
            return micros.checked_sub(past.rem_euclid(self.approximate_micros()));
        }
        let date = local(micros, zone)?.date();
        resolve(midnight(self.floor_date(date)?), zone)
    }

    /// [`Span::floor`] for many times: computes what they share once.
    pub fn floors(&self, zone: Tz, align: Option<i64>) -> impl Fn(i64) -> Option<i64> + use<> {
        let span = *self;
        let origin = match (self.unit.micros().is_some(), align, self.snap) {
            (true, Some(align), _) => Some(align),
            (true, None, None) if zone == Tz::UTC => Some(0),
            _ => None,
        };
        let length = self.approximate_micros();
        move |micros| match origin {
            Some(origin) => {
                let past = micros.checked_sub(origin)?;
                micros.checked_sub(past.rem_euclid(length))
            }
            None => span.floor(micros, zone, align),
        }
    }

    fn floor_date(&self, date: NaiveDate) -> Option<NaiveDate> {
        match self.unit {
            Unit::Week => {
                let weekday = self.snap.map_or(0, |s| s.weekday);
                let origin = FIRST_SUNDAY + i64::from(weekday);
                date_of(down(day_number(date), origin, self.count.checked_mul(7)?))
            }
            Unit::Month => floor_months(date, self.count),
            Unit::Quarter => floor_months(date, self.count.checked_mul(3)?),
            Unit::Year => floor_months(date, self.count.checked_mul(12)?),
            // `span=7d@w1`: buckets of days that begin at the snap.
            Unit::Day
            | Unit::Microsecond
            | Unit::Millisecond
            | Unit::Centisecond
            | Unit::Decisecond
            | Unit::Second
            | Unit::Minute
            | Unit::Hour => match self.snap {
                Some(snap) if snap.unit == Unit::Week => {
                    let origin = FIRST_SUNDAY + i64::from(snap.weekday);
                    date_of(down(day_number(date), origin, self.count))
                }
                Some(_) | None => date_of(down(day_number(date), 0, self.count)),
            },
        }
    }

    /// The start of the bucket after the one that begins at `start`, with the `align` of [`Span::floor`].
    pub fn next(&self, start: i64, zone: Tz, align: Option<i64>) -> Option<i64> {
        if self.unit.micros().is_some() {
            let length = self.approximate_micros();
            let mut next = start.checked_add(length)?;
            if self.floor(start, zone, align) != Some(start) {
                return Some(next);
            }
            // The snap cuts the last bucket.
            if let (Some(snap), None) = (self.snap, align) {
                let cut = snap.unit.add(snap.floor(start, zone)?, 1, zone)?;
                return Some(next.min(cut));
            }
            // A bucket in which clocks are set back is longer.
            loop {
                let mut floor = self.floor(next, zone, align)?;
                if floor <= start {
                    next = next.checked_add(length)?;
                    continue;
                }
                // A bucket may begin where clocks are set forward, and be shorter.
                loop {
                    match self.floor(floor - 1, zone, align)? {
                        before if before > start => floor = before,
                        _ => return Some(floor),
                    }
                }
            }
        }
        // From midnight: a day may begin at one o'clock if clocks are set forward at midnight.
        let date = local(start, zone)?.date();
        let days = match self.unit {
            Unit::Week => self.count.checked_mul(7)?,
            Unit::Day => self.count,
            Unit::Month => return first_of_month(date, self.count, zone),
            Unit::Quarter => return first_of_month(date, self.count.checked_mul(3)?, zone),
            Unit::Year => return first_of_month(date, self.count.checked_mul(12)?, zone),
            Unit::Microsecond
            | Unit::Millisecond
            | Unit::Centisecond
            | Unit::Decisecond
            | Unit::Second
            | Unit::Minute
            | Unit::Hour => return None,
        };
        let next = date.checked_add_days(Days::new(u64::try_from(days).ok()?))?;
        resolve(midnight(next), zone)
    }
}

/// Midnight of the date that many months later.
fn first_of_month(date: NaiveDate, months: i64, zone: Tz) -> Option<i64> {
    let months = Months::new(u32::try_from(months).ok()?);
    resolve(midnight(date.checked_add_months(months)?), zone)
}

/// The longest bucket for which clock changes matter. Longer ones use the offset of 1970.
const CLOCKS_MATTER: i64 = 7 * DAY;

/// The latest time, not after `micros`, at which a clock in `zone` showed a multiple of `length` or was set
/// forward over one.
fn floor_by_clock(micros: i64, zone: Tz, length: i64) -> Option<i64> {
    let mut time = micros;
    loop {
        let of = if length > CLOCKS_MATTER { 0 } else { time };
        let ahead = i64::from(offset(of, zone)?) * SECOND;
        let shown = time.checked_add(ahead)?;
        let start = time.checked_sub(shown.rem_euclid(length))?;
        if length > CLOCKS_MATTER || i64::from(offset(start, zone)?) * SECOND == ahead {
            return Some(start);
        }
        let change = change(start, time, zone)?;
        let before = i64::from(offset(change - 1, zone)?) * SECOND;
        if start + ahead >= change + before {
            return Some(change);
        }
        time = change - 1;
    }
}

/// When clocks in `zone` changed between two times with different offsets.
fn change(from: i64, to: i64, zone: Tz) -> Option<i64> {
    let (mut from, mut to, new) = (from, to, offset(to, zone)?);
    while to - from > 1 {
        let middle = from + (to - from) / 2;
        match offset(middle, zone)? == new {
            true => to = middle,
            false => from = middle,
        }
    }
    Some(to)
}

/// The largest multiple of `step`, counted from `origin`, that is not above `value`.
fn down(value: i64, origin: i64, step: i64) -> i64 {
    value - (value - origin).rem_euclid(step.max(1))
}

/// The first day of the bucket of `count` months that contains a date.
fn floor_months(date: NaiveDate, count: i64) -> Option<NaiveDate> {
    let month = i64::from(date.year()) * 12 + i64::from(date.month0());
    let start = down(month, 0, count);
    let year = i32::try_from(start.div_euclid(12)).ok()?;
    let month0 = u32::try_from(start.rem_euclid(12)).ok()?;
    NaiveDate::from_ymd_opt(year, month0 + 1, 1)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.abbreviation())?;
        match self.snap {
            Some(snap) if snap.unit == Unit::Week => write!(f, "@w{}", snap.weekday),
            Some(snap) => write!(f, "@{}", snap.unit.abbreviation()),
            None => Ok(()),
        }
    }
}

/// Lengths tried if no span is given: seconds, count and unit.
const LENGTHS: [(f64, i64, Unit); 12] = [
    (1.0, 1, Unit::Second),
    (5.0, 5, Unit::Second),
    (10.0, 10, Unit::Second),
    (30.0, 30, Unit::Second),
    (60.0, 1, Unit::Minute),
    (300.0, 5, Unit::Minute),
    (600.0, 10, Unit::Minute),
    (1800.0, 30, Unit::Minute),
    (3600.0, 1, Unit::Hour),
    (86_400.0, 1, Unit::Day),
    (2_592_000.0, 1, Unit::Month),
    (31_536_000.0, 1, Unit::Year),
];

/// A length in the longest unit that divides it.
fn exactly(seconds: f64) -> (i64, Unit) {
    // Months and years are not a fixed number of seconds.
    let fixed = |&(length, count, _): &(f64, i64, Unit)| count == 1 && length <= 86_400.0;
    let mut units = LENGTHS.into_iter().rev().filter(fixed);
    let whole = |(length, _, unit): (f64, i64, Unit)| {
        (seconds % length == 0.0).then(|| ((seconds / length) as i64, unit))
    };
    let found = units.find_map(whole);
    found.unwrap_or((seconds.ceil().max(1.0) as i64, Unit::Second))
}

#[cfg(test)]
mod tests {
    use super::Span;
    use chrono_tz::{America::New_York, Tz};

    fn floor(span: &str, seconds: i64, zone: Tz) -> Option<i64> {
        let micros = Span::parse(span)
            .unwrap()
            .floor(seconds * 1_000_000, zone, None);
        micros.map(|m| m.div_euclid(1_000_000))
    }

    #[test]
    fn usual_ranges_get_the_documented_lengths() {
        for (range, span) in [
            (900.0, "10s"),
            (3600.0, "1m"),
            (4.0 * 3600.0, "5m"),
            (86_400.0, "30m"),
            (7.0 * 86_400.0, "1d"),
            (30.0 * 86_400.0, "1d"),
            (365.0 * 86_400.0, "1mon"),
        ] {
            assert_eq!(Span::fitting(range, 100, None).to_string(), span);
        }
        assert_eq!(Span::fitting(900.0, 100, Some(900.0)).to_string(), "15m");
    }

    #[test]
    fn buckets_begin_where_splunk_begins_them() {
        for (span, start) in [
            ("5m", 1_699_999_800),
            ("30", 1_699_999_980),
            ("1h", 1_699_999_200),
            ("d", 1_699_920_000),
            ("1w", 1_699_747_200),
            ("w@w1", 1_699_833_600),
            ("1mon", 1_698_796_800),
            ("1q", 1_696_118_400),
            ("1y", 1_672_531_200),
        ] {
            assert_eq!(floor(span, 1_700_000_000, Tz::UTC), Some(start), "{span}");
        }
        // Midnight in New York, five hours behind.
        assert_eq!(floor("1d", 1_700_000_000, New_York), Some(1_699_938_000));
        for text in ["", "0s", "5x", "3ms@", "7ds", "-5m"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn alignment_moves_the_buckets() {
        let span = Span::parse("10m").unwrap();
        let align = Some(1_700_000_000_000_000);
        assert_eq!(
            span.floor(1_699_999_900_000_000, Tz::UTC, align),
            Some(1_699_999_400_000_000)
        );
        let tenth = Span::parse("100ms").unwrap();
        assert_eq!(
            tenth.floor(1_700_000_000_250_000, Tz::UTC, None),
            Some(1_700_000_000_200_000)
        );
    }

    #[test]
    fn many_times_fall_into_the_buckets_that_each_alone_falls_into() {
        for (span, align) in [
            ("1h", None),
            ("7m", Some(90_000_000)),
            ("1h@d", None),
            ("1d", None),
            ("100ms", None),
        ] {
            let span = Span::parse(span).unwrap();
            for zone in [Tz::UTC, New_York] {
                let floors = span.floors(zone, align);
                for micros in [-1, 0, 1_699_999_900_000_001, 1_711_843_199_999_999] {
                    assert_eq!(floors(micros), span.floor(micros, zone, align), "{span}");
                }
            }
        }
    }

    #[test]
    fn the_next_bucket_follows_the_calendar() {
        let month = Span::parse("1mon").unwrap();
        assert_eq!(
            month.next(1_698_796_800_000_000, Tz::UTC, None),
            Some(1_701_388_800_000_000)
        );
        // In Kathmandu 1986 began a quarter of an hour after midnight.
        let zone = chrono_tz::Asia::Kathmandu;
        let begins = month.floor(505_000_000_000_000, zone, None);
        let next = month.next(begins.unwrap(), zone, None).unwrap();
        assert_eq!(begins, Some(504_901_800_000_000));
        assert_eq!(month.floor(next, zone, None), Some(next));
        assert_eq!(month.floor(next - 1, zone, None), begins);
    }

    #[test]
    fn buckets_of_hours_follow_the_clock_when_it_changes() {
        // 2024-03-10 and 2024-11-03 in New York, in hours since midnight there.
        for (midnight, span, starts) in [
            (1_710_046_800, "4h", [0, 3, 7, 11]),
            (1_710_046_800, "1h", [0, 1, 2, 3]),
            (1_730_606_400, "4h", [0, 5, 9, 13]),
            (1_730_606_400, "1h", [0, 1, 2, 3]),
            (1_730_606_400, "12h", [0, 13, 25, 37]),
        ] {
            let span = Span::parse(span).unwrap();
            let at = |hours: i64| (midnight + hours * 3600) * 1_000_000;
            let mut next = at(0);
            for start in starts {
                assert_eq!(next, at(start), "{span}");
                assert_eq!(span.floor(next, New_York, None), Some(next), "{span}");
                next = span.next(next, New_York, None).unwrap();
                assert_eq!(
                    span.floor(next - 1, New_York, None),
                    Some(at(start)),
                    "{span}"
                );
            }
        }
        // So does one of seconds whose last bucket is cut.
        let odd = Span::parse("31").unwrap();
        let berlin = chrono_tz::Europe::Berlin;
        let change = 1_711_846_800_000_000;
        let start = odd.floor(change - 1, berlin, None).unwrap();
        assert_eq!(odd.next(start, berlin, None), Some(change));
        // The snap cuts it.
        let cut = Span::parse("5h@d").unwrap();
        let hours = |hours: i64| Some(hours * 3_600_000_000);
        assert_eq!(cut.next(15 * 3_600_000_000, Tz::UTC, None), hours(20));
        assert_eq!(cut.next(20 * 3_600_000_000, Tz::UTC, None), hours(24));
        // A bucket that would begin in a skipped hour begins at the clock change.
        let half = Span::parse("2h").unwrap();
        let change = 1_710_054_000_000_000;
        assert_eq!(half.floor(change + 1, New_York, None), Some(change));
    }
}
