//! Which names stand anywhere in a plan.

use std::fmt::{self, Write as _};

use crate::plan::Plan;

/// Those of `names` that a plan names, in a node, an expression, or what a command keeps to
/// itself. A text that holds a name counts too: this only tells what need not be made.
pub fn referenced_names<'n>(plan: &Plan, names: &[&'n str]) -> Vec<&'n str> {
    let mut finder = Finder {
        sought: names.to_vec(),
        found: Vec::new(),
    };
    // Writing into the finder never fails.
    let _ = write!(finder, "{plan:?}");
    finder.found
}

/// Looks through what is written to it.
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
