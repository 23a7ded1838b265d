//! A lazy frame with the SPL types of its columns.

pub(in crate::exec) mod broadcast;
pub mod builder;
pub mod reader;
pub mod result;
pub(in crate::exec) mod time_order;
pub mod types;

use polars::prelude::{
    BooleanChunked, ChunkFull as _, Column, DataFrame, DataType, Expr, IntoLazy as _,
    IntoSeries as _, LazyFrame, PlSmallStr, TimeUnit, lit,
};

use crate::error::{Error, Result};
use crate::exec::frame::builder::{Builder, convert};
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::result::Rows;
use crate::exec::frame::types::{data_type, field, type_of};
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::value::Type;

/// A placeholder for frames without columns, since Polars counts no rows without columns. No search
/// can name it, no schema contains it, and results omit it.
pub(super) const ROWS: &str = "\0rows";

/// A lazy frame with a known schema. Without columns it contains [`ROWS`].
#[derive(Clone)]
pub struct Frame {
    /// The Polars plan.
    pub lazy: LazyFrame,
    /// The columns, in order.
    pub schema: Schema,
}

/// An empty frame with these columns.
pub(super) fn without_rows(schema: &Schema) -> DataFrame {
    let columns = schema
        .iter()
        .map(|(name, kind)| Column::new_empty(name.as_str().into(), &data_type(*kind)));
    // All columns have the same length.
    DataFrame::new(0, columns.collect()).unwrap_or_default()
}

/// The column of this name, whatever characters it contains: `polars::prelude::col` would read some
/// names as patterns.
pub fn column(name: &str) -> Expr {
    Expr::Column(PlSmallStr::from_str(name))
}

/// A null of this type.
pub fn missing(kind: Type) -> Expr {
    lit(polars::prelude::NULL).cast(data_type(kind))
}

/// Casts an expression of type `from` to the storage type of `to`.
pub fn cast(expr: Expr, from: Type, to: Type) -> Expr {
    let text = |t: Type| matches!(t, Type::Text | Type::Any | Type::Null);
    if from == to && from != Type::Number || text(from) && text(to) {
        return expr;
    }
    match (from, to) {
        (Type::Null, _) => missing(to),
        (Type::Number, Type::Number) => expr,
        (Type::Time, Type::Number) => expr.cast(DataType::Int64).cast(DataType::Float64) / lit(1e6),
        _ => expr.map(
            move |c| convert(&c, to),
            move |_, f| Ok(field(f.name(), to)),
        ),
    }
}

impl Frame {
    /// A frame over existing rows; derives the SPL types from the stored ones.
    pub fn of(frame: DataFrame) -> Frame {
        let stored = frame.schema().clone();
        if stored.is_empty() {
            return Frame::typed(frame, Schema::new());
        }
        Frame::lazy(frame.lazy(), &stored)
    }

    /// A frame over existing rows, with their types.
    pub fn typed(frame: DataFrame, schema: Schema) -> Frame {
        let lazy = if schema.is_empty() {
            let rows = BooleanChunked::full(ROWS.into(), true, frame.height());
            rows.into_series().into_frame().lazy()
        } else {
            frame.lazy()
        };
        Frame { lazy, schema }
    }

    /// A lazy frame with a known stored schema.
    pub fn lazy(lazy: LazyFrame, stored: &polars::prelude::Schema) -> Frame {
        let mut frame = Frame {
            lazy,
            schema: Schema::new(),
        };
        let mut casts = Vec::new();
        for (name, dtype) in stored.iter() {
            let (kind, cast) = canonical(name, dtype);
            if let Some(cast) = cast {
                casts.push(cast.alias(name.clone()));
            }
            frame.schema.insert(name.to_string(), kind);
        }
        if !casts.is_empty() {
            frame.lazy = frame.lazy.with_columns(casts);
        }
        frame
    }

    /// Whether the column exists.
    pub fn has(&self, name: &str) -> bool {
        self.schema.contains_key(name)
    }

    /// The type of a column; null if it doesn't exist.
    pub fn kind(&self, name: &str) -> Type {
        self.schema.get(name).copied().unwrap_or(Type::Null)
    }

