//! `appendcols`: adds the fields of a subsearch to the current rows, row by row.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "appendcols",
    category: Category::Combining,
    synopsis: "appendcols [override=<bool>] [maxout=<N>] [<subsearch>]",
    options: &[
        ("override", "false", "whether the subsearch's values replace those there are"),
        ("maxout", "50000", "rows taken of the subsearch; 0 for all"),
        ("maxtime", "60", "accepted: a subsearch is not cut off by time"),
        ("timeout", "60", "accepted"),
    ],
    doc: "Adds the fields of the first row of a subsearch to the first row, those of the second to the second, and so on. Surplus rows of the subsearch are appended.",
    examples: &[(
        "| makeresults | eval a=1 | appendcols [| makeresults | eval a=2, b=3] | table a b",
        r#"{"a":1,"b":3}"#,
    )],
    page: "SearchReference/Appendcols",
    args: Rule::appendcols_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let Some(pipeline) = args.subsearch() else {
        return Err(Error::syntax(stage.span, "`appendcols` needs a subsearch in brackets"));
    };
    let mut right = planner.subsearch(pipeline)?;
    let most = args.number("maxout", planner.context.limits.join_rows)?;
    if most > 0 {
        right = Plan::Subquery {
            input: Box::new(right),
            most,
        };
    }
    Ok(Plan::HConcat {
        left: Box::new(Planner::rows_or_events(input)),
        right: Box::new(right),
        overwrite: args.flag("override", false)?,
    })
}
