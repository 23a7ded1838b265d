//! `summary`: the parameters of a model.

use crate::error::Result;
use crate::kernels::ml::load;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;

#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) model: String,
    pub(crate) span: Span,
}

impl Kernel for Summary {
    fn describe(&self) -> String {
        format!("summary {}", self.model)
    }

    fn run(&self, _: Table, context: &QueryContext) -> Result<Table> {
        Ok(load(&self.model, self.span, context)?.summary())
    }
}
