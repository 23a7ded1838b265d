//! `Distinct`: the first rows of each combination of values.

use polars::prelude::{
    Column, DataType, Expr as Lazy, IntoColumn as _, StringChunkedBuilder, lit, when,
};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::broadcast::{broadcast, broadcast_len};
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::time_order::{BY_TIME, by_time};
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column, missing, polars_error};
use crate::exec::kernels::dictionary::Dictionary;
use crate::plan::Plan;
use crate::value::{Type, Value};

/// Removes duplicates within each multivalue.
pub(in crate::exec) fn distinct_values(c: Lazy) -> Lazy {
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
            let cells = ValueReader::new(&column);
            let mut builder = Builder::new(column.name(), kind, column.len());
            for row in 0..column.len() {
                builder.push(f(cells.get(row)));
            }
            Ok(builder.finish())
        },
        move |_, f| Ok(field(f.name(), kind)),
    )
}

/// Encodes the values of several fields as one string; missing if one of them is.
pub(in crate::exec) fn composite_key(fields: &[String], frame: &Frame) -> Lazy {
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
        let height = broadcast_len(columns);
        let cells: Vec<ValueReader<'_>> = columns.iter().map(ValueReader::new).collect();
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

/// Keeps the first row of each combination of values, or the newest if rows are not yet sorted by
/// time: the caller then sorts the few that remain.
fn distinct_on(frame: Frame, fields: &[String], keep_empty: bool, newest_first: bool) -> Frame {
    let there = |name: &String| match frame.has(name) {
        true => column(name),
        false => missing(Type::Text),
    };
    let by_time = newest_first && frame.kind(BY_TIME) == Type::Time;
    let mut inputs: Vec<Lazy> = fields.iter().map(there).collect();
    inputs.extend(by_time.then(|| column(BY_TIME).cast(DataType::Int64)));
    let first = inputs.remove(0);
    let run = move |columns: &mut [Column]| {
        let columns = broadcast(columns);
        let height = columns.first().map_or(0, Column::len);
        let cells: Vec<ValueReader<'_>> = columns.iter().map(ValueReader::new).collect();
        let (keys, time) = cells.split_at(cells.len() - usize::from(by_time));
        let distinct = Dictionary::of(keys, height);
        let mut first = distinct.firsts.clone();
        if let [ValueReader::Int(times)] = time {
            // A row without a time comes after all that have one.
            let mut newest: Vec<Option<i64>> = vec![None; first.len()];
            for (row, time) in times.iter().enumerate() {
                let kind = distinct.kind(row);
                if time > newest[kind] {
                    (newest[kind], first[kind]) = (time, row);
                }
            }
        }
        let empty = |row: usize| keys.iter().any(|key| key.get(row).is_null());
        let mut kept = vec![false; height];
        for (row, seen) in first.into_iter().zip(&distinct.firsts) {
            kept[row] = !empty(*seen);
        }
        if keep_empty {
            for (row, kept) in kept.iter_mut().enumerate() {
                *kept |= empty(row);
            }
        }
        Ok(Column::new(columns[0].name().clone(), kept))
    };
    // Needs all rows: only then is the first of each combination known.
    let keep = first.apply_many(run, &inputs, |_, f| Ok(field(f[0].name(), Type::Bool)));
    Frame {
        lazy: frame.lazy.filter(keep),
        schema: frame.schema,
    }
}

impl Executor<'_> {
    /// Keeps the first rows of each combination of values.
    ///
    /// # Errors
    /// If lowering the input fails.
    pub(in crate::exec) fn distinct(
        &self,
        input: &Plan,
        plan: &Plan,
        merge: bool,
    ) -> Result<Frame> {
        let Plan::Distinct {
            fields,
            count,
            keep_empty,
            keep_events,
            consecutive,
            ..
        } = plan
        else {
            return self.lower(input);
        };
        if *count == 1 && !keep_events && !consecutive {
            let (frame, newest_first) = match merge {
                true => self.lower_unordered(input)?,
                false => (self.lower(input)?, false),
            };
            let found = distinct_on(frame, fields, *keep_empty, newest_first);
            return Ok(match newest_first {
                true => by_time(found),
                false => found,
            });
        }
        let frame = self.lower(input)?;
        const KEY: &str = "__key";
        const RANK: &str = "__rank";
        let key = || column(KEY);
        let mut lazy = frame
            .lazy
            .clone()
            .with_column(composite_key(fields, &frame).alias(KEY));
        if *consecutive {
            // Adjacent rows with one key form a run, numbered by the changes before it.
            let changed = key().neq_missing(key().shift(lit(1))).cast(DataType::Int64);
            lazy = lazy.with_column(changed.cum_sum(false).alias("__run"));
        }
        let group = if *consecutive { column("__run") } else { key() };
        // `is_null` is never null, so that every row counts.
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
}
