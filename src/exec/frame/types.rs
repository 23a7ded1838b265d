//! The storage types of SPL types.

use polars::prelude::{DataType, Field, PlSmallStr, TimeUnit};

use crate::value::Type;

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
