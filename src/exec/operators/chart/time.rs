//! The time axis of a chart: bucket length, buckets, and the scaling of rates by bucket length.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Timechart>

use std::collections::HashMap;

use polars::prelude::DataType;

use crate::error::{Error, ErrorKind, Result};
use crate::exec::context::Executor;
use crate::exec::frame::{Frame, cast, column, to_table};
use crate::exec::operators::chart::{empty_cells, with_rows};
use crate::plan::AggregateCall;
use crate::plan::chart::{Chart, TimeBuckets};
use crate::plan::pivot::Data;
use crate::plan::table::Table;
use crate::source::Span as Place;
use crate::time::Span;
use crate::value::{Type, Value};

/// The maximum number of rows of a chart, as in Splunk.
pub(in crate::exec) const ROW_LIMIT: usize = 50_000;

/// The buckets of a chart.
pub(in crate::exec) struct Times {
    /// The bucket length.
    pub span: Span,
    zone: chrono_tz::Tz,
    align: Option<i64>,
    place: Place,
}

fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

impl Times {
    /// The buckets for these rows.
    ///
    /// # Errors
    /// If reading the times fails.
    pub(in crate::exec) fn of(
        executor: &Executor<'_>,
        frame: &Frame,
        row: &str,
        buckets: &TimeBuckets,
        place: Place,
    ) -> Result<Times> {
        let span = match buckets.span {
            Some(span) => span,
            None => {
                let (first, last) = executor.bounds(frame, row)?;
                let from = buckets.from.or(first).unwrap_or(0.0);
                let to = buckets.to.or(last).unwrap_or(from);
                Span::fitting(to - from, buckets.bins, buckets.min_span)
            }
        };
        Ok(Times {
            span,
            zone: executor.context.clock.zone,
            align: buckets.align.map(micros),
            place,
        })
    }

    fn floor(&self, micros: i64) -> Option<i64> {
        self.span.floor(micros, self.zone, self.align)
    }

    /// Scales rates: the sum of each bucket, per the function's unit of time.
    pub(in crate::exec) fn scale(&self, long: &mut Table, row: &str, calls: &[AggregateCall]) {
        for call in calls {
            let Some(per) = call.function.per else {
                continue;
            };
            let starts: Vec<Option<f64>> = (0..long.height())
                .map(|at| long.value(row, at).as_number())
                .collect();
            let Some(sums) = long.column(&call.name) else {
                continue;
            };
            let values = sums
                .values
                .iter()
                .zip(starts)
                .map(|(sum, start)| {
                    let length = start.and_then(|start| {
                        let start = micros(start);
                        let next = self.span.next(start, self.zone, self.align)?;
                        Some((next - start) as f64 / 1e6)
                    });
                    match (sum.as_number(), length) {
                        (Some(sum), Some(length)) => Value::number(sum / length * per),
                        _ => Value::Null,
                    }
                })
                .collect();
            long.set(call.name.clone(), Type::Number, values);
        }
    }

    /// Adds empty buckets and drops partial ones, as requested.
    ///
    /// # Errors
    /// If there are more buckets than the row limit.
    pub(in crate::exec) fn fill(
        &self,
        table: Table,
        row: &str,
        buckets: &TimeBuckets,
        data: &[Data],
        chart: &Chart,
    ) -> Result<Table> {
        let starts: Vec<i64> = (0..table.height())
            .filter_map(|at| table.value(row, at).as_number().map(micros))
            .collect();
        let at: HashMap<i64, usize> = starts.iter().enumerate().map(|(i, s)| (*s, i)).collect();
        let mut wanted: Vec<i64> = if buckets.continuous {
            let first = buckets
                .from
                .and_then(|from| self.floor(micros(from)))
                .or(starts.iter().min().copied());
            let end = buckets.to.map(micros);
            let last = starts.iter().max().copied();
            let mut all = Vec::new();
            let mut next = first;
            while let Some(start) = next
                && match end {
                    Some(end) => start < end,
                    None => last.is_some_and(|last| start <= last),
                }
            {
                if all.len() >= ROW_LIMIT {
                    return Err(Error::new(ErrorKind::TooLarge(format!(
                        "buckets of {} are more than {ROW_LIMIT} rows",
                        self.span
                    )))
                    .at(self.place)
                    .hint("a longer span, or cont=false, makes fewer rows"));
                }
                all.push(start);
                // An alignment that a calendar unit does not have continues in its own steps.
                next = self
                    .span
                    .next(start, self.zone, self.align)
                    .filter(|n| *n > start);
            }
            // Keeps buckets that an irregular calendar placed elsewhere.
            all.extend(&starts);
            all.sort_unstable();
            all.dedup();
            all
        } else {
            starts
        };
        if !buckets.partial {
            let whole = |start: &i64| {
                let next = self
                    .span
                    .next(*start, self.zone, self.align)
                    .unwrap_or(i64::MAX);
                buckets.from.is_none_or(|from| micros(from) <= *start)
                    && buckets.to.is_none_or(|to| micros(to) >= next)
            };
            wanted.retain(whole);
        }
        let wanted: Vec<(Option<usize>, Value<'static>)> = wanted
            .into_iter()
            .map(|start| (at.get(&start).copied(), Value::Num(start as f64 / 1e6)))
            .collect();
        let cells = empty_cells(&table, row, data, chart);
        Ok(with_rows(table, row, &wanted, cells))
    }
}

impl Executor<'_> {
    /// The first and last time of a column.
    fn bounds(&self, frame: &Frame, row: &str) -> Result<(Option<f64>, Option<f64>)> {
        if !frame.has(row) {
            return Ok((None, None));
        }
        let time = || cast(column(row), frame.kind(row), Type::Number).cast(DataType::Float64);
        let mut schema = crate::plan::schema::Schema::new();
        schema.insert("low".to_owned(), Type::Number);
        schema.insert("high".to_owned(), Type::Number);
        let lazy = frame
            .lazy
            .clone()
            .select([time().min().alias("low"), time().max().alias("high")]);
        let table = to_table(&self.collect(Frame { lazy, schema })?);
        let value = |name: &str| table.value(name, 0).as_number();
        Ok((value("low"), value("high")))
    }
}
