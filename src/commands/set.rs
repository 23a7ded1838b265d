//! `set`: union, intersection or difference of the rows of two searches.

use std::collections::HashMap;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::build::number;
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};
use crate::value::Value;

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

/// The column that says which search a row is of.
const SIDE: &str = "__side";

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
                rows = Plan::Subsearch {
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

#[derive(Clone, Copy, Debug)]
enum Operation {
    Union,
    Diff,
    Intersect,
}

impl Kernel for Operation {
    fn describe(&self) -> String {
        format!("set {self:?}").to_ascii_lowercase()
    }

    fn run(&self, mut rows: Table, _: &PlanContext) -> Result<Table> {
        let sides = rows.take(SIDE).map_or_else(Vec::new, |c| c.values);
        // For each different row where it stands first, and which searches have it.
        let mut seen: HashMap<Vec<Option<String>>, usize> = HashMap::new();
        let mut firsts: Vec<(usize, [bool; 2])> = Vec::new();
        for (row, side) in sides.iter().enumerate() {
            let key = rows
                .columns()
                .iter()
                .map(|c| match &c.values[row] {
                    Value::Multi(values) => Some(format!("{values:?}")),
                    value => value.as_text().map(std::borrow::Cow::into_owned),
                })
                .collect();
            let at = *seen.entry(key).or_insert_with(|| {
                firsts.push((row, [false; 2]));
                firsts.len() - 1
            });
            firsts[at].1[usize::from(side.as_number() == Some(1.0))] = true;
        }
        let keep = |[left, right]: [bool; 2]| match self {
            Operation::Union => true,
            Operation::Diff => left != right,
            Operation::Intersect => left && right,
        };
        let kept: Vec<usize> = firsts
            .into_iter()
            .filter(|(_, sides)| keep(*sides))
            .map(|(row, _)| row)
            .collect();
        Ok(rows.pick(&kept))
    }
}
