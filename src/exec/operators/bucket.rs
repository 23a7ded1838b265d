//! `Bucket`: floors times to the start of a span.

use polars::prelude::{
    Column, DataType, DatetimeChunked, Float64Chunked, Int64Chunked, IntoColumn as _,
    IntoSeries as _, PolarsResult, TimeUnit,
};

use crate::exec::context::Executor;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column};
use crate::time::Span;
use crate::value::{Type, Value};

impl Executor<'_> {
    /// Floors times to buckets of a span.
    pub(in crate::exec) fn bucket(
        &self,
        frame: Frame,
        from: &str,
        to: &str,
        span: &Span,
        align: Option<f64>,
    ) -> Frame {
        // Only `_time` is a time; in other fields a bucket's start is epoch seconds.
        let texts = matches!(frame.kind(from), Type::Text | Type::Any | Type::Multi);
        let bucketed_kind = match to {
            "_time" => Type::Time,
            _ if texts => Type::Any,
            _ => Type::Number,
        };
        let align = align.map(|seconds| (seconds * 1e6) as i64);
        let floor = span.floors(self.context.clock.zone, align);
        let bucketed = column(from).map(
            move |c| {
                if let ValueReader::Time(times) = ValueReader::new(&c) {
                    return bucket_start(times, &floor, bucketed_kind);
                }
                let cells = ValueReader::new(&c);
                let mut builder = Builder::new(c.name(), bucketed_kind, c.len());
                for row in 0..c.len() {
                    let value = cells.get(row);
                    builder.push(match value.as_number() {
                        Some(seconds) => {
                            let micros = (seconds * 1e6).round() as i64;
                            floor(micros)
                                .map_or(Value::Null, |start| Value::Num(start as f64 / 1e6))
                        }
                        // Values that are not numbers belong to no bucket and stay.
                        None if bucketed_kind == Type::Any => {
                            value.into_text().map_or(Value::Null, Value::Text)
                        }
                        None => Value::Null,
                    });
                }
                Ok(builder.finish())
            },
            move |_, f| Ok(field(f.name(), bucketed_kind)),
        );
        frame.with(vec![(to.to_owned(), bucketed_kind, bucketed)])
    }
}

/// The bucket starts of times.
fn bucket_start(
    times: &DatetimeChunked,
    floor: &impl Fn(i64) -> Option<i64>,
    kind: Type,
) -> PolarsResult<Column> {
    let times = times.physical();
    let starts: Int64Chunked = times.iter().map(|time| floor(time?)).collect();
    let starts = starts.with_name(times.name().clone());
    Ok(match kind {
        Type::Time => starts
            .into_datetime(TimeUnit::Microseconds, None)
            .into_series()
            .into_column(),
        _ => {
            let seconds: Float64Chunked =
                starts.apply_nonnull_values_generic(DataType::Float64, |start| start as f64 / 1e6);
            seconds.into_column()
        }
    })
}
