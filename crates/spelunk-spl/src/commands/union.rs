//! `union`, `multisearch`: the rows of several searches.

use crate::commands::args::Args;
use crate::commands::from::named;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::plan::{Plan, Projection, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "union",
    aliases: &["multisearch"],
    category: Category::Combining,
    synopsis: "| union [maxout=<N>] <subsearch or data set>...",
    options: &[
        ("maxout", "50000", "rows taken of each subsearch that is not of events alone; 0 for all"),
        ("maxtime", "60", "accepted: a subsearch is not cut off by time"),
        ("timeout", "60", "accepted"),
    ],
    doc: "Puts the rows of several searches one after the other, after those there are; events by their time, newest first. \
          A data set is datamodel:<Model>.<Dataset>, lookup:<lookup> or savedsearch:<name>.",
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
    let most = args.number("maxout", planner.context.limits.join_rows)?;
    let mut inputs: Vec<Plan> = input.into_iter().collect();
    for arg in &args.rest {
        inputs.push(match &arg.kind {
            ArgKind::Subsearch(pipeline) => planner.subsearch(pipeline)?,
            ArgKind::Field(name) => {
                let (kind, of) = name.text.split_once(':').ok_or_else(|| {
                    Error::argument(arg.span, "this is neither a subsearch nor a data set")
                        .hint("write a subsearch in brackets, a data set as lookup:<name>")
                })?;
                named(planner, kind, of, name)?
            }
            _ => return Err(Error::internal("`union` takes subsearches and data sets")),
        });
    }
    if inputs.is_empty() {
        return Err(Error::syntax(stage.span, "`union` needs subsearches in brackets"));
    }
    // Events are merged by time, whichever search they come from: "automatically interleaves results on the
    // _time when processing events". `multisearch` accepts only events.
    if stage.name.text.eq_ignore_ascii_case("multisearch") || inputs.iter().all(gives_events) {
        return Ok(Plan::Union { inputs }.newest_first());
    }
    let bounded = |plan| match most {
        0 => plan,
        most => Plan::Subquery {
            input: Box::new(plan),
            most,
        },
    };
    let leads = usize::from(inputs.len() > args.rest.len());
    let subsearches = inputs.split_off(leads);
    inputs.extend(subsearches.into_iter().map(bounded));
    Ok(Plan::Union { inputs })
}

/// Whether the rows are events as read, each processed independently.
/// <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Commandsbytype>
fn gives_events(plan: &Plan) -> bool {
    match plan {
        Plan::Scan(scan) => matches!(scan, Scan::Events | Scan::Model { .. }),
        Plan::Filter { input, .. }
        | Plan::Extend { input, .. }
        | Plan::Rename { input, .. }
        | Plan::Lookup { input, .. }
        | Plan::Explode { input, .. }
        | Plan::Bucket { input, .. }
        | Plan::MapColumns { input, .. } => gives_events(input),
        Plan::Project { input, mode, .. } => *mode != Projection::Table && gives_events(input),
        _ => false,
    }
}
