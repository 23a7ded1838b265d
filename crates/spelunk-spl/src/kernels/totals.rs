//! Shared by `addtotals` and `addcoltotals`: sums of rows and columns.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::{Table, type_of_values};
use crate::value::{Type, Value};

/// Sums of the numbers of a table.
#[derive(Debug)]
pub(crate) struct Totals {
    /// The fields to sum; empty for all.
    pub fields: Vec<Pattern>,
    /// The field for the sum of each row.
    pub row: Option<String>,
    /// Whether to add a last row with the sum of each column.
    pub column: bool,
    /// The field for the label of that row, and the label.
    pub label: Option<(String, String)>,
}

impl Totals {
    /// Whether to sum a field. Without a list, all fields count except Splunk's internal ones.
    fn counts(&self, name: &str) -> bool {
        if self.fields.is_empty() {
            return !name.starts_with('_');
        }
        self.fields.iter().any(|p| p.matches(name))
    }
}

fn sum<'v>(values: impl Iterator<Item = &'v Value<'static>>) -> Option<f64> {
    values.filter_map(Value::as_number).reduce(|a, b| a + b)
}

impl Kernel for Totals {
    fn describe(&self) -> String {
        let mut text = "totals".to_owned();
        if let Some(row) = &self.row {
            text.push_str(&format!(" of rows AS {row}"));
        }
        if self.column {
            text.push_str(" of columns");
        }
        text
    }

    fn run(&self, mut table: Table, _: &QueryContext) -> Result<Table> {
        if let Some(name) = &self.row {
            let values = (0..table.height())
                .map(|row| {
                    let counted = table.columns().iter().filter(|c| self.counts(&c.name));
                    // A row without numbers has the total 0, as in Splunk.
                    Value::number(sum(counted.map(|c| &c.values[row])).unwrap_or(0.0))
                })
                .collect();
            table.set(name.clone(), Type::Number, values);
        }
        if !self.column {
            return Ok(table);
        }
        let height = table.height() + 1;
        let mut out = Table::new(height);
        let label = self.label.as_ref();
        if let Some((name, _)) = label
            && table.column(name).is_none()
        {
            table.set(name.clone(), Type::Text, Vec::new());
        }
        for mut c in table.into_columns() {
            let is_total = self.row.as_ref() == Some(&c.name);
            let total = match label {
                Some((name, text)) if *name == c.name => Value::text(text.clone()),
                _ if self.counts(&c.name) || is_total => {
                    sum(c.values.iter()).map_or(Value::Null, Value::number)
                }
                _ => Value::Null,
            };
            c.values.push(total);
            let kind = match c.kind {
                Type::Null => type_of_values(&c.values),
                kind => kind.join(type_of_values(&c.values[height - 1..])),
            };
            out.set(c.name, kind, c.values);
        }
        Ok(out)
    }
}
