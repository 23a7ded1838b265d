//! `mvcombine`: merges rows that differ in one field only.

use std::collections::HashMap;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Combine {
    pub(crate) field: String,
}

impl Kernel for Combine {
    fn describe(&self) -> String {
        format!("mvcombine {}", self.field)
    }

    fn run(&self, mut input: Table, context: &QueryContext) -> Result<Table> {
        let Some(combined) = input.take(&self.field) else {
            context.missing_field(&self.field, &input.schema());
            return Ok(input);
        };
        let mut groups: HashMap<Vec<Option<String>>, usize> = HashMap::new();
        // The row that represents each group, and its values.
        let mut rows: Vec<(usize, Value<'static>)> = Vec::new();
        for (row, value) in combined.values.into_iter().enumerate() {
            // A row without the field has nothing to combine.
            if value.is_null() {
                rows.push((row, Value::Null));
                continue;
            }
            let key: Vec<Option<String>> = input
                .columns()
                .iter()
                .filter(|c| !c.name.starts_with('_'))
                .map(|c| match &c.values[row] {
                    Value::Multi(values) => Some(values.join("\n")),
                    single => single.as_text().map(|t| t.into_owned()),
                })
                .collect();
            match groups.get(&key) {
                Some(&group) => {
                    let there = std::mem::replace(&mut rows[group].1, Value::Null);
                    let mut values = there.into_values();
                    values.extend(value.into_values());
                    rows[group].1 = Value::multi(values);
                }
                None => {
                    groups.insert(key, rows.len());
                    rows.push((row, value));
                }
            }
        }
        let mut out = Table::new(rows.len());
        for column in input.columns() {
            let values = rows
                .iter()
                .map(|(row, _)| column.values[*row].clone())
                .collect();
            out.set(column.name.clone(), column.kind, values);
        }
        let values = rows.into_iter().map(|(_, value)| value).collect();
        out.set(self.field.clone(), Type::Multi, values);
        Ok(out)
    }
}
