//! `typelearner`: suggests event types from groups of events and their common words.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::kernels::discovery::{self, MOST};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;

#[derive(Debug)]
pub(crate) struct Learner {
    pub(crate) field: String,
    /// Maximum number of characters to examine; `None` for all.
    pub(crate) length: Option<usize>,
}

impl Kernel for Learner {
    fn describe(&self) -> String {
        format!("typelearner {}", self.field)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut words = Vec::new();
        let mut groups: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for row in 0..input.height().min(MOST) {
            let raw = input.value("_raw", row).into_text().unwrap_or_default();
            words.push(discovery::words(&raw));
            let value = match input.value(&self.field, row).into_text() {
                Some(value) => value.into_owned(),
                None if self.field == "punct" => discovery::punctuation(&raw),
                None => continue,
            };
            let key = value.chars().take(self.length.unwrap_or(usize::MAX));
            groups.entry(key.collect()).or_default().insert(row);
        }
        let merged = discovery::merged(groups.into_values(), &words, context)?;
        let mut suggestions = Vec::new();
        for (shared, group) in &merged {
            context.check_cancelled()?;
            suggestions.push(discovery::telling(shared, group, &words));
        }
        Ok(discovery::rows(suggestions, &input, usize::MAX))
    }
}
