//! `set`: union, intersection or difference of the rows of two searches.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::set::{Operation, SIDE};
use crate::plan::build::number;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "set",
    category: Category::Generating,
    synopsis: "| set union|diff|intersect [<subsearch>] [<subsearch>]",
    options: &[
        ("maxout", "50000", "rows taken of each subsearch; 0 for all"),
        ("maxtime", "60", "accepted: a subsearch is not cut off by time"),
        ("timeout", "60", "accepted"),
    ],
    doc: "Gives the different rows that either search has (union), that both have (intersect), or that only one of them has (diff). \
          Rows are the same when they have the same fields with the same values, `_time` and `_raw` among them.",
    examples: &[(
        "| set diff [| makeresults | eval a=mvappend(\"1\",\"2\") | mvexpand a | table a] [| makeresults | eval a=\"2\" | table a]",
        r#"{"a":"1"}"#,
    )],
    page: "SearchReference/Set",
    args: Rule::set_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`set` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let usage = |message: &str| {
        Error::syntax(stage.span, message).hint(format!("usage: {}", COMMAND.synopsis))
    };
    let fields = args.fields();
    let [operation] = fields.as_slice() else {
        return Err(usage("`set` needs one of union, diff and intersect"));
    };
    let operation = match operation.text.to_ascii_lowercase().as_str() {
        "union" => Operation::Union,
        "diff" => Operation::Diff,
        "intersect" => Operation::Intersect,
        _ => return Err(usage("`set` needs one of union, diff and intersect").at(operation.span)),
    };
    let most = args.number("maxout", planner.context.limits.join_rows)?;
    let mut inputs = Vec::new();
    for arg in &args.rest {
        if let ArgKind::Subsearch(pipeline) = &arg.kind {
            let mut rows = planner.subsearch(pipeline)?;
            if most > 0 {
                rows = Plan::Subquery {
                    input: Box::new(rows),
                    most,
                };
            }
            inputs.push(rows.set(SIDE, number(inputs.len() as f64)));
        }
    }
    if inputs.len() != 2 {
        return Err(usage("`set` needs two subsearches in brackets"));
    }
    Ok(Plan::Union { inputs }.apply(operation))
}
