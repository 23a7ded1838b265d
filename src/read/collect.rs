//! An event sink for tests that keeps everything it receives.

use crate::error::Result;
use crate::extract::event::{Event, EventSink};

/// The events of a file, and its bad places.
#[derive(Default)]
pub struct Collect {
    /// Events.
    pub events: Vec<Event<'static>>,
    /// Lines and reasons.
    pub bad: Vec<(u64, String)>,
}

impl Collect {
    /// Each event's time and fields: `Some(5000000) a=1|b=2`.
    pub fn shown(&self) -> Vec<String> {
        let show = |event: &Event<'_>| format!("{:?} {}", event.time, fields(event));
        self.events.iter().map(show).collect()
    }

    /// Like [`Collect::shown`], preceded by the sourcetype.
    pub fn told(&self) -> Vec<String> {
        let sourcetypes = self.events.iter().map(|e| e.sourcetype.as_deref());
        let shown = sourcetypes.zip(self.shown());
        shown
            .map(|(sourcetype, shown)| format!("{} {shown}", sourcetype.unwrap_or("-")))
            .collect()
    }

    /// Each event's fields: `a=1|b=2`.
    pub fn fields(&self) -> Vec<String> {
        self.events.iter().map(fields).collect()
    }

    /// Each event's time and text.
    pub fn raws(&self) -> Vec<(Option<i64>, &str)> {
        fn pair<'e>(event: &'e Event<'static>) -> (Option<i64>, &'e str) {
            (event.time, event.raw.as_ref())
        }
        self.events.iter().map(pair).collect()
    }

    /// The lines of bad places.
    pub fn bad_lines(&self) -> Vec<u64> {
        self.bad.iter().map(|(line, _)| *line).collect()
    }
}

fn fields(event: &Event<'_>) -> String {
    let pairs: Vec<String> = event
        .fields
        .iter()
        .map(|f| format!("{}={}", f.name, f.value))
        .collect();
    pairs.join("|")
}

impl EventSink for Collect {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        self.events.push(event.clone().into_owned());
        Ok(())
    }

    fn bad(&mut self, line: u64, why: &str) {
        self.bad.push((line, why.to_owned()));
    }
}
