//! `delta`: the difference from an earlier row.

use crate::commands::args::{Args, source_and_target};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::build::{binary, call, field};
use crate::syntax::Rule;
use crate::syntax::ast::{BinaryOp, Stage};

pub(super) const COMMAND: Command = Command {
    name: "delta",
    category: Category::Fields,
    synopsis: "delta <field> [AS <field>] [p=<N>]",
    options: &[("p", "1", "how many rows before")],
    doc: "The difference between the value of a field and the one it had some rows before, as `delta(<field>)` or under another name.",
    examples: &[(
        "| makeresults count=3 | streamstats count AS n | eval v=n*n | delta v AS d | table v d",
        "{\"v\":1}\n{\"v\":4,\"d\":3}\n{\"v\":9,\"d\":5}",
    )],
    page: "SearchReference/Delta",
    args: Rule::delta_args,
    plan,
    ..DEFAULT
};

const BEFORE: &str = "__before";

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (from, to) = source_and_target(&args)
        .ok_or_else(|| Error::syntax(stage.span, "`delta` needs a field"))?;
    let back = args.number("p", 1)?;
    if back == 0 {
        let span = args.get("p").map_or(stage.span, |l| l.span);
        return Err(Error::argument(span, "`p` is at least 1"));
    }
    let name = to.map_or_else(|| format!("delta({})", from.text), |t| t.text.clone());
    let shifted = Plan::Lag {
        input: Box::new(Planner::rows_or_events(input)),
        columns: vec![(from.text.clone(), BEFORE.to_owned(), back)],
    };
    let difference = binary(field(&from.text), BinaryOp::Sub, field(BEFORE));
    // Where there is no difference, a field that is there keeps its value.
    let kept = call("coalesce", vec![difference, field(&name)]);
    Ok(shifted.set(name, kept).drop(&[BEFORE]))
}
