//! `nomv`: joins several values into one text.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::build::{call, field, text};
use crate::plan::schema::Pattern;
use crate::plan::{Assignment, EACH, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "nomv",
    category: Category::Fields,
    synopsis: "nomv <field>",
    doc: "Joins the values of a field into one, with the delimiter that `mvcombine` or `stats` gave the field, else a line break.",
    examples: &[(
        "| makeresults | eval a=\"x,y\" | makemv delim=\",\" a | nomv a | eval n=mvcount(a) | table a n",
        "{\"a\":\"x\\ny\",\"n\":1}",
    )],
    page: "SearchReference/Nomv",
    args: Rule::nomv_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [name] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`nomv` needs one field"));
    };
    let delimiter = planner.delimiter(&name.text).unwrap_or("\n").to_owned();
    Ok(Planner::rows_or_events(input).extend(vec![Assignment {
        target: Target::Each(vec![Pattern::exact(&name.text)]),
        value: call("mvjoin", vec![field(EACH), text(&delimiter)]),
    }]))
}
