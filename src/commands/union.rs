//! `union`, `multisearch`: the rows of several searches.

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "union",
    aliases: &["multisearch"],
    category: Category::Combining,
    synopsis: "| union [<subsearch>] [<subsearch>]...",
    options: &[
        ("maxout", "0", "rows taken of each subsearch; 0 for all"),
        ("maxtime", "60", "accepted: a subsearch is not cut off by time"),
        ("timeout", "60", "accepted"),
    ],
    doc: "Puts the rows of several searches one after the other, after those there are.",
    examples: &[(
        "| union [| makeresults | eval a=1] [| makeresults | eval a=2] | table a",
        "{\"a\":1}\n{\"a\":2}",
    )],
    page: "SearchReference/Union",
    args: Rule::union_args,
    plan,
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let most = args.number("maxout", 0)?;
    let mut inputs: Vec<Plan> = input.into_iter().collect();
    for arg in &args.rest {
        match &arg.kind {
            ArgKind::Subsearch(pipeline) => {
                let plan = planner.subsearch(pipeline)?;
                inputs.push(if most > 0 {
                    Plan::Subsearch {
                        input: Box::new(plan),
                        most,
                    }
                } else {
                    plan
                });
            }
            _ => {
                return Err(Error::argument(
                    arg.span,
                    "only subsearches in brackets are supported here",
                ));
            }
        }
    }
    if inputs.is_empty() {
        return Err(Error::syntax(stage.span, "`union` needs subsearches in brackets"));
    }
    Ok(Plan::Union { inputs })
}
