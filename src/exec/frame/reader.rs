//! Conversion of Polars columns to SPL values and back.

use std::borrow::Cow;
use std::hash::{Hash as _, Hasher};
use std::ops::Range;

use polars::prelude::{
    AnyValue, Column, DataType, DatetimeChunked, Field, Float64Chunked, Int64Chunked, IntoColumn,
    IntoSeries, ListBuilderTrait, ListChunked, ListStringChunkedBuilder, ListType, NewChunkedArray,
    PlSmallStr, PolarsDataType, PolarsResult, StringChunked, StringChunkedBuilder, StringType,
    TimeUnit,
};

use crate::exec::frame::result::cell;
use crate::value::{Type, Value};

/// The storage type of an SPL type.
pub fn data_type(kind: Type) -> DataType {
    match kind {
        Type::Number => DataType::Float64,
        Type::Multi => DataType::List(Box::new(DataType::String)),
        Type::Time => DataType::Datetime(TimeUnit::Microseconds, None),
        Type::Bool => DataType::Boolean,
        Type::Null | Type::Text | Type::Any => DataType::String,
    }
}

/// The SPL type of a storage type.
pub fn type_of(stored: &DataType) -> Type {
    match stored {
        DataType::Boolean => Type::Bool,
        DataType::List(_) => Type::Multi,
        DataType::Datetime(_, _) => Type::Time,
        DataType::Null => Type::Null,
        other if other.is_primitive_numeric() || other.is_decimal() => Type::Number,
        _ => Type::Text,
    }
}

/// A Polars field for a column of this SPL type.
pub fn field(name: &str, kind: Type) -> Field {
    Field::new(PlSmallStr::from_str(name), data_type(kind))
}

