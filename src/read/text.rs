//! Plain text: one event a line.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::error::Result;
use crate::read::event::{Event, EventSink, Field};
use crate::read::input::Input;
use crate::read::{kv, timestamp};

/// Sourcetype of plain text.
pub const SOURCETYPE: &str = "text";

/// Reads all lines. `year` completes times that lack one.
///
/// # Errors
/// What the input or the sink says.
pub fn read(
    input: &mut Input<'_>,
    zone: Tz,
    year: Option<i32>,
    sink: &mut dyn EventSink,
) -> Result<()> {
    while let Some(line) = input.line()? {
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        if line.too_long {
            sink.bad(line.number, "longer than 64 MiB: cut there");
        }
        let text = String::from_utf8_lossy(line.bytes);
        if let Cow::Owned(_) = text {
            sink.bad(
                line.number,
                "not UTF-8: the bytes that are not were replaced",
            );
        }
        let event = Event {
            time: timestamp::at_line_start(&text, zone, year),
            sourcetype: Some(Cow::Borrowed(SOURCETYPE)),
            fields: kv::pairs(&text)
                .map(|(name, value)| Field::text(name, value))
                .collect(),
            raw: Cow::Borrowed(&text),
            ..Event::default()
        };
        sink.event(&event)?;
    }
    Ok(())
}
