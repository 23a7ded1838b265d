//! `deletemodel`: removes a model.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::deletemodel::Delete;
use crate::commands::learning::named_model;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "deletemodel",
    category: Category::Generating,
    synopsis: "| deletemodel <model>",
    doc: "Removes a model that `fit ... into <model>` saved in the home folder. Returns no rows.",
    page: "MLApp/User/Customsearchcommands",
    args: Rule::deletemodel_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let (model, span) = named_model(&COMMAND, stage, input.as_ref())?;
    Ok(Plan::Generate { count: 0 }.apply(Delete { model, span }))
}
