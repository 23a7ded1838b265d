//! `check`: searches parsed, resolved and planned without being run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::detect::{Failure, is_refusal};
use crate::error::{Error, ErrorKind};
use crate::report;

/// What `check` found.
#[derive(Debug, Default)]
pub struct CheckReport {
    items: Vec<Checked>,
}

/// One search.
#[derive(Debug)]
struct Checked {
    name: String,
    failure: Option<Failure>,
}

impl CheckReport {
    /// Adds a search that was checked.
    pub fn add(&mut self, name: String, outcome: Result<(), Failure>) {
        self.items.push(Checked {
            name,
            failure: outcome.err(),
        });
    }

    /// Whether nothing is wrong; what is only not supported is not wrong.
    pub fn is_ok(&self) -> bool {
        self.wrong().next().is_none()
    }

    fn wrong(&self) -> impl Iterator<Item = (&str, &Failure)> {
        self.items.iter().filter_map(|item| {
            let failure = item.failure.as_ref()?;
            (!is_refusal(&failure.error)).then_some((item.name.as_str(), failure))
        })
    }

    /// The report as text: what is wrong drawn in full, what is not supported counted by name.
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        for (name, failure) in self.wrong() {
            let drawn = report::render(&failure.error, &failure.sources, color);
            let _ = writeln!(out, "{name}\n{drawn}\n");
        }
        let mut refused: BTreeMap<String, usize> = BTreeMap::new();
        let mut refused_items = 0;
        for item in &self.items {
            let Some(failure) = &item.failure else {
                continue;
            };
            if !is_refusal(&failure.error) {
                continue;
            }
            refused_items += 1;
            let mut names: Vec<String> = std::iter::once(&failure.error)
                .chain(&failure.error.others)
                .filter_map(refused_name)
                .collect();
            names.sort();
            names.dedup();
            for name in names {
                *refused.entry(name).or_default() += 1;
            }
        }
        if !refused.is_empty() {
            let _ = writeln!(out, "not supported yet:");
            for (name, count) in &refused {
                let searches = if *count == 1 { "search" } else { "searches" };
                let _ = writeln!(out, "  {name}: {count} {searches}");
            }
        }
        let wrong = self.wrong().count();
        let fine = self.items.len() - wrong - refused_items;
        let _ = writeln!(
            out,
            "{} checked: {fine} fine, {refused_items} not supported yet, {wrong} wrong",
            self.items.len()
        );
        out
    }
}

fn refused_name(error: &Error) -> Option<String> {
    match &*error.kind {
        ErrorKind::UnsupportedCommand { name, .. } => Some(format!("command {name}")),
        ErrorKind::UnsupportedFunction { name, .. } => Some(format!("function {name}")),
        _ => None,
    }
}
