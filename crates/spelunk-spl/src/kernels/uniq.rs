//! `uniq`: drops rows that equal the previous row.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;

#[derive(Debug)]
pub(crate) struct Uniq;

impl Kernel for Uniq {
    fn describe(&self) -> String {
        "uniq".to_owned()
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let kept: Vec<usize> = (0..input.height())
            .filter(|&row| {
                row == 0
                    || input
                        .columns()
                        .iter()
                        .any(|c| c.values[row] != c.values[row - 1])
            })
            .collect();
        let mut out = Table::new(kept.len());
        for column in input.columns() {
            let values = kept.iter().map(|&row| column.values[row].clone()).collect();
            out.set(column.name.clone(), column.kind, values);
        }
        Ok(out)
    }
}
