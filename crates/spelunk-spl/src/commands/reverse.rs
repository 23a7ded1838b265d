//! `reverse`: reverses the order of the rows.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "reverse",
    category: Category::Ordering,
    synopsis: "reverse",
    doc: "Turns the order of the rows round.",
    examples: &[("| makeresults count=2 | reverse | stats count", r#"{"count":2}"#)],
    page: "SearchReference/Reverse",
    args: Rule::reverse_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, _: &Stage, input: Option<Plan>) -> Result<Plan> {
    Ok(Plan::Reverse {
        input: Box::new(Planner::rows_or_events(input)),
    })
}
