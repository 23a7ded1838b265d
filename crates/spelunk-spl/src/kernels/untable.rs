//! `untable`: turns columns into rows.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::{Table, type_of_values};
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Untable {
    pub(crate) row: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Kernel for Untable {
    fn describe(&self) -> String {
        format!("unpivot {} AS {} {}", self.row, self.name, self.value)
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let columns: Vec<_> = input
            .columns()
            .iter()
            .filter(|c| c.name != self.row && !c.name.starts_with('_'))
            .collect();
        let (mut rows, mut names, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..input.height() {
            for column in columns.iter().filter(|c| !c.values[row].is_null()) {
                rows.push(input.value(&self.row, row).into_owned());
                names.push(Value::text(column.name.clone()));
                values.push(column.values[row].clone());
            }
        }
        let mut out = Table::new(rows.len());
        let kind = input.column(&self.row).map_or(Type::Text, |c| c.kind);
        out.set(self.row.clone(), kind, rows);
        out.set(self.name.clone(), Type::Text, names);
        let kind = type_of_values(&values);
        out.set(self.value.clone(), kind, values);
        Ok(out)
    }
}
