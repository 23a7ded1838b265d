//! `typeahead`, `walklex`: the words and field values that events hold.

use std::collections::BTreeMap;

use crate::commands::args::Args;
use crate::commands::indexes::index_terms;
use crate::commands::planner::plan_text;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "typeahead",
    category: Category::Generating,
    synopsis: "| typeahead prefix=<text> count=<N> [index=<index>]...",
    options: &[
        ("prefix", "", "what the words begin with"),
        ("count", "50", "words given at most"),
        ("index", "*", "the indexes looked at, wildcards allowed; may be given several times"),
        ("max_time", "0", "accepted: it is not cut off by time"),
        ("max_servers", "2", "accepted"),
        ("starttimeu", "0", "accepted: --earliest bounds the time"),
        ("endtimeu", "", "accepted: --latest bounds the time"),
        ("collapse", "true", "accepted"),
    ],
    doc: "Lists words of the events, and hosts, sources and sourcetypes as field=\"value\", that begin with a prefix: content and count, most frequent first.",
    examples: &[("| typeahead prefix=fail count=5 | stats count", "{\"count\":0}")],
    page: "SearchReference/Typeahead",
    args: Rule::typeahead_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`typeahead` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let prefix = args
        .get("prefix")
        .ok_or_else(|| Error::syntax(stage.span, "`typeahead` needs a prefix"))?;
    let lexicon = Lexicon {
        content: "content",
        matching: Matching::Prefix(prefix.text.to_lowercase()),
        terms: true,
        values: Some(vec!["host".into(), "source".into(), "sourcetype".into()]),
        fields: false,
    };
    let rows = plan_text(planner.context, &format!("search {}", index_terms(stage)))?;
    let sorted = Plan::Sort {
        input: Box::new(rows.apply(lexicon)),
        keys: vec![crate::plan::SortKey {
            field: "count".to_owned(),
            descending: true,
            order: crate::plan::SortOrder::Number,
        }],
        limit: args.number("count", 50)?,
    };
    Ok(sorted)
}

/// Which words are counted.
#[derive(Debug)]
pub(super) enum Matching {
    /// Those that begin with a text, lower case.
    Prefix(String),
    /// Those that a pattern with `*` matches.
    Pattern(String),
}

/// Counts the events that hold each word, field value or field.
#[derive(Debug)]
pub(super) struct Lexicon {
    /// The column that gets the words.
    pub(super) content: &'static str,
    /// Which of them.
    pub(super) matching: Matching,
    /// Whether the words of `_raw` are counted.
    pub(super) terms: bool,
    /// The fields whose values are counted, as `field="value"`; empty for all.
    pub(super) values: Option<Vec<String>>,
    /// Whether the names of fields are counted.
    pub(super) fields: bool,
}

impl Kernel for Lexicon {
    fn describe(&self) -> String {
        "count words".to_owned()
    }

    fn run(&self, rows: Table, context: &PlanContext) -> Result<Table> {
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
    fn wants(&self, word: &str) -> bool {
        match &self.matching {
            Matching::Prefix(prefix) => word.to_lowercase().starts_with(prefix),
            Matching::Pattern(pattern) => Pattern::new(pattern.as_str()).matches(word),
        }
    }
}

/// The words of a text, lower case: between major breakers, and their parts between minor ones.
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
