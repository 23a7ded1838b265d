//! `eventstats`: adds aggregates to every row.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "eventstats",
    category: Category::Reporting,
    synopsis: "eventstats [allnum=<bool>] <aggregation> [AS <name>]... [BY <field>...]",
    options: &[
        ("allnum", "false", "null if any value of the field is not a number"),
        ("delim", " ", "what `nomv` puts between the values of list() and values()"),
    ],
    doc: "Adds aggregates over all rows, or over the rows of its group, to every row.",
    examples: &[(
        "| makeresults count=2 | eval n=3 | eventstats sum(n) AS total | table n total",
        "{\"n\":3,\"total\":6}\n{\"n\":3,\"total\":6}",
    )],
    page: "SearchReference/Eventstats",
    args: Rule::eventstats_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let aggregates = args.aggregates()?;
    if aggregates.is_empty() {
        return Err(Error::syntax(stage.span, "`eventstats` needs an aggregation"));
    }
    planner.set_delimiters(&aggregates, &args);
    Ok(Plan::Window {
        input: Box::new(Planner::rows_or_events(input)),
        aggregates,
        by: args.by_fields(stage)?,
        all_numbers: args.flag("allnum", false)?,
    })
}
