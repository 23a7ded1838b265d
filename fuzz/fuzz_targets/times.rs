//! Times and spans in any form: read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spelunk_spl::time::{LogSpan, Span, strftime, strptime, time_modifier};

fuzz_target!(|input: (&str, &str, f64)| {
    let (text, format, seconds) = input;
    let utc = chrono_tz::UTC;
    let _ = time_modifier(text, seconds, utc);
    let _ = strptime(text, format, seconds, utc);
    let _ = strftime(seconds, format, utc);
    if let Ok(span) = Span::parse(text) {
        span.floor(seconds as i64, utc, None);
    }
    if let Some(span) = LogSpan::parse(text) {
        span.range(seconds);
    }
});
