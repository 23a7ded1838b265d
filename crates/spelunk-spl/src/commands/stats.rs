//! `stats`: aggregates, one row per group.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "stats",
    category: Category::Reporting,
    synopsis: "stats [allnum=<bool>] <aggregation> [AS <name>] [[,] <aggregation> [AS <name>]]... [BY <field>...]",
    options: &[
        ("allnum", "false", "null if any value of the field is not a number"),
        ("delim", " ", "what `nomv` puts between the values of list() and values()"),
        ("dedup_splitvals", "false", "removes repeated values of multivalue BY fields"),
    ],
    doc: "Aggregates over all rows, or over the rows of each combination of the BY fields. Rows that lack a BY \
          field are left out; the result is sorted by them.",
    examples: &[(
        "| makeresults count=4 | eval n=2 | stats count, sum(n) AS total",
        r#"{"count":4,"total":8}"#,
    )],
    page: "SearchReference/Stats",
    args: Rule::stats_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let aggregates = args.aggregates()?;
    if aggregates.is_empty() {
        return Err(Error::syntax(stage.span, "`stats` needs an aggregation")
            .hint("for example: stats count BY host"));
    }
    planner.set_delimiters(&aggregates, &args);
    let mut by = args.by_fields(stage)?;
    if args.flag("dedup_splitvals", false)? {
        by.iter_mut().for_each(|b| b.distinct = true);
    }
    Ok(Plan::Aggregate {
        input: Box::new(Planner::rows_or_events(input)),
        aggregates,
        by,
        fill: None,
        all_numbers: args.flag("allnum", false)?,
        sorted: true,
    })
}
