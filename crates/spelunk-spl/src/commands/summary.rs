//! `summary`: the parameters of a model.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::commands::learning::named_model;
use crate::kernels::summary::Summary;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "summary",
    category: Category::Generating,
    synopsis: "| summary <model>",
    doc: "Shows what a model that `fit ... into <model>` made has learned: for each group its distribution (type, min, max, mean, std, \
          cardinality, distance, other), coefficients, scales, means of clusters, or components.",
    page: "MLApp/User/Customsearchcommands",
    args: Rule::summary_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let (model, span) = named_model(&COMMAND, stage, input.as_ref())?;
    Ok(Plan::Generate { count: 0 }.apply(Summary { model, span }))
}
