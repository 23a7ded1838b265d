//! `require`: fails if there are no rows.

use crate::error::{Error, Result};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;

#[derive(Debug)]
pub(crate) struct Require(pub(crate) Span);

impl Kernel for Require {
    fn describe(&self) -> String {
        "require a row".to_owned()
    }

    fn run(&self, rows: Table, _: &QueryContext) -> Result<Table> {
        if rows.height() == 0 {
            return Err(
                Error::data("the search found nothing, and `require` wants results").at(self.0),
            );
        }
        Ok(rows)
    }
}
