//! `fillnull`: replaces missing values with a value.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::build::{assign_each, call, field, number, text};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{is_canonical_number, parse_number};

pub(super) const COMMAND: Command = Command {
    name: "fillnull",
    category: Category::Fields,
    synopsis: "fillnull [value=<text>] [<field>...]",
    options: &[("value", "0", "the value that replaces missing values")],
    doc: "Fills missing values with a fixed value: in the named fields, which are created if needed, or in all fields.",
    examples: &[(
        "| makeresults | eval a=1 | fillnull value=none b | table a b",
        r#"{"a":1,"b":"none"}"#,
    )],
    page: "SearchReference/Fillnull",
    args: Rule::fillnull_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let value = args.text("value", "0");
    let value = match parse_number(&value) {
        Some(n) if is_canonical_number(&value) => number(n),
        _ => text(&value),
    };
    let fields = args.fields();
    let filled = |name: &str| call("coalesce", vec![field(name), value.clone()]);
    Ok(Planner::rows_or_events(input).extend(assign_each(&fields, filled)))
}
