//! The order of events by time, and stable sorts in general.

use polars::prelude::{AnyValue, DataType, Scalar, SortMultipleOptions, TimeUnit};

use crate::exec::engine::fences::with_view_gc;
use crate::exec::frame::{Frame, column};
use crate::value::Type;

/// A stable sort, so that nothing depends on how work was split.
pub(in crate::exec) fn stable() -> SortMultipleOptions {
    SortMultipleOptions::default().with_maintain_order(true)
}

/// The field that events are ordered by.
pub(in crate::exec) const BY_TIME: &str = "_time";

/// Sorts rows newest first; rows without a time come last.
pub(in crate::exec) fn by_time(frame: Frame) -> Frame {
    if frame.kind(BY_TIME) != Type::Time {
        return frame;
    }
    let options = stable().with_order_descending(true).with_nulls_last(true);
    Frame {
        lazy: with_view_gc(frame.lazy).sort_by_exprs([column(BY_TIME)], options),
        schema: frame.schema,
    }
}

/// A point in time in the type of the column `_time`, so that Polars skips parts of files by their
/// time statistics.
pub(in crate::exec) fn time_literal(seconds: f64) -> polars::prelude::Expr {
    let micros = micros(seconds);
    let time = DataType::Datetime(TimeUnit::Microseconds, None);
    polars::prelude::lit(Scalar::new(
        time,
        AnyValue::Datetime(micros, TimeUnit::Microseconds, None),
    ))
}

/// Converts epoch seconds to microseconds.
pub(in crate::exec) fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
