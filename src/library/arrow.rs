//! Rows as Arrow record batches, and record batches as events.
//!
//! Numbers are `Float64`, texts `Utf8View`, multivalues lists of `Utf8View`, and times microseconds in UTC. The
//! buffers of numbers, times and texts are shared with the results, not copied.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringViewBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, RecordBatchOptions, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType as Stored, Float64Chunked, Int64Chunked,
    IntoColumn as _, IntoSeries as _, ListBuilderTrait as _, ListStringChunkedBuilder,
    NewChunkedArray as _, ParquetWriter, PlSmallStr, PolarsError, PolarsResult, StringChunked,
    TimeUnit as StoredUnit, UInt64Chunked,
};

use crate::error::Error;
use crate::exec::frame::builder::convert;
use crate::exec::frame::reader::ValueReader;
use crate::library::{Results, SearchError, Spelunk};
use crate::session::ReplayOptions;
use crate::value::Type;

/// Rows of one batch.
const BATCH_ROWS: usize = 65_536;

impl Results {
    /// The Arrow schema of [`Results::batches`].
    pub fn arrow_schema(&self) -> Arc<Schema> {
        let field = |(name, kind): (&str, Type)| Field::new(name, arrow_type(kind), true);
        let fields: Vec<Field> = self.schema().into_iter().map(field).collect();
        Arc::new(Schema::new(fields))
    }

    /// The rows as record batches of at most 65,536 rows, in order; one without rows if there are none.
    pub fn batches(&self) -> impl Iterator<Item = Result<RecordBatch, SearchError>> + '_ {
        let schema = self.arrow_schema();
        let frame = self.found.rows.frame();
        let starts = (0..self.len().max(1)).step_by(BATCH_ROWS);
        starts.map(move |start| {
            let rows = BATCH_ROWS.min(self.len() - start);
            let columns = frame.columns().iter().zip(self.found.rows.types());
            let arrays = columns.map(|(column, kind)| {
                let slice = column.slice(start as i64, rows);
                array(&slice, *kind).map_err(|why| Error::internal(why.to_string()))
            });
            let arrays = arrays.collect::<Result<Vec<ArrayRef>, Error>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)
                .map_err(|why| Error::internal(why.to_string()).into())
        })
    }
}

impl Spelunk {
    /// Adds the rows of record batches as events to the data of later searches. Returns their number. The
    /// column `_time` is the time; `index`, `sourcetype`, `host` and `source` are the default fields.
    ///
    /// # Errors
    /// If a column has a type that fields cannot have, such as a struct.
    pub fn register_batches(
        &self,
        name: &str,
        batches: &[RecordBatch],
    ) -> Result<u64, SearchError> {
        let mut bytes = Vec::new();
        let mut events = 0;
        for batch in batches {
            let columns = batch.columns().iter().zip(batch.schema_ref().fields());
            let columns = columns.map(|(array, field)| {
                column(field.name(), array.as_ref()).ok_or_else(|| {
                    let kind = field.data_type();
                    Error::data(format!(
                        "the column `{}` has the type {kind}, which a field cannot have",
                        field.name()
                    ))
                })
            });
            let columns = columns.collect::<Result<Vec<Column>, Error>>()?;
            // As the rows of a Parquet file, which have the same types.
            let internal = |why: PolarsError| Error::internal(why.to_string());
            let mut frame = DataFrame::new(batch.num_rows(), columns).map_err(internal)?;
            bytes.clear();
            let writer = ParquetWriter::new(Cursor::new(&mut bytes));
            writer.finish(&mut frame).map_err(internal)?;
            let registered =
                self.session
                    .register_events(name, &bytes, &ReplayOptions::default())?;
            events += registered;
        }
        Ok(events)
    }
}

fn arrow_type(kind: Type) -> DataType {
    match kind {
        Type::Number => DataType::Float64,
        Type::Bool => DataType::Boolean,
        Type::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::Multi => DataType::List(item()),
        Type::Text | Type::Any | Type::Null => DataType::Utf8View,
    }
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Utf8View, true))
}

/// A column as an Arrow array.
fn array(column: &Column, kind: Type) -> PolarsResult<ArrayRef> {
    let column = convert(column, kind)?;
    let series = column.as_materialized_series().rechunk();
    let nulls = series.has_nulls().then(|| {
        let missing = series.is_null();
        let there = missing.iter().map(|null| null != Some(true));
        NullBuffer::new(BooleanBuffer::from_iter(there))
    });
    Ok(match kind {
        Type::Number => {
            let Some(numbers) = series.f64()?.downcast_iter().next() else {
                return Ok(arrow_array::new_empty_array(&arrow_type(kind)));
            };
            let bytes = shared(numbers.clone(), |n| {
                bytemuck::cast_slice(n.values().as_slice())
            });
            Arc::new(Float64Array::new(ScalarBuffer::from(bytes), nulls))
        }
        Type::Time => {
            let Some(times) = series.datetime()?.physical().downcast_iter().next() else {
                return Ok(arrow_array::new_empty_array(&arrow_type(kind)));
            };
            let bytes = shared(times.clone(), |t| {
                bytemuck::cast_slice(t.values().as_slice())
            });
            let times = TimestampMicrosecondArray::new(ScalarBuffer::from(bytes), nulls);
            Arc::new(times.with_timezone("UTC"))
        }
        Type::Bool => {
            let truth = series.bool()?.iter().map(|truth| truth == Some(true));
            Arc::new(BooleanArray::new(BooleanBuffer::from_iter(truth), nulls))
        }
        Type::Multi => {
            let mut lists = ListBuilder::new(StringViewBuilder::new()).with_field(item());
            let cells = ValueReader::new(&column);
            for row in 0..column.len() {
                let values = cells.get(row).into_values();
                values
                    .iter()
                    .for_each(|value| lists.values().append_value(value));
                lists.append(!values.is_empty());
            }
            Arc::new(lists.finish())
        }
        Type::Text | Type::Any | Type::Null => {
            let Some(texts) = series.str()?.downcast_iter().next() else {
                return Ok(arrow_array::new_empty_array(&arrow_type(kind)));
            };
            let views = texts.views().iter().map(|view| view.as_u128());
            let buffers = texts.data_buffers().iter().cloned();
            let buffers: Vec<Buffer> = buffers
                .map(|buffer| shared(buffer, |bytes| bytes.as_slice()))
                .collect();
            let views: ScalarBuffer<u128> = views.collect::<Vec<u128>>().into();
            match StringViewArray::try_new(views, buffers, nulls) {
                Ok(texts) => Arc::new(texts),
                Err(why) => return Err(PolarsError::ComputeError(why.to_string().into())),
            }
        }
    })
}

