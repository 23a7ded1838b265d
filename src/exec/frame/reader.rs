//! Reads Polars columns as SPL values.

use std::borrow::Cow;
use std::hash::{Hash as _, Hasher};
use std::ops::Range;

use polars::prelude::{
    AnyValue, Column, DataType, DatetimeChunked, Float64Chunked, Int64Chunked, ListChunked,
    ListType, PolarsDataType, StringChunked, StringType, TimeUnit,
};

use crate::exec::frame::result::cell;
use crate::value::Value;

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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::ValueReader;
    use crate::exec::frame::builder::Builder;
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
