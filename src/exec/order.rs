//! Order: sort keys, duplicates, first and last rows, time buckets.

use polars::prelude::{
    Column, DataType, Expr as Lazy, IntoColumn as _, SortMultipleOptions, StringChunkedBuilder,
    lit, when,
};

use crate::error::Result;
use crate::exec::Executor;
use crate::exec::aggregate::stable;
use crate::exec::column::{Builder, Cells, common_height, field};
use crate::exec::frame::{Frame, column, missing, polars_error};
use crate::plan::{SortKey, SortOrder};
use crate::time::Span;
use crate::value::{Type, Value};

/// Polars' keys for ours: numbers before text, missing last, all reversed when descending.
pub(super) fn sort_keys(keys: &[SortKey], frame: &Frame) -> (Vec<Lazy>, SortMultipleOptions) {
    let mut by = Vec::new();
    let mut descending = Vec::new();
    let mut push = |expr: Lazy, key: &SortKey| {
        by.push(expr);
        descending.push(key.descending);
    };
    for key in keys {
        if !frame.has(&key.field) {
            continue;
        }
        let c = column(&key.field);
        match (key.order, frame.kind(&key.field)) {
            (SortOrder::Auto | SortOrder::Number, Type::Number | Type::Time) => push(c, key),
            (SortOrder::Number, _) => push(number(c), key),
            (SortOrder::Text, Type::Text | Type::Any) => push(c, key),
            (SortOrder::Text, _) => push(text(c), key),
            (SortOrder::Address, _) => push(address(c), key),
            (SortOrder::Auto, _) => {
                // Without a number a value sorts after all numbers; missing ones come last by
                // the options, in both directions, so they must be missing in every key.
                let number = number(c.clone());
                let is_text = when(c.clone().is_null())
                    .then(lit(polars::prelude::NULL).cast(DataType::Boolean))
                    .otherwise(number.clone().is_null());
                push(is_text, key);
                push(number.fill_null(lit(0.0)), key);
                push(text(c), key);
            }
        }
    }
    let count = by.len();
    let options = stable()
        .with_order_descending_multi(descending)
        .with_nulls_last_multi(vec![true; count]);
    (by, options)
}

fn number(c: Lazy) -> Lazy {
    per_value(c, Type::Number, |v| {
        v.as_number().map_or(Value::Null, Value::Num)
    })
}

fn text(c: Lazy) -> Lazy {
    per_value(c, Type::Text, |v| v)
}

/// Addresses sort by their bytes: written out at full width they sort as text.
fn address(c: Lazy) -> Lazy {
    per_value(c, Type::Text, |v| {
        let Some(text) = v.as_text() else {
            return Value::Null;
        };
        match text.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(a)) => Value::text(format!("4{:08x}", u32::from(a))),
            Ok(std::net::IpAddr::V6(a)) => Value::text(format!("6{:032x}", u128::from(a))),
            Err(_) => Value::text(format!("z{text}")),
        }
    })
}

/// Each multivalue without its repeated values.
pub(super) fn distinct_values(c: Lazy) -> Lazy {
    per_value(c, Type::Multi, |v| {
        let mut values = v.into_values();
        let mut seen = std::collections::HashSet::new();
        values.retain(|v| seen.insert(v.clone()));
        Value::multi(values)
    })
}

