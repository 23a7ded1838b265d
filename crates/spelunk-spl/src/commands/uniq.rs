//! `uniq`: drops rows that equal the previous row.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::uniq::Uniq;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "uniq",
    category: Category::Filtering,
    synopsis: "uniq",
    doc: "Drops each row that equals the preceding row in all fields.",
    examples: &[(
        "| makeresults count=3 | eval a=1 | uniq | table a",
        r#"{"a":1}"#,
    )],
    page: "SearchReference/Uniq",
    args: Rule::uniq_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    Args::new(&COMMAND, stage)?;
    Ok(Planner::rows_or_events(input).apply(Uniq))
}