/// An owner of bytes.
struct Owner<A> {
    owner: A,
    bytes: fn(&A) -> &[u8],
}

impl<A> AsRef<[u8]> for Owner<A> {
    fn as_ref(&self) -> &[u8] {
        (self.bytes)(&self.owner)
    }
}

/// The bytes of a Polars buffer as an Arrow buffer that keeps the owner alive.
fn shared<A: Send + 'static>(owner: A, bytes: fn(&A) -> &[u8]) -> Buffer {
    Buffer::from(Bytes::from_owner(Owner { owner, bytes }))
}

/// An Arrow array as a column; `None` if fields cannot have its type.
fn column(name: &str, array: &dyn Array) -> Option<Column> {
    use arrow_schema::DataType as Arrow;
    let name = PlSmallStr::from_str(name);
    let texts = |texts: &mut dyn Iterator<Item = Option<&str>>| {
        StringChunked::from_iter_options(name.clone(), texts).into_column()
    };
    Some(match array.data_type() {
        Arrow::Null => Column::full_null(name, array.len(), &Stored::String),
        Arrow::Boolean => {
            let truth = array.as_boolean().iter();
            BooleanChunked::from_iter_options(name, truth).into_column()
        }
        Arrow::Int8 => numbers::<Int8Type>(name, array),
        Arrow::Int16 => numbers::<Int16Type>(name, array),
        Arrow::Int32 => numbers::<Int32Type>(name, array),
        Arrow::Int64 => {
            let numbers = array.as_primitive::<Int64Type>().iter();
            Int64Chunked::from_iter_options(name, numbers).into_column()
        }
        Arrow::UInt8 => numbers::<UInt8Type>(name, array),
        Arrow::UInt16 => numbers::<UInt16Type>(name, array),
        Arrow::UInt32 => numbers::<UInt32Type>(name, array),
        Arrow::UInt64 => {
            let numbers = array.as_primitive::<UInt64Type>().iter();
            UInt64Chunked::from_iter_options(name, numbers).into_column()
        }
        Arrow::Float32 => numbers::<Float32Type>(name, array),
        Arrow::Float64 => numbers::<Float64Type>(name, array),
        Arrow::Timestamp(TimeUnit::Second, _) => {
            times::<TimestampSecondType>(name, array, |t| t.checked_mul(1_000_000))
        }
        Arrow::Timestamp(TimeUnit::Millisecond, _) => {
            times::<TimestampMillisecondType>(name, array, |t| t.checked_mul(1_000))
        }
        Arrow::Timestamp(TimeUnit::Microsecond, _) => {
            times::<TimestampMicrosecondType>(name, array, Some)
        }
        Arrow::Timestamp(TimeUnit::Nanosecond, _) => {
            times::<TimestampNanosecondType>(name, array, |t| Some(t.div_euclid(1_000)))
        }
        Arrow::Utf8 => texts(&mut array.as_string::<i32>().iter()),
        Arrow::LargeUtf8 => texts(&mut array.as_string::<i64>().iter()),
        Arrow::Utf8View => texts(&mut array.as_string_view().iter()),
        Arrow::List(_) => {
            let lists = array.as_list::<i32>();
            let mut builder =
                ListStringChunkedBuilder::new(name, lists.len(), lists.values().len());
            for list in lists.iter() {
                match list {
                    Some(list) => {
                        let inner = column("item", list.as_ref())?;
                        let inner = inner.cast(&Stored::String).ok()?;
                        builder.append_values_iter(inner.str().ok()?.iter().flatten());
                    }
                    None => builder.append_null(),
                }
            }
            builder.finish().into_column()
        }
        _ => return None,
    })
}

fn numbers<T: ArrowPrimitiveType<Native: Into<f64>>>(
    name: PlSmallStr,
    array: &dyn Array,
) -> Column {
    let numbers = array.as_primitive::<T>().iter();
    let numbers = numbers.map(|number| number.map(Into::into));
    Float64Chunked::from_iter_options(name, numbers).into_column()
}

fn times<T: ArrowPrimitiveType<Native = i64>>(
    name: PlSmallStr,
    array: &dyn Array,
    micros: fn(i64) -> Option<i64>,
) -> Column {
    let times = array.as_primitive::<T>().iter();
    let times = Int64Chunked::from_iter_options(name, times.map(|time| micros(time?)));
    times
        .into_datetime(StoredUnit::Microseconds, None)
        .into_series()
        .into_column()
}
