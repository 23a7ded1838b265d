//! `deletemodel`: removes a model.

use crate::commands::learning::{models, named_model, not_there};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::context::PlanContext;
use crate::plan::effects::Effect;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "deletemodel",
    category: Category::Generating,
    synopsis: "| deletemodel <model>",
    doc: "Removes a model that `fit ... into <model>` made from the home folder. There are no rows.",
    page: "MLApp/User/Customsearchcommands",
    args: Rule::deletemodel_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let (model, span) = named_model(&COMMAND, stage, input.as_ref())?;
    Ok(Plan::Generate { count: 0 }.apply(Delete { model, span }))
}

#[derive(Debug)]
struct Delete {
    model: String,
    span: Span,
}

impl Kernel for Delete {
    fn describe(&self) -> String {
        format!("deletemodel {}", self.model)
    }

    fn run(&self, _: Table, context: &PlanContext) -> Result<Table> {
        if !models(&context.home)?.contains(&self.model) {
            return Err(not_there(&self.model, self.span, context));
        }
        context.effect(Effect::Model {
            name: self.model.clone(),
            text: None,
        });
        context.notice(format!("the model `{}` is removed", self.model));
        Ok(Table::new(0))
    }
}
