//! `summary`: what a model learned.

use crate::commands::learning::{load, named_model};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::source::Span;
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

#[derive(Debug)]
struct Summary {
    model: String,
    span: Span,
}

impl Kernel for Summary {
    fn describe(&self) -> String {
        format!("summary {}", self.model)
    }

    fn run(&self, _: Table, context: &PlanContext) -> Result<Table> {
        Ok(load(&self.model, self.span, context)?.summary())
    }
}
