//! `transpose`: turns rows into columns.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::{Table, type_of_values};
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Transpose {
    pub(crate) column_name: String,
    pub(crate) header: Option<String>,
    pub(crate) include_empty: bool,
}

impl Kernel for Transpose {
    fn describe(&self) -> String {
        match &self.header {
            Some(header) => format!("transpose names from {header}"),
            None => "transpose".to_owned(),
        }
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let header = self.header.as_deref().filter(|h| input.column(h).is_some());
        let fields: Vec<_> = input
            .columns()
            .iter()
            .filter(|c| Some(c.name.as_str()) != header)
            .filter(|c| self.include_empty || c.values.iter().any(|v| !v.is_null()))
            .collect();
        let mut out = Table::new(fields.len());
        let names = fields.iter().map(|c| Value::text(c.name.clone())).collect();
        out.set(self.column_name.clone(), Type::Text, names);
        for row in 0..input.height() {
            let named = header.and_then(|h| input.value(h, row).into_text());
            let name = named.map_or_else(|| format!("row {}", row + 1), |n| n.into_owned());
            let values: Vec<Value<'static>> =
                fields.iter().map(|c| c.values[row].clone()).collect();
            let kind = match type_of_values(&values) {
                Type::Null => Type::Text,
                kind => kind,
            };
            out.set(name, kind, values);
        }
        Ok(out)
    }
}
