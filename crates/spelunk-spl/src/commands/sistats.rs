//! `sistats`: prepares `stats`.

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner, prestats};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "sistats",
    category: Category::Reporting,
    synopsis: "sistats <arguments of stats>",
    options: &[
        ("allnum", "false", "as in stats"),
        ("delim", " ", "as in stats"),
        ("dedup_splitvals", "false", "as in stats"),
    ],
    doc: "Prepares rows for `stats` of the same shape, which then gives the answer: for summary indexing. Here it passes the rows themselves through, with the fields that are needed.",
    examples: &[(
        "| makeresults count=2 | eval k=\"a\", v=3 | sistats sum(v) BY k | stats sum(v) BY k",
        r#"{"k":"a","sum(v)":6}"#,
    )],
    page: "SearchReference/Sistats",
    args: Rule::sistats_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let aggregates = args.aggregates()?;
    if aggregates.is_empty() {
        return Err(Error::syntax(stage.span, "`sistats` needs an aggregation"));
    }
    let rows = Planner::rows_or_events(input);
    Ok(prestats::needed(rows, &aggregates, &texts(&args.by())))
}
