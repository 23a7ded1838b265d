//! `TakeWhile`: the rows before the first for which a condition is false.

use polars::prelude::{DataType, Expr as Lazy, lit};

use crate::exec::frame::{Frame, column};

/// Keeps the rows before the first for which `holds` is false.
pub(in crate::exec) fn take_while(
    frame: Frame,
    holds: Lazy,
    limit: usize,
    keep_last: bool,
) -> Frame {
    const GOING: &str = "__going";
    let going = holds.cast(DataType::Int64).cum_min(false);
    let going = if keep_last {
        going.shift(lit(1)).fill_null(lit(1))
    } else {
        going
    };
    let names = frame.schema.keys().cloned().collect();
    let lazy = frame
        .lazy
        .with_column(going.alias(GOING))
        .filter(column(GOING).eq(lit(1)))
        .limit(u32::try_from(limit).unwrap_or(u32::MAX));
    let schema = frame.schema;
    Frame { lazy, schema }.select(names)
}