fn per_value(c: Lazy, kind: Type, f: fn(Value<'_>) -> Value<'_>) -> Lazy {
    c.map(
        move |column| {
            let cells = Cells::new(&column);
            let mut builder = Builder::new(column.name(), kind, column.len());
            for row in 0..column.len() {
                builder.push(f(cells.get(row)));
            }
            Ok(builder.finish())
        },
        move |_, f| Ok(field(f.name(), kind)),
    )
}

/// One text for the values of several fields, missing when one of them is.
pub(super) fn combination(fields: &[String], frame: &Frame) -> Lazy {
    let mut inputs: Vec<Lazy> = fields
        .iter()
        .map(|f| {
            if frame.has(f) {
                column(f)
            } else {
                missing(Type::Text)
            }
        })
        .collect();
    let first = inputs.remove(0);
    let run = |columns: &mut [Column]| {
        let height = common_height(columns);
        let cells: Vec<Cells<'_>> = columns.iter().map(Cells::new).collect();
        let single: Vec<bool> = columns.iter().map(|c| c.len() == 1).collect();
        let mut builder = StringChunkedBuilder::new("key".into(), height);
        let mut key = String::new();
        for row in 0..height {
            key.clear();
            let mut whole = true;
            for (c, single) in cells.iter().zip(&single) {
                let values = c.get(if *single { 0 } else { row }).into_values();
                whole &= !values.is_empty();
                for value in &values {
                    // The length keeps ("ab", "c") and ("a", "bc") apart.
                    key.push_str(&value.len().to_string());
                    key.push(':');
                    key.push_str(value);
                }
                key.push(';');
            }
            if whole {
                builder.append_value(&key);
            } else {
                builder.append_null();
            }
        }
        Ok(builder.finish().into_column())
    };
    first.map_many(run, &inputs, |_, _| Ok(field("key", Type::Text)))
}

/// The rows before the first for which `holds` is false.
pub(super) fn leading(frame: Frame, holds: Lazy, limit: usize, keep_last: bool) -> Frame {
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

impl Executor<'_> {
    pub(super) fn sort(&self, frame: Frame, keys: &[SortKey], limit: usize) -> Frame {
        let (by, options) = sort_keys(keys, &frame);
        let mut lazy = frame.lazy;
        if !by.is_empty() {
            lazy = lazy.sort_by_exprs(by, options);
        }
        if limit > 0 {
            lazy = lazy.limit(u32::try_from(limit).unwrap_or(u32::MAX));
        }
        Frame {
            lazy,
            schema: frame.schema,
        }
    }

    pub(super) fn limit(&self, frame: Frame, count: usize, tail: bool) -> Frame {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let lazy = if tail {
            frame.lazy.tail(count).reverse()
        } else {
            frame.lazy.limit(count)
        };
        Frame {
            lazy,
            schema: frame.schema,
        }
    }

    pub(super) fn distinct(&self, frame: Frame, plan: &crate::plan::Plan) -> Result<Frame> {
        let crate::plan::Plan::Distinct {
            fields,
            count,
            keep_empty,
            keep_events,
            consecutive,
            ..
        } = plan
        else {
            return Ok(frame);
        };
        const KEY: &str = "__key";
        const RANK: &str = "__rank";
        let key = || column(KEY);
        let mut lazy = frame
            .lazy
            .clone()
            .with_column(combination(fields, &frame).alias(KEY));
        if *consecutive {
            // Neighbours of one key form a run, numbered by how many changes came before.
            let changed = key().neq_missing(key().shift(lit(1))).cast(DataType::Int64);
            lazy = lazy.with_column(changed.cum_sum(false).alias("__run"));
        }
        let group = if *consecutive { column("__run") } else { key() };
        // Whether the key is missing is itself never missing, so that every row counts.
        let rank = key()
            .is_null()
            .cum_count(false)
            .cast(DataType::Int64)
            .over([group])
            .map_err(polars_error)?;
        lazy = lazy.with_column(rank.alias(RANK));
        let first = column(RANK).lt_eq(lit(*count as i64));
        let empty = key().is_null();
        let lazy = if *keep_events {
            let cleared: Vec<Lazy> = fields
                .iter()
                .filter(|f| frame.has(f))
                .map(|f| {
                    when(first.clone().or(empty.clone()))
                        .then(column(f))
                        .otherwise(lit(polars::prelude::NULL))
                        .alias(f.as_str())
                })
                .collect();
            lazy.with_columns(cleared)
        } else if *keep_empty {
            lazy.filter(empty.or(first))
        } else {
            lazy.filter(empty.not().and(first))
        };
        let names = frame.schema.keys().cloned().collect();
        let schema = frame.schema;
        Ok(Frame { lazy, schema }.select(names))
    }

    /// A time put into buckets of a span.
    pub(super) fn bucket(
        &self,
        frame: Frame,
        from: &str,
        to: &str,
        span: &Span,
        align: Option<f64>,
    ) -> Frame {
        // Only `_time` is a time; a bucket's start elsewhere is epoch seconds.
        let texts = matches!(frame.kind(from), Type::Text | Type::Any | Type::Multi);
        let bucketed_kind = match to {
            "_time" => Type::Time,
            _ if texts => Type::Any,
            _ => Type::Number,
        };
        let zone = self.context.clock.zone;
        let span = *span;
        let align = align.map(|seconds| (seconds * 1e6) as i64);
        let bucketed = column(from).map(
            move |c| {
                let cells = Cells::new(&c);
                let mut builder = Builder::new(c.name(), bucketed_kind, c.len());
                for row in 0..c.len() {
                    let value = cells.get(row);
                    builder.push(match value.as_number() {
                        Some(seconds) => {
                            let micros = (seconds * 1e6).round() as i64;
                            span.floor(micros, zone, align)
                                .map_or(Value::Null, |start| Value::Num(start as f64 / 1e6))
                        }
                        // What is no number is in no bucket, and stays.
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
