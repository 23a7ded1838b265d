//! `require`: fails if there are no rows.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::require::Require;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "require",
    category: Category::Filtering,
    synopsis: "require",
    doc: "Fails the search if the preceding commands return no rows; otherwise passes the rows through.",
    examples: &[("| makeresults count=2 | require | stats count", r#"{"count":2}"#)],
    page: "SearchReference/Require",
    args: Rule::require_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    Args::new(&COMMAND, stage)?;
    Ok(Planner::rows_or_events(input).apply(Require(stage.span)))
}
