//! `tail`: the last rows.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "tail",
    category: Category::Ordering,
    synopsis: "tail [<N>]",
    doc: "Keeps the last rows, 10 by default, in reverse order.",
    examples: &[("| makeresults count=5 | tail 2 | stats count", r#"{"count":2}"#)],
    page: "SearchReference/Tail",
    args: Rule::tail_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut args = Args::new(&COMMAND, stage)?;
    Ok(Plan::Limit {
        input: Box::new(Planner::rows_or_events(input)),
        count: args.count("limit", 10)?,
        tail: true,
    })
}
