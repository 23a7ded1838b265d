//! `mvexpand`: one row for each value.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "mvexpand",
    category: Category::Fields,
    synopsis: "mvexpand <field> [limit=<N>]",
    options: &[("limit", "0", "values taken of a row; 0 for all")],
    doc: "Makes a row for each value of a multivalue field.",
    examples: &[(
        "| makeresults | eval a=split(\"x,y\", \",\") | mvexpand a | table a",
        "{\"a\":\"x\"}\n{\"a\":\"y\"}",
    )],
    page: "SearchReference/Mvexpand",
    args: Rule::mvexpand_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [field] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`mvexpand` needs one field"));
    };
    Ok(Plan::Explode {
        input: Box::new(Planner::rows_or_events(input)),
        field: field.text.clone(),
        limit: args.number("limit", 0)?,
    })
}
