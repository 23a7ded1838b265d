//! `return`: returns values from a subsearch to the outer search.

use crate::error::Result;
use crate::kernels::format::term;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// A value to return from a row.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) field: String,
    /// The name before the value; `None` for the value alone.
    pub(crate) label: Option<String>,
}

/// Converts rows to the result of a subsearch.
#[derive(Debug)]
pub(crate) struct Return {
    pub(crate) items: Vec<Item>,
}

impl Kernel for Return {
    fn describe(&self) -> String {
        let names: Vec<&str> = self.items.iter().map(|i| i.field.as_str()).collect();
        format!("return {}", names.join(" "))
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let mut rows = Vec::new();
        for row in 0..input.height() {
            let terms: Vec<String> = self
                .items
                .iter()
                .filter_map(|item| {
                    let value = input.value(&item.field, row).as_text()?.into_owned();
                    Some(match &item.label {
                        Some(label) => term(label, &value),
                        None => value,
                    })
                })
                .collect();
            if !terms.is_empty() {
                rows.push(terms.join(" "));
            }
        }
        let text = match rows.as_slice() {
            [one] => one.clone(),
            several => several
                .iter()
                .map(|r| format!("({r})"))
                .collect::<Vec<_>>()
                .join(" OR "),
        };
        let mut out = Table::new(1);
        out.set("search", Type::Text, vec![Value::text(text)]);
        Ok(out)
    }
}
