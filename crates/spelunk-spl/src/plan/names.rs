//! Searches a plan for names.

use std::fmt::{self, Write as _};

use crate::plan::Plan;

/// Splunk's default fields of an event's time and text, which events have only in searches that name them.
/// <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Usedefaultfields>
pub const DEFAULT_FIELDS: [&str; 9] = [
    "date_hour",
    "date_mday",
    "date_minute",
    "date_month",
    "date_second",
    "date_wday",
    "date_year",
    "date_zone",
    "linecount",
];

/// The subset of `names` that occur in a plan: in a node, an expression, or the internals of a
/// command. Occurrences within longer text count too: callers only use this to skip unneeded work.
pub fn referenced_names<'n>(plan: &Plan, names: &[&'n str]) -> Vec<&'n str> {
    let mut finder = Finder {
        sought: names.to_vec(),
        found: Vec::new(),
    };
    // Writing into the finder never fails.
    let _ = write!(finder, "{plan:?}");
    finder.found
}

/// Searches the text written to it.
struct Finder<'n> {
    sought: Vec<&'n str>,
    found: Vec<&'n str>,
}

impl fmt::Write for Finder<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let found = &mut self.found;
        self.sought.retain(|name| {
            let is_there = text.contains(name);
            if is_there {
                found.push(name);
            }
            !is_there
        });
        Ok(())
    }
}
