//! `listmodels`: lists the models.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::listmodels::List;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "listmodels",
    category: Category::Generating,
    synopsis: "| listmodels",
    doc: "The models that `fit ... into <model>` has left in the home folder: name, type (the algorithm) and options.",
    examples: &[("| listmodels | stats count", r#"{"count":0}"#)],
    page: "MLApp/User/Customsearchcommands",
    args: Rule::listmodels_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`listmodels` begins a search"));
    }
    Ok(Plan::Generate { count: 0 }.apply(List(stage.span)))
}
