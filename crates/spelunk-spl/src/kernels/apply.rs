//! `apply`: applies a model to the rows.

use crate::error::Result;
use crate::kernels::ml::{Applying, load};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;

/// Adds the columns that a model computes.
#[derive(Debug)]
pub(crate) struct Apply {
    pub(crate) model: String,
    pub(crate) span: Span,
    pub(crate) how: Applying,
}

impl Kernel for Apply {
    fn describe(&self) -> String {
        format!("apply {}", self.model)
    }

    fn prepare(&self, context: &QueryContext) -> Result<()> {
        load(&self.model, self.span, context).map(drop)
    }

    fn run(&self, rows: Table, context: &QueryContext) -> Result<Table> {
        load(&self.model, self.span, context)?.apply(rows, &self.how, context)
    }
}
