//! Instants: relative modifiers, spans, `strftime` and `strptime`, and the recognition of timestamps in data.
//! Callers pass in the current time and the zone.
//!
//! An instant is stored as microseconds since 1970-01-01 UTC, and is seconds as a double in SPL.

pub mod civil;
pub mod event_clock;
pub mod format;
pub mod log_span;
pub mod parse;
pub mod relative;
pub mod span;
pub mod timestamp;
pub mod unit;
pub mod zone;

pub use civil::{micros, seconds};
pub use event_clock::{EventClock, event_clock};
pub use format::{format_readable, strftime};
pub use log_span::LogSpan;
pub use parse::strptime;
pub use relative::{Modifier, time_modifier};
pub use span::Span;
pub use unit::{Snap, Unit};