    /// Sets columns, given with their types.
    pub fn with(mut self, columns: Vec<(String, Type, Expr)>) -> Frame {
        let exprs: Vec<Expr> = columns
            .iter()
            .map(|(name, _, expr)| expr.clone().alias(name.as_str()))
            .collect();
        for (name, kind, _) in columns {
            self.schema.insert(name, kind);
        }
        self.lazy = self.lazy.with_columns(exprs);
        self
    }

    /// Keeps these columns, in this order.
    pub fn select(self, names: Vec<String>) -> Frame {
        let mut exprs: Vec<Expr> = names.iter().map(|n| column(n)).collect();
        if exprs.is_empty() {
            let any = self.schema.keys().next().map_or(ROWS, String::as_str);
            exprs.push(column(any).is_null().alias(ROWS));
        }
        let schema = names
            .into_iter()
            .map(|n| {
                let kind = self.kind(&n);
                (n, kind)
            })
            .collect();
        Frame {
            lazy: self.lazy.select(exprs),
            schema,
        }
    }

    /// An empty frame of text columns with these names; `_time` is a time.
    pub fn without_rows<'n>(names: impl IntoIterator<Item = &'n str>) -> Frame {
        let kind = |name: &str| match name {
            "_time" => Type::Time,
            _ => Type::Text,
        };
        let schema: Schema = names
            .into_iter()
            .map(|name| (name.to_owned(), kind(name)))
            .collect();
        Frame::typed(without_rows(&schema), schema)
    }

    /// The same columns without rows; computes nothing.
    pub fn emptied(self) -> Frame {
        Frame::typed(without_rows(&self.schema), self.schema)
    }

    /// Builds a frame from a table.
    ///
    /// # Errors
    /// If the columns have different lengths, which a table can't have.
    pub fn from_table(table: Table) -> Result<Frame> {
        let height = table.height();
        let schema = table.schema();
        let columns: Vec<Column> = table
            .into_columns()
            .into_iter()
            .map(|c| {
                let mut builder = Builder::new(&c.name, c.kind, height);
                for value in c.values {
                    builder.push(value);
                }
                builder.finish()
            })
            .collect();
        let frame = DataFrame::new(height, columns).map_err(polars_error)?;
        Ok(Frame::typed(frame, schema))
    }
}

/// The SPL type of a stored column, and the cast to that type's storage form if it is stored
/// differently.
fn canonical(name: &str, stored: &DataType) -> (Type, Option<Expr>) {
    let c = || column(name);
    match stored {
        DataType::String | DataType::Int64 | DataType::Float64 => (type_of(stored), None),
        DataType::Null => (Type::Null, Some(c().cast(DataType::String))),
        DataType::Float32 => (Type::Number, Some(c().cast(DataType::Float64))),
        // Integers beyond Int64 become doubles, like all SPL numbers.
        DataType::UInt64 => (Type::Number, Some(c().cast(DataType::Float64))),
        other if other.is_integer() => (Type::Number, Some(c().cast(DataType::Int64))),
        other if other.is_decimal() => (Type::Number, Some(c().cast(DataType::Float64))),
        DataType::Datetime(_, _) | DataType::Date => {
            let micros = DataType::Datetime(TimeUnit::Microseconds, None);
            let is_micros = *stored == micros;
            (Type::Time, (!is_micros).then(|| c().cast(micros)))
        }
        DataType::List(inner) if **inner == DataType::String => (Type::Multi, None),
        DataType::List(_) => (Type::Multi, Some(c().cast(data_type(Type::Multi)))),
        // Booleans, categoricals, durations and structs become text.
        _ => (
            Type::Text,
            Some(c().map(
                |values| convert(&values, Type::Text),
                |_, f| Ok(field(f.name(), Type::Text)),
            )),
        ),
    }
}

/// Copies a finished frame into a table.
pub fn to_table(rows: &Rows) -> Table {
    let mut table = Table::new(rows.len());
    for (c, kind) in rows.frame().columns().iter().zip(rows.types()) {
        let cells = ValueReader::new(c);
        let values = (0..rows.len()).map(|i| cells.get(i).into_owned()).collect();
        table.set(c.name().as_str(), *kind, values);
    }
    table
}

/// Wraps a Polars error.
pub fn polars_error(error: polars::prelude::PolarsError) -> Error {
    Error::data(error.to_string())
}
