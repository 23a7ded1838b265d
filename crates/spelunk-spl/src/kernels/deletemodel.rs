//! `deletemodel`: removes a model.

use crate::error::Result;
use crate::kernels::ml::{models, not_there};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::effects::Effect;
use crate::plan::table::Table;
use crate::source::Span;

#[derive(Debug)]
pub(crate) struct Delete {
    pub(crate) model: String,
    pub(crate) span: Span,
}

impl Kernel for Delete {
    fn describe(&self) -> String {
        format!("deletemodel {}", self.model)
    }

    fn run(&self, _: Table, context: &QueryContext) -> Result<Table> {
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
