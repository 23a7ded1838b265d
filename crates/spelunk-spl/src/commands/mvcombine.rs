//! `mvcombine`: merges rows that differ in one field only.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::mvcombine::Combine;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "mvcombine",
    category: Category::Fields,
    synopsis: "mvcombine [delim=<text>] <field>",
    options: &[("delim", " ", "what `nomv` puts between the values")],
    doc: "Makes one row of those that are the same but for one field, which gets the values of all. Fields whose names \
          begin with `_` are not compared.",
    examples: &[(
        "| makeresults format=csv data=\"h,max\nw1,9\nw2,9\nw3,5\" | mvcombine h | table h max",
        "{\"h\":[\"w1\",\"w2\"],\"max\":\"9\"}\n{\"h\":\"w3\",\"max\":\"5\"}",
    )],
    page: "SearchReference/Mvcombine",
    args: Rule::mvcombine_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [name] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`mvcombine` needs one field"));
    };
    planner.set_delimiter(&name.text, args.text("delim", " "));
    Ok(Planner::rows_or_events(input).apply(Combine {
        field: name.text.clone(),
    }))
}
