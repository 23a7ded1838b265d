//! Times and spans of times, in any form: read or refused, and what is written is read back.

use chrono_tz::Tz;
use spelunk_spl::time::{
    LogSpan, Modifier, Span, event_clock, format_readable, strftime, strptime, time_modifier,
    timestamp,
};

use crate::explore::{Subject, explored};
use crate::mutation::Chance;

const ZONES: [Tz; 8] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::America__Sao_Paulo,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Asia__Kathmandu,
    Tz::Africa__Monrovia,
];

#[rustfmt::skip]
const SECONDS: [f64; 30] = [
    0.0, -0.0, 0.5, -0.5, 1.0, 1_715_774_400.0, 1_715_774_400.123_456, 951_782_400.0, 1_711_846_799.999_999,
    1_711_846_800.0, 1_729_994_400.0, 1_099_112_400.0, 1_325_239_200.0, -2_208_988_800.0, -62_135_596_800.0,
    253_402_300_799.0, 253_402_300_800.0, 1e11, 1e12, -1e12, 9.2e12, 1e15, 9.3e18, -9.3e18, 1e300, f64::MAX,
    f64::MIN_POSITIVE, f64::NAN, f64::INFINITY, f64::NEG_INFINITY,
];

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "+", "-", "@", "1", "0", "7", "15", "99999999999999999999", "9223372036854775807", "s", "sec", "m", "min", "h",
    "hrs", "d", "days", "w", "w0", "w7", "w9", "mon", "q", "qtr", "y", "year", "ms", "us", "cs", "now", "now()", "rt",
    "earliest", "latest", "é", " ", "\u{a0}", ".", "@d", "-1d@d", "+3mon@q", "1.5", "e5", "2024-05-15", "T",
    "11:00:00", "12/31/1999:23:59:59", "2024-02-30", "24:00:00", "23:59:60", "Z", "+0530", "+99:99", "-00:00", "UTC",
    "PST", "CEST", "May", "Mai", "Wed", ",", "/", ":", "May 15 2024", "15/May/2024:11:00:00 +0000", "log", "log2",
    "1715774400", "1715774400123", "inf", "nan", "٣", "\0", "AM", "pm",
];

const FORMATS: &[&str] = &[
    "%Y", "%y", "%m", "%d", "%e", "%H", "%I", "%k", "%l", "%M", "%S", "%p", "%P", "%f", "%3N",
    "%6N", "%9N", "%N", "%Q", "%3Q", "%6Q", "%9Q", "%q", "%z", "%:z", "%::z", "%Z", "%s", "%a",
    "%A", "%b", "%B", "%h", "%j", "%U", "%W", "%V", "%G", "%g", "%u", "%w", "%D", "%F", "%T", "%R",
    "%c", "%x", "%X", "%C", "%+", "%v", "%n", "%t", "%%", "%E", "%O", "%-d", "%_d", "%0e", "%10N",
    "%1", "%", "%é", " ", "-", ":", "T", "/", ".", "é", "x",
];

/// What one try is made of.
#[derive(Clone, Debug)]
struct Input {
    text: String,
    format: String,
    seconds: f64,
    zone: Tz,
}

fn seconds(chance: &mut Chance) -> f64 {
    match chance.below(4) {
        0 => chance.one(&SECONDS),
        1 => chance.one(&SECONDS) + chance.below(100_000) as f64 - 50_000.0,
        // Somewhere between 1900 and 2100, in microseconds.
        _ => (chance.below(6_311_347_200_000_000) as f64 / 1e6 - 2_208_988_800.0) * 1.0,
    }
}

