//! `typeahead`, `walklex`: the words and field values in events.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// Which words to count.
#[derive(Debug)]
pub(crate) enum Matching {
    /// Words that begin with this text, in lower case.
    Prefix(String),
    /// Words that match a pattern with `*`.
    Pattern(String),
}

/// Counts the events that contain each word, field value or field.
#[derive(Debug)]
pub(crate) struct Lexicon {
    /// The output column for the words.
    pub(crate) content: &'static str,
    /// Which words to count.
    pub(crate) matching: Matching,
    /// Whether to count the words of `_raw`.
    pub(crate) terms: bool,
    /// The fields whose values to count, as `field="value"`; empty for all.
    pub(crate) values: Option<Vec<String>>,
    /// Whether to count the names of fields.
    pub(crate) fields: bool,
}

impl Kernel for Lexicon {
    fn describe(&self) -> String {
        "count words".to_owned()
    }

    fn run(&self, rows: Table, context: &QueryContext) -> Result<Table> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in 0..rows.height() {
            if row % 1024 == 0 {
                context.check_cancelled()?;
            }
            let mut found: Vec<String> = Vec::new();
            if self.terms
                && let Some(raw) = rows.value("_raw", row).as_text()
            {
                found.extend(words(&raw));
            }
            for column in rows.columns().iter().filter(|c| !c.values[row].is_null()) {
                if self.fields && !column.name.starts_with('_') {
                    found.push(column.name.clone());
                }
                let counted = self
                    .values
                    .as_ref()
                    .is_some_and(|v| v.is_empty() || v.contains(&column.name));
                if counted && !column.name.starts_with('_') {
                    for value in column.values[row].clone().into_values() {
                        found.push(format!("{}=\"{value}\"", column.name));
                    }
                }
            }
            found.sort_unstable();
            found.dedup();
            for word in found {
                if self.wants(&word) {
                    *counts.entry(word).or_default() += 1;
                }
            }
        }
        let mut out = Table::new(counts.len());
        let content = counts.keys().map(|w| Value::text(w.clone())).collect();
        out.set(self.content, Type::Text, content);
        let numbers = counts.values().map(|n| Value::Num(*n as f64)).collect();
        out.set("count", Type::Number, numbers);
        Ok(out)
    }
}

impl Lexicon {
    pub(crate) fn wants(&self, word: &str) -> bool {
        match &self.matching {
            Matching::Prefix(prefix) => word.to_lowercase().starts_with(prefix),
            Matching::Pattern(pattern) => Pattern::new(pattern.as_str()).matches(word),
        }
    }
}

/// The words of a text, in lower case: between major breakers, and their parts between minor ones.
/// <https://docs.splunk.com/Documentation/Splunk/latest/Data/Abouteventsegmentation>
fn words(text: &str) -> Vec<String> {
    let major = |c: char| c.is_whitespace() || "[]<>(){}|!;,'\"*&?+".contains(c);
    let minor = |c: char| "/:=@.-$#%\\_".contains(c);
    let mut found = Vec::new();
    for word in text.split(major).filter(|w| !w.is_empty()) {
        found.push(word.to_lowercase());
        if word.contains(minor) {
            let parts = word.split(minor).filter(|p| !p.is_empty());
            found.extend(parts.map(str::to_lowercase));
        }
    }
    found
}
