//! The rows of a finished search.

use std::borrow::Cow;

use polars::prelude::{AnyValue, DataFrame};

use crate::value::{Type, Value};

/// Rows with their SPL types, read cell by cell.
#[derive(Clone, Debug)]
pub struct Rows {
    frame: DataFrame,
    types: Vec<Type>,
}

impl Rows {
    /// Rows over a frame whose columns have the SPL types `types`, in order.
    pub fn new(frame: DataFrame, types: Vec<Type>) -> Rows {
        Rows { frame, types }
    }

    /// Drops the columns that are missing in all rows.
    pub fn without_empty_columns(self) -> Rows {
        let height = self.len();
        let mut types = Vec::new();
        let columns = self
            .frame
            .columns()
            .iter()
            .zip(&self.types)
            .filter(|(column, _)| column.null_count() < height)
            .map(|(column, kind)| {
                types.push(*kind);
                column.clone()
            })
            .collect();
        match DataFrame::new(height, columns) {
            Ok(frame) => Rows { frame, types },
            Err(_) => self,
        }
    }

    /// Keeps the first `count` columns.
    pub(in crate::exec) fn first_columns(self, count: usize) -> Rows {
        let height = self.len();
        let columns = self.frame.columns()[..count].to_vec();
        match DataFrame::new(height, columns) {
            Ok(frame) => Rows {
                frame,
                types: self.types[..count].to_vec(),
            },
            Err(_) => self,
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.frame.height()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.frame
            .get_column_names()
            .into_iter()
            .map(|n| n.as_str())
            .collect()
    }

    /// The index of a column.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.frame.get_column_index(name)
    }

    /// The column types, in order.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The underlying frame.
    pub fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// The value of a cell. A time is its epoch seconds.
    pub fn value(&self, row: usize, column: usize) -> Value<'_> {
        let column = &self.frame.columns()[column];
        column.get(row).map_or(Value::Null, cell)
    }
}

/// Converts a Polars value to an SPL value.
pub fn cell(value: AnyValue<'_>) -> Value<'_> {
    match value {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(b) => Value::Bool(b),
        AnyValue::String(s) => Value::Text(Cow::Borrowed(s)),
        AnyValue::StringOwned(s) => Value::Text(Cow::Owned(s.to_string())),
        AnyValue::Datetime(micros, _, _) | AnyValue::DatetimeOwned(micros, _, _) => {
            Value::Num(micros as f64 / 1e6)
        }
        AnyValue::List(values) => Value::multi(
            values
                .iter()
                .filter_map(|v| cell(v).into_owned().into_text())
                .collect(),
        ),
        other => match other.extract::<f64>() {
            Some(n) => Value::number(n),
            None => Value::Text(Cow::Owned(other.to_string())),
        },
    }
}
