//! Extracted fields, collected row by row into columns; used by kernels that parse text.

use indexmap::IndexMap;

use crate::extract::event::Field;
use crate::plan::table::{Table, type_of_values};
use crate::value::{Value, is_canonical_number, parse_number};

/// Columns that grow as fields are found.
#[derive(Debug, Default)]
pub struct ExtractedColumns {
    columns: IndexMap<String, Vec<Value<'static>>>,
}

impl ExtractedColumns {
    /// Adds a value; a repeated field of a row becomes a multivalue. Rows must come in order.
    pub fn add(&mut self, row: usize, name: &str, value: Value<'static>) {
        let cell = self.cell(row, name);
        match std::mem::replace(cell, Value::Null) {
            Value::Null => *cell = value,
            several => {
                let mut values = several.into_values();
                values.extend(value.into_values());
                *cell = Value::multi(values);
            }
        }
    }

    /// Sets a value, replacing an existing one.
    pub fn set(&mut self, row: usize, name: &str, value: Value<'static>) {
        *self.cell(row, name) = value;
    }

    /// Whether the row has a value of this field.
    pub fn has(&self, row: usize, name: &str) -> bool {
        self.columns
            .get(name)
            .and_then(|c| c.get(row))
            .is_some_and(|v| !v.is_null())
    }

    /// Adds the fields of a reader, skipping those without a name.
    pub fn add_fields<'f>(&mut self, row: usize, fields: impl IntoIterator<Item = Field<'f>>) {
        for field in fields {
            if field.name.is_empty() {
                continue;
            }
            let value = match parse_number(&field.value) {
                Some(n) if field.number && is_canonical_number(&field.value) => Value::Num(n),
                Some(_) | None => Value::text(field.value.into_owned()),
            };
            self.add(row, &field.name, value);
        }
    }

    /// The columns, in order of first appearance.
    pub fn into_table(self, height: usize) -> Table {
        let mut table = Table::new(height);
        for (name, values) in self.columns {
            let kind = type_of_values(&values);
            table.set(name, kind, values);
        }
        table
    }

    fn cell(&mut self, row: usize, name: &str) -> &mut Value<'static> {
        if !self.columns.contains_key(name) {
            self.columns.insert(name.to_owned(), Vec::new());
        }
        let column = &mut self.columns[name];
        if column.len() <= row {
            column.resize(row + 1, Value::Null);
        }
        &mut column[row]
    }
}
