//! `map`: runs a search for each row.

use crate::commands::args::Args;
use crate::commands::planner::{parse_pipeline, plan_text};
use crate::commands::template::{fill, holds_commands};
use crate::commands::{self, Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::QueryContext;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::plan::{Expansion, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "map",
    category: Category::Combining,
    synopsis: "map [maxsearches=<N>] search=\"<search with $field$>\" | [<search>] | <saved search>",
    options: &[
        ("search", "", "the search, with $field$ for a value of the row"),
        ("maxsearches", "10", "rows for which a search is run; 0 is not unlimited but none"),
    ],
    doc: "Runs a search once for each row, with `$field$` in its text replaced by the row's value of the field and `$_serial_id$` by the number of the \
          search, from 1; gives what these searches find, one after the other. A `$name$` that is not a field stays as it is.",
    examples: &[(
        "| makeresults | eval n=mvappend(\"2\", \"3\") | mvexpand n | map search=\"| makeresults count=$n$ | stats count\"",
        "{\"count\":2}\n{\"count\":3}",
    )],
    page: "SearchReference/Map",
    args: Rule::map_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let given = args.rest.iter().find_map(|a| match &a.kind {
        ArgKind::Template(text) => Some(text.clone()),
        _ => None,
    });
    let template = match (args.get("search"), given) {
        (Some(search), _) => search.text.clone(),
        (None, Some(text)) => text,
        (None, None) => match args.fields().first() {
            Some(name) => {
                let catalog = &planner.context.catalog;
                let saved = catalog.saved_search(&name.text).ok_or_else(|| {
                    let known = catalog.saved_searches().keys();
                    Error::argument(name.span, format!("unknown saved search `{}`", name.text))
                        .did_you_mean(&name.text, known.map(String::as_str))
                })?;
                saved.search.clone()
            }
            None => {
                return Err(Error::syntax(stage.span, "`map` needs a search")
                    .hint(format!("usage: {}", COMMAND.synopsis)));
            }
        },
    };
    // Tried with a made-up value, to report unknown commands before rows are read. Other errors may depend on
    // the value and are left to the rows.
    if !holds_commands(&template) {
        let tried = parse_pipeline(planner.context, &fill(&template, |_| Some("1".to_owned())))?;
        for inner in &tried.stages {
            if commands::command(&inner.name.text).is_none() {
                return Err(commands::unknown(inner, &planner.context.catalog));
            }
        }
    }
    Ok(Planner::rows_or_events(input).expand(Map {
        template,
        most: args.number("maxsearches", 10)?,
    }))
}

/// The search for each row.
#[derive(Debug)]
struct Map {
    template: String,
    most: usize,
}

impl Expansion for Map {
    fn describe(&self) -> String {
        format!("for each of at most {} rows: {}", self.most, self.template)
    }

    fn needs_rows(&self) -> bool {
        true
    }

    fn reads_data(&self) -> bool {
        true
    }

    fn plan(&self, _: &Schema, rows: Option<&Table>, context: &QueryContext) -> Result<Plan> {
        let empty = Table::default();
        let rows = rows.unwrap_or(&empty);
        if rows.height() > self.most {
            context.notice(format!(
                "map: {} rows, but only the first {} are searched for; see maxsearches",
                rows.height(),
                self.most
            ));
        }
        let mut inputs = Vec::new();
        for row in 0..rows.height().min(self.most) {
            let text = fill(&self.template, |name| {
                if name == "_serial_id" {
                    return Some((row + 1).to_string());
                }
                rows.column(name)?;
                let value = rows.value(name, row);
                Some(value.as_text().unwrap_or_default().into_owned())
            });
            inputs.push(plan_text(context, &text)?);
        }
        Ok(match inputs.len() {
            0 => Plan::Values(Table::new(0).into()),
            1 => inputs.remove(0),
            _ => Plan::Union { inputs },
        })
    }
}