fn text(chance: &mut Chance, of: &[&'static str], most: usize) -> String {
    (0..chance.below(most)).map(|_| chance.one(of)).collect()
}

/// Formats that say all there is to say of a time, and how many microseconds they keep.
const WHOLE: [(&str, f64); 10] = [
    ("%Y-%m-%dT%H:%M:%S.%6N%z", 1e-6),
    ("%Y-%m-%d %H:%M:%S.%6Q %:z", 1e-6),
    ("%s", 1.0),
    ("%s.%6N", 1e-6),
    ("%F %T %z", 1.0),
    ("%d/%b/%Y:%H:%M:%S %z", 1.0),
    ("%A, %d %B %Y %I:%M:%S.%3N %p %z", 1e-3),
    ("%Y%j%H%M%S%z", 1.0),
    ("%m/%d/%Y %I:%M:%S %P %z", 1.0),
    ("%Y-%m-%d %k:%M:%S%z", 1.0),
];

/// 1972-01-08, since when all zones are ahead or behind by whole minutes, as `%z` writes them.
const LAST_OF_SECONDS: f64 = 63_590_400.0;

fn judge(input: &Input) -> Result<(), String> {
    let Input {
        text,
        format,
        seconds,
        zone,
    } = input;
    let (seconds, zone) = (*seconds, *zone);
    for time in [
        time_modifier(text, seconds, zone).ok(),
        strptime(text, format, seconds, zone),
    ] {
        if time.is_some_and(|time| !time.is_finite()) {
            return Err(format!("a time that is {time:?}"));
        }
    }
    let made = strftime(seconds, format, zone);
    if made.is_some() && !seconds.is_finite() {
        return Err(format!("{seconds} is written as {made:?}"));
    }
    let micros = (seconds * 1e6).round();
    let whole = (micros.abs() < 9e18).then_some(micros as i64);
    if let Some(micros) = whole {
        format_readable(micros, zone);
        event_clock(micros, text);
        if let Ok(modifier) = Modifier::parse(text) {
            modifier.apply(micros, zone);
        }
    }
    timestamp::parse(text, zone);
    if let Ok(span) = Span::parse(text) {
        let same = Span::parse(&span.to_string());
        if same != Ok(span) {
            return Err(format!(
                "{span:?} is written as {span} and read as {same:?}"
            ));
        }
        if let Some(micros) = whole {
            buckets(&span, micros, zone)?;
        }
    }
    if let Some(span) = LogSpan::parse(text)
        && let Some((low, high)) = span.range(seconds)
        && !(low <= seconds && seconds < high)
    {
        return Err(format!("{seconds} is not in {low}-{high} of {span:?}"));
    }
    // Between the years 1000 and 9999 all is written with as many digits as is read.
    if (-30_610_224_000.0..253_402_200_000.0).contains(&seconds) {
        for (format, exact) in WHOLE {
            let Some(text) = strftime(seconds, format, zone) else {
                return Err(format!("{seconds} is not written as {format}"));
            };
            let back = strptime(&text, format, seconds, zone);
            // What is smaller than the format shows is cut off.
            let lost = back.map(|back| seconds - back);
            let fits = lost.is_some_and(|lost| {
                (-2e-6..exact + 2e-6).contains(&lost)
                    || (lost.abs() < 60.0 && seconds < LAST_OF_SECONDS)
            });
            if !fits {
                return Err(format!(
                    "{seconds} is {text} by {format} in {zone}, read as {back:?}"
                ));
            }
        }
    }
    Ok(())
}

/// A time lies in its bucket, and a bucket begins where it begins.
fn buckets(span: &Span, micros: i64, zone: Tz) -> Result<(), String> {
    let Some(start) = span.floor(micros, zone, None) else {
        return Ok(());
    };
    let floors = span.floors(zone, None)(micros);
    if floors != Some(start) {
        return Err(format!(
            "{span}: {micros} is floored to {start} and {floors:?} in {zone}"
        ));
    }
    if start > micros {
        return Err(format!(
            "{span}: {micros} lies before its bucket {start} in {zone}"
        ));
    }
    let again = span.floor(start, zone, None);
    if again != Some(start) {
        return Err(format!(
            "{span}: the bucket {start} of {micros} begins at {again:?} in {zone}"
        ));
    }
    if let Some(next) = span.next(start, zone, None) {
        if next <= micros {
            return Err(format!(
                "{span}: {micros} lies behind its bucket {start}-{next} in {zone}"
            ));
        }
        let last = span.floor(next - 1, zone, None);
        if last != Some(start) {
            return Err(format!(
                "{span}: {} is in {last:?}, not in {start}, in {zone}",
                next - 1
            ));
        }
    }
    Ok(())
}

/// Times, formats and zones of every kind.
struct Times;

impl Subject for Times {
    type Input = Input;

    fn make(&self, chance: &mut Chance) -> Input {
        let (zone, seconds) = (chance.one(&ZONES), seconds(chance));
        let format = text(chance, FORMATS, 8);
        let text = match chance.below(4) {
            0 => strftime(seconds, &format, zone).unwrap_or_default() + &text(chance, PIECES, 2),
            1 => {
                text(chance, PIECES, 2)
                    + chance.one(&[
                        "s", "m", "h", "d", "w", "mon", "q", "y", "ms", "@w3", "d@w1",
                    ])
            }
            _ => text(chance, PIECES, 6),
        };
        Input {
            text,
            format,
            seconds,
            zone,
        }
    }

    fn judge(&mut self, input: &Input) -> Result<(), String> {
        judge(input)
    }

    fn show(&self, input: &Input) -> String {
        format!("{input:?}")
    }

    fn smaller(&self, input: &Input) -> Vec<Input> {
        let texts = crate::explore::shorter(&input.text)
            .into_iter()
            .map(|text| Input {
                text,
                ..input.clone()
            });
        let formats = crate::explore::shorter(&input.format)
            .into_iter()
            .map(|format| Input {
                format,
                ..input.clone()
            });
        let plain = [
            Input {
                zone: Tz::UTC,
                ..input.clone()
            },
            Input {
                seconds: input.seconds.trunc(),
                ..input.clone()
            },
        ];
        let differs = |other: &Input| {
            other.zone != input.zone || other.seconds.to_bits() != input.seconds.to_bits()
        };
        texts
            .chain(formats)
            .chain(plain.into_iter().filter(differs))
            .collect()
    }
}

explored! {
    times_are_read_and_written / explore_times: 20_000 of Times;
}
