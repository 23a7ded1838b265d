//! `append`: adds the rows of a subsearch after the current rows.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "append",
    category: Category::Combining,
    synopsis: "append [maxout=<N>] [<subsearch>]",
    options: &[
        ("maxout", "50000", "rows taken of the subsearch; 0 for all"),
        ("maxtime", "60", "accepted: a subsearch is not cut off by time"),
        ("timeout", "60", "accepted"),
        ("extendtimerange", "false", "accepted: all data is searched"),
        ("run_in_preview", "true", "accepted: results are not previewed"),
    ],
    doc: "Puts the rows of a subsearch after those there are.",
    examples: &[(
        "| makeresults | eval a=1 | append [| makeresults | eval a=2] | table a",
        "{\"a\":1}\n{\"a\":2}",
    )],
    page: "SearchReference/Append",
    args: Rule::append_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let Some(pipeline) = args.subsearch() else {
        return Err(Error::syntax(stage.span, "`append` needs a subsearch in brackets"));
    };
    let mut added = planner.subsearch(pipeline)?;
    let most = args.number("maxout", planner.context.limits.join_rows)?;
    if most > 0 {
        added = Plan::Subquery {
            input: Box::new(added),
            most,
        };
    }
    Ok(Plan::Union {
        inputs: vec![Planner::rows_or_events(input), added],
    })
}
