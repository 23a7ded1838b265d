//! `findtypes`: event types suggested by values and words that many events have.

use std::collections::{BTreeMap, BTreeSet};

use crate::commands::args::Args;
use crate::commands::discovery::{self, MOST, Suggestion};
use crate::commands::marks::event_types;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "findtypes",
    category: Category::Reporting,
    synopsis: "findtypes [max=<N>] [notcovered] [useraw]",
    options: &[("max", "10", "the most event types that are suggested")],
    doc: "Suggests the searches for a field's value, or with `useraw` for a word of the text, that find at least two \
          events, those that find most first, with how many they find, their share, and the first of them; values \
          that the same events have stand in one search. With `notcovered` only events that have no event type yet are \
          looked at. At most 5000 events are looked at.",
    examples: &[(
        "| makeresults count=3 | streamstats count AS n | eval action=if(n<3, \"in\", \"out\") | findtypes | table search count",
        "{\"search\":\"action=\\\"in\\\"\",\"count\":2}",
    )],
    page: "SearchReference/Findtypes",
    args: Rule::findtypes_args,
    plan,
    ..DEFAULT
};

/// Where the event types that an event has already stand meanwhile.
const TYPES: &str = "__types";

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (mut raw, mut uncovered) = (false, false);
    for word in args.fields() {
        match word.text.to_ascii_lowercase().as_str() {
            "useraw" => raw = true,
            "notcovered" => uncovered = true,
            _ => {
                let why = format!("`findtypes` knows notcovered and useraw, not `{}`", word.text);
                return Err(Error::syntax(word.span, why));
            }
        }
    }
    let most = args.number("max", 10)?;
    let mut rows = Planner::rows_or_events(input);
    if uncovered {
        rows = rows.set(TYPES, event_types(planner.context));
    }
    Ok(rows.apply(Finder { most, raw }))
}

#[derive(Debug)]
struct Finder {
    most: usize,
    raw: bool,
}

impl Kernel for Finder {
    fn describe(&self) -> String {
        format!("findtypes max={}", self.most)
    }

    fn run(&self, input: Table, context: &PlanContext) -> Result<Table> {
        let rows: Vec<usize> = (0..input.height())
            .filter(|row| input.value(TYPES, *row).is_null())
            .take(MOST)
            .collect();
        let mut terms: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for column in input.columns() {
            context.check_cancelled()?;
            // A type's search may name neither types nor tags.
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
        // What all events have tells none of them.
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
