//! Materialized rows: the input and output of kernels.

use crate::plan::schema::Schema;
use crate::value::{Type, Value};

/// Columns of equal length.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<TableColumn>,
    height: usize,
}

/// A column.
#[derive(Clone, Debug)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// A value for each row.
    pub values: Vec<Value<'static>>,
}

impl Table {
    /// Creates a table of `height` rows without columns.
    pub fn new(height: usize) -> Table {
        Table {
            columns: Vec::new(),
            height,
        }
    }

    /// The number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// Converts the table into its columns, in order.
    pub fn into_columns(self) -> Vec<TableColumn> {
        self.columns
    }

    /// Returns the column of this name.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Removes and returns a column.
    pub fn take(&mut self, name: &str) -> Option<TableColumn> {
        let at = self.columns.iter().position(|c| c.name == name)?;
        Some(self.columns.remove(at))
    }

    /// Sets a column, replacing one of the same name or appending it. Truncates or pads its values
    /// to the table's height.
    pub fn set(&mut self, name: impl Into<String>, kind: Type, mut values: Vec<Value<'static>>) {
        let name = name.into();
        values.resize(self.height, Value::Null);
        let column = TableColumn { name, kind, values };
        match self.columns.iter_mut().find(|c| c.name == column.name) {
            Some(old) => *old = column,
            None => self.columns.push(column),
        }
    }

    /// Selects rows, in this order.
    pub fn pick(self, rows: &[usize]) -> Table {
        let mut out = Table::new(rows.len());
        for column in self.columns {
            let values = rows.iter().map(|&row| column.values[row].clone()).collect();
            out.set(column.name, column.kind, values);
        }
        out
    }

    /// Returns a value.
    pub fn value(&self, column: &str, row: usize) -> Value<'_> {
        self.column(column)
            .map_or(Value::Null, |c| c.values[row].borrowed())
    }

    /// The names and types of the columns.
    pub fn schema(&self) -> Schema {
        self.columns
            .iter()
            .map(|c| (c.name.clone(), c.kind))
            .collect()
    }
}

/// The type of a column that holds these values.
pub fn type_of_values<'a, 'v: 'a>(values: impl IntoIterator<Item = &'a Value<'v>>) -> Type {
    values
        .into_iter()
        .map(type_of_value)
        .fold(Type::Null, Type::join)
}

/// The type of a value.
pub fn type_of_value(value: &Value<'_>) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Num(_) => Type::Number,
        Value::Text(_) => Type::Text,
        Value::Multi(_) => Type::Multi,
    }
}
