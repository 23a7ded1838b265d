//! Rows in our own hands: what kernels take and give.

use crate::plan::schema::Schema;
use crate::value::{Type, Value};

/// Columns of equal length.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<TableColumn>,
    height: usize,
}

/// One column.
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
    /// A table of `height` rows without columns.
    pub fn new(height: usize) -> Table {
        Table {
            columns: Vec::new(),
            height,
        }
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The columns in order.
    pub fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// The columns in order, given away.
    pub fn into_columns(self) -> Vec<TableColumn> {
        self.columns
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Takes a column out.
    pub fn take(&mut self, name: &str) -> Option<TableColumn> {
        let at = self.columns.iter().position(|c| c.name == name)?;
        Some(self.columns.remove(at))
    }

    /// Sets a column, in place of one of the same name or after the others. Its values are
    /// cut or filled up with missing ones to the table's height.
    pub fn set(&mut self, name: impl Into<String>, kind: Type, mut values: Vec<Value<'static>>) {
        let name = name.into();
        values.resize(self.height, Value::Null);
        let column = TableColumn { name, kind, values };
        match self.columns.iter_mut().find(|c| c.name == column.name) {
            Some(old) => *old = column,
            None => self.columns.push(column),
        }
    }

    /// These rows, in this order.
    pub fn pick(self, rows: &[usize]) -> Table {
        let mut out = Table::new(rows.len());
        for column in self.columns {
            let values = rows.iter().map(|&row| column.values[row].clone()).collect();
            out.set(column.name, column.kind, values);
        }
        out
    }

    /// One value.
    pub fn value(&self, column: &str, row: usize) -> Value<'_> {
        self.column(column)
            .map_or(Value::Null, |c| c.values[row].borrowed())
    }

    /// Names and types.
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

/// The type of one value.
pub fn type_of_value(value: &Value<'_>) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Num(_) => Type::Number,
        Value::Text(_) => Type::Text,
        Value::Multi(_) => Type::Multi,
    }
}
