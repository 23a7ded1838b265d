//! Collects SPL values into Polars columns.

use polars::prelude::{
    Column, Float64Chunked, Int64Chunked, IntoColumn as _, IntoSeries as _, ListBuilderTrait as _,
    ListStringChunkedBuilder, NewChunkedArray as _, PlSmallStr, PolarsResult, StringChunkedBuilder,
    TimeUnit,
};

use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::data_type;
use crate::value::{Type, Value};

/// Collects SPL values into a column of a type.
pub enum Builder {
    /// Text, and anything stored as text.
    Text(StringChunkedBuilder),
    /// Numbers.
    Number(Vec<Option<f64>>, PlSmallStr),
    /// Multivalues.
    Multi(Box<ListStringChunkedBuilder>),
    /// Times.
    Time(Vec<Option<i64>>, PlSmallStr),
    /// Conditions.
    Bool(Vec<Option<bool>>, PlSmallStr),
}

impl Builder {
    /// Creates a builder for a column of this name and type.
    pub fn new(name: &str, kind: Type, capacity: usize) -> Builder {
        let name = PlSmallStr::from_str(name);
        match kind {
            Type::Number => Builder::Number(Vec::with_capacity(capacity), name),
            Type::Time => Builder::Time(Vec::with_capacity(capacity), name),
            Type::Bool => Builder::Bool(Vec::with_capacity(capacity), name),
            Type::Multi => Builder::Multi(Box::new(ListStringChunkedBuilder::new(
                name, capacity, capacity,
            ))),
            Type::Null | Type::Text | Type::Any => {
                Builder::Text(StringChunkedBuilder::new(name, capacity))
            }
        }
    }

    /// Appends a value, converted to the column's type; null if it can't be converted.
    pub fn push(&mut self, value: Value<'_>) {
        match self {
            Builder::Text(b) => match value.into_text() {
                Some(text) => b.append_value(text),
                None => b.append_null(),
            },
            Builder::Number(v, _) => v.push(value.as_number()),
            Builder::Time(v, _) => {
                v.push(
                    value
                        .as_number()
                        .map(|seconds| (seconds * 1e6).round() as i64),
                );
            }
            Builder::Bool(v, _) => v.push(match value {
                Value::Bool(b) => Some(b),
                Value::Null | Value::Num(_) | Value::Text(_) | Value::Multi(_) => None,
            }),
            Builder::Multi(b) => match value {
                Value::Null => b.append_null(),
                Value::Multi(values) => b.append_values_iter(values.iter().map(AsRef::as_ref)),
                single => match single.into_text() {
                    Some(text) => b.append_values_iter(std::iter::once(text.as_ref())),
                    None => b.append_null(),
                },
            },
        }
    }

    /// Returns the column.
    pub fn finish(self) -> Column {
        match self {
            Builder::Text(b) => b.finish().into_column(),
            Builder::Number(v, name) => Float64Chunked::from_slice_options(name, &v).into_column(),
            Builder::Time(v, name) => Int64Chunked::from_slice_options(name, &v)
                .into_datetime(TimeUnit::Microseconds, None)
                .into_series()
                .into_column(),
            Builder::Bool(v, name) => {
                polars::prelude::BooleanChunked::from_slice_options(name, &v).into_column()
            }
            Builder::Multi(mut b) => b.finish().into_column(),
        }
    }
}

/// Converts a column to the storage type of `kind`.
///
/// # Errors
/// If Polars can't cast; never for the types that columns of a search have.
pub fn convert(column: &Column, kind: Type) -> PolarsResult<Column> {
    let wanted = data_type(kind);
    if *column.dtype() == wanted {
        return Ok(column.clone());
    }
    if kind == Type::Number && column.dtype().is_primitive_numeric() {
        return column.cast(&wanted);
    }
    let cells = ValueReader::new(column);
    let mut builder = Builder::new(column.name(), kind, column.len());
    for row in 0..column.len() {
        builder.push(cells.get(row));
    }
    Ok(builder.finish())
}
