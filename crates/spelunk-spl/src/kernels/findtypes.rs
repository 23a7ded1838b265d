//! `findtypes`: suggests event types from values and words that many events share.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::kernels::discovery::{self, MOST, Suggestion};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;

/// Temporary column for the existing event types of an event.
pub(crate) const TYPES: &str = "__types";

#[derive(Debug)]
pub(crate) struct Finder {
    pub(crate) most: usize,
    pub(crate) raw: bool,
}

impl Kernel for Finder {
    fn describe(&self) -> String {
        format!("findtypes max={}", self.most)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let rows: Vec<usize> = (0..input.height())
            .filter(|row| input.value(TYPES, *row).is_null())
            .take(MOST)
            .collect();
        let mut terms: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for column in input.columns() {
            context.check_cancelled()?;
            // An event type's search may name neither types nor tags.
            let name = column.name.as_str();
            let marks = name == "eventtype" || name == "tag" || name.starts_with("tag::");
            if marks || name.starts_with('_') || name == "linecount" {
                continue;
            }
            for &row in &rows {
                for value in input.value(&column.name, row).into_values() {
                    let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
                    let term = format!("{}=\"{quoted}\"", column.name);
                    terms.entry(term).or_default().insert(row);
                }
            }
        }
        if self.raw {
            for &row in &rows {
                let raw = input.value("_raw", row).into_text().unwrap_or_default();
                for word in discovery::words(&raw) {
                    terms.entry(word).or_default().insert(row);
                }
            }
        }
        // A term that all events share distinguishes none of them.
        terms.retain(|_, found| found.len() > 1 && found.len() < rows.len());
        let mut together: BTreeMap<BTreeSet<usize>, Vec<String>> = BTreeMap::new();
        for (term, found) in terms {
            together.entry(found).or_default().push(term);
        }
        let suggestions = together.into_iter().map(|(found, terms)| Suggestion {
            search: terms.join(" "),
            found,
        });
        Ok(discovery::rows(suggestions.collect(), &input, self.most))
    }
}
