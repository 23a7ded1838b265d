//! Appends columns computed by a kernel; existing columns stay lazy.

use polars::prelude::{Column, IntoLazy as _};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::{Frame, to_table};
use crate::functions::eval_function;
use crate::plan::{ColumnKernel, Plan};
use crate::syntax::ast::{Expr, ExprKind};

/// Frames of at most this many columns are collected. Of wider frames, only the columns that the
/// kernel reads are collected, and the others computed later if needed.
const MATERIALIZE_BELOW_COLUMNS: usize = 64;

impl Executor<'_> {
    /// Appends the kernel's columns to the rows of `input`.
    pub(in crate::exec) fn map_columns(
        &self,
        input: &Plan,
        kernel: &dyn ColumnKernel,
    ) -> Result<Frame> {
        let mut frame = self.lower(input)?;
        if frame.schema.len() <= MATERIALIZE_BELOW_COLUMNS || is_volatile(input) {
            let schema = frame.schema.clone();
            let rows = self.collect(frame)?;
            frame = Frame::typed(rows.frame().clone(), schema);
        }
        let mut reads = kernel.reads(&frame.schema);
        reads.retain(|name| frame.has(name));
        let rows = self.collect(frame.clone().select(reads))?;
        let made = kernel.run(to_table(&rows), self.context)?;
        let height = made.height();
        let columns: Vec<Column> = made
            .into_columns()
            .into_iter()
            .map(|c| {
                let mut builder = Builder::new(&c.name, c.kind, height);
                c.values.into_iter().for_each(|value| builder.push(value));
                builder.finish()
            })
            .collect();
        if columns.is_empty() {
            return Ok(frame);
        }
        if frame.schema.is_empty() {
            let made = polars::prelude::DataFrame::new(height, columns)
                .map_err(crate::exec::frame::polars_error)?;
            let stored = made.schema().clone();
            return Ok(Frame::lazy(made.lazy(), &stored));
        }
        Ok(self.beside(frame, columns, &|_| kernel.merge())?.0)
    }
}

/// Whether computing a plan twice may return different rows.
pub(in crate::exec) fn is_volatile(plan: &Plan) -> bool {
    let here = match plan {
        Plan::Extend { columns, .. } => columns.iter().any(|c| calls_volatile(&c.value)),
        Plan::Filter {
            predicate: crate::plan::Predicate::Expr(expr),
            ..
        } => calls_volatile(expr),
        _ => false,
    };
    here || plan.inputs().into_iter().any(is_volatile)
}

fn calls_volatile(expr: &Expr) -> bool {
    expr.any(&|found| match &found.kind {
        ExprKind::Call(name, _) => eval_function(&name.text).is_some_and(|f| f.traits.volatile),
        _ => false,
    })
}
