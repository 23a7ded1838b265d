//! `sort`: orders the rows.

use crate::commands::args::{Args, sort_keys};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "sort",
    category: Category::Ordering,
    synopsis: "sort [<count>] [+|-]<field> [[,] [+|-]<field>]... [desc]",
    options: &[("limit", "10000", "rows kept; 0 for all")],
    doc: "Orders the rows by the fields, numbers by value before text; `-` reverses the order of a field. auto(), num(), str() and ip() around a field set how to compare. Keeps 10,000 rows by default.",
    examples: &[(
        "| makeresults count=3 | eval n=random() % 1 | sort 0 - n | stats count",
        r#"{"count":3}"#,
    )],
    page: "SearchReference/Sort",
    args: Rule::sort_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut args = Args::new(&COMMAND, stage)?;
    let limit = args.count("limit", 10_000)?;
    let keys = sort_keys(&args.rest);
    if keys.is_empty() {
        return Err(Error::syntax(stage.span, "`sort` needs a field"));
    }
    Ok(Plan::Sort {
        input: Box::new(Planner::rows_or_events(input)),
        keys,
        limit,
    })
}
