//! `appendpipe`: appends the result of a pipeline over the current rows.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::{Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "appendpipe",
    category: Category::Combining,
    synopsis: "appendpipe [run_in_preview=<bool>] [<pipeline>]",
    options: &[(
        "run_in_preview",
        "true",
        "accepted without effect: results are not previewed",
    )],
    doc: "Runs the pipeline in brackets on the current rows and appends its results.",
    examples: &[(
        "| makeresults | eval n=mvappend(1,2) | mvexpand n | table n | appendpipe [stats sum(n) AS n]",
        "{\"n\":1}\n{\"n\":2}\n{\"n\":3}",
    )],
    page: "SearchReference/Appendpipe",
    args: Rule::appendpipe_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let Some(pipeline) = args.subsearch() else {
        return Err(Error::syntax(
            stage.span,
            "`appendpipe` needs a pipeline in brackets",
        ));
    };
    let given = || Plan::Scan(Scan::Binding);
    let body = Plan::Union {
        inputs: vec![given(), planner.over(pipeline, given())?],
    };
    Ok(Plan::With {
        input: Box::new(Planner::rows_or_events(input)),
        body: Box::new(body),
    })
}