/// Reads a column as SPL values.
#[derive(Clone, Copy)]
pub enum ValueReader<'c> {
    /// Text.
    Text(&'c StringChunked),
    /// Doubles.
    Float(&'c Float64Chunked),
    /// Integers.
    Int(&'c Int64Chunked),
    /// Lists of text in a single chunk.
    Texts(Lists<'c>),
    /// Lists in several chunks, or of other types.
    List(&'c ListChunked),
    /// Timestamps in microseconds.
    Time(&'c DatetimeChunked),
    /// Anything else.
    Other(&'c Column),
}

impl<'c> ValueReader<'c> {
    /// Creates a reader of the column.
    pub fn new(column: &'c Column) -> ValueReader<'c> {
        match column.dtype() {
            DataType::String => column
                .str()
                .map_or(ValueReader::Other(column), ValueReader::Text),
            DataType::Float64 => column
                .f64()
                .map_or(ValueReader::Other(column), ValueReader::Float),
            DataType::Int64 => column
                .i64()
                .map_or(ValueReader::Other(column), ValueReader::Int),
            DataType::List(_) => column.list().map_or(ValueReader::Other(column), |lists| {
                Lists::of(lists).map_or(ValueReader::List(lists), ValueReader::Texts)
            }),
            DataType::Datetime(TimeUnit::Microseconds, _) => column
                .datetime()
                .map_or(ValueReader::Other(column), ValueReader::Time),
            _ => ValueReader::Other(column),
        }
    }

    /// Returns the value of a row.
    pub fn get(&self, row: usize) -> Value<'c> {
        match self {
            ValueReader::Text(c) => c
                .get(row)
                .map_or(Value::Null, |t| Value::Text(Cow::Borrowed(t))),
            ValueReader::Float(c) => c.get(row).map_or(Value::Null, Value::number),
            ValueReader::Int(c) => c.get(row).map_or(Value::Null, |n| Value::Num(n as f64)),
            ValueReader::Time(c) => c
                .physical()
                .get(row)
                .map_or(Value::Null, |n| Value::Num(n as f64 / 1e6)),
            ValueReader::Texts(c) => match c.of_row(row) {
                Range { start, end } if end - start == 1 => c
                    .texts
                    .get(start)
                    .map_or(Value::Null, |t| Value::Text(Cow::Borrowed(t))),
                places => Value::multi(c.values(places).map(Cow::Borrowed).collect()),
            },
            ValueReader::List(c) => c
                .get_as_series(row)
                .map_or(Value::Null, |s| cell(AnyValue::List(s)).into_owned()),
            ValueReader::Other(c) => c.get(row).map_or(Value::Null, cell),
        }
    }

    /// Whether two rows have equal values; missing values are equal.
    pub fn same(&self, one: usize, other: usize) -> bool {
        match self {
            ValueReader::Text(c) => c.get(one) == c.get(other),
            ValueReader::Texts(c) => c.values(c.of_row(one)).eq(c.values(c.of_row(other))),
            ValueReader::Float(_)
            | ValueReader::Int(_)
            | ValueReader::Time(_)
            | ValueReader::List(_)
            | ValueReader::Other(_) => self.get(one) == self.get(other),
        }
    }

    /// Hashes the value of a row: equal for rows that are [`ValueReader::same`].
    pub fn hash(&self, row: usize, hasher: &mut impl Hasher) {
        match self {
            ValueReader::Texts(c) => {
                let places = c.of_row(row);
                hasher.write_usize(places.len());
                c.values(places).for_each(|text| text.hash(hasher));
            }
            ValueReader::Text(_)
            | ValueReader::Float(_)
            | ValueReader::Int(_)
            | ValueReader::Time(_)
            | ValueReader::List(_)
            | ValueReader::Other(_) => match self.get(row) {
                Value::Null => hasher.write_u8(0),
                Value::Bool(b) => hasher.write_u8(1 + u8::from(b)),
                // 0 and -0 are equal.
                Value::Num(n) => hasher.write_u64((n + 0.0).to_bits()),
                Value::Text(text) => text.hash(hasher),
                Value::Multi(values) => values.hash(hasher),
            },
        }
    }
}

/// A single chunk of lists, as Polars stores it.
type ListArray = <ListType as PolarsDataType>::Array;

/// The range of a row's values within the values of all lists.
pub(in crate::exec) fn places_of(lists: &ListArray, row: usize) -> Range<usize> {
    if lists.validity().is_some_and(|there| !there.get_bit(row)) {
        return 0..0;
    }
    let starts = lists.offsets().as_slice();
    starts[row] as usize..starts[row + 1] as usize
}

/// A single chunk of strings, as Polars stores it.
type TextArray = <StringType as PolarsDataType>::Array;

/// Lists of text in a single chunk, read without creating a series per row.
#[derive(Clone, Copy)]
pub struct Lists<'c> {
    lists: &'c ListArray,
    texts: &'c TextArray,
}

impl<'c> Lists<'c> {
    fn of(column: &'c ListChunked) -> Option<Lists<'c>> {
        let mut pieces = column.downcast_iter();
        let (lists, None) = (pieces.next()?, pieces.next()) else {
            return None;
        };
        let texts = lists.values().as_any().downcast_ref()?;
        Some(Lists { lists, texts })
    }

    /// The range of a row's strings.
    fn of_row(&self, row: usize) -> Range<usize> {
        places_of(self.lists, row)
    }

    fn values(&self, places: Range<usize>) -> impl Iterator<Item = &'c str> {
        let texts = self.texts;
        places.filter_map(|place| texts.get(place))
    }

    /// Whether some value of a row passes.
    pub fn any(&self, row: usize, passes: impl FnMut(&'c str) -> bool) -> bool {
        self.values(self.of_row(row)).any(passes)
    }
}

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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Builder, ValueReader};
    use crate::value::{Type, Value};

    #[test]
    fn lists_read_as_values_also_from_their_middle() {
        let rows: [&[&str]; 6] = [&["z"], &["a"], &[], &["a", "b"], &["a"], &["a", "b"]];
        let mut builder = Builder::new("m", Type::Multi, rows.len());
        for row in rows {
            let values = row.iter().map(|v| Cow::Borrowed(*v));
            builder.push(Value::multi(values.collect()));
        }
        let column = builder.finish().slice(1, 5);
        let cells = ValueReader::new(&column);
        assert!(matches!(cells, ValueReader::Texts(_)));
        let both = Value::Multi(vec!["a".into(), "b".into()]);
        let values: Vec<Value<'_>> = (0..5).map(|row| cells.get(row)).collect();
        let one = Value::text("a");
        assert_eq!(values, [one.clone(), Value::Null, both.clone(), one, both]);
        assert!(cells.same(2, 4) && cells.same(0, 3));
        assert!(!cells.same(0, 2) && !cells.same(1, 0));
    }
}
