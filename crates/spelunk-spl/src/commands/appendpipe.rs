//! `appendpipe`: appends the result of a pipeline over the current rows.

use crate::commands::args::Args;
use crate::commands::{self, Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::{Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{Arg, ArgKind, Pipeline, Stage};

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
    let appended = match makes_its_own_rows(pipeline) {
        true => planner.subsearch(pipeline)?,
        false => planner.over(pipeline, given())?,
    };
    let body = Plan::Union {
        inputs: vec![given(), appended],
    };
    Ok(Plan::With {
        input: Box::new(Planner::rows_or_events(input)),
        body: Box::new(body),
    })
}

/// Whether a pipeline begins with a generating command, which does not look at the current rows.
fn makes_its_own_rows(pipeline: &Pipeline) -> bool {
    let Some(first) = pipeline.stages.first() else {
        return false;
    };
    let appends = |arg: &Arg| {
        matches!(&arg.kind, ArgKind::Option { name, .. } if name.text.eq_ignore_ascii_case("append"))
    };
    commands::command(&first.name.text).is_some_and(|c| c.category == Category::Generating)
        && !first.args.iter().any(appends)
}
