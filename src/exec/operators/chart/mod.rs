//! Tables for charts: time buckets, selection of series, gap filling.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Chart>
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Timechart>

pub(in crate::exec) mod series;
pub(in crate::exec) mod time;

use std::collections::BTreeMap;

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::engine::fences::has_file_scan;
use crate::exec::frame::{Frame, column, missing, to_table};
use crate::exec::operators::aggregate::Grouping;
use crate::exec::operators::chart::series::shown;
use crate::exec::operators::chart::time::{ROW_LIMIT, Times};
use crate::functions::stats::{GroupValues, stats_function};
use crate::plan::chart::{Chart, PART, Width};
use crate::plan::pivot::{Data, Pivot, range_of};
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::plan::{AggregateCall, AggregateInput, ByField};
use crate::value::{Type, Value, format_number};

/// The column that names a row's series.
pub(in crate::exec) const SERIES: &str = "__series";

/// The temporary name of the chart's row column.
const ROW: &str = "__row_of_chart";

impl Executor<'_> {
    /// Computes the table of a chart. `volatile` tells that computing the rows again may return
    /// different ones.
    ///
    /// # Errors
    /// If an argument expression is invalid, or there are more time buckets than the limit.
    pub(in crate::exec) fn chart(
        &self,
        frame: Frame,
        chart: &Chart,
        volatile: bool,
    ) -> Result<Frame> {
        let (frame, calls) = self.argument_columns(frame, &chart.aggregates)?;
        let summed_up = match volatile {
            false => summed_up(&frame, &calls, chart),
            true => None,
        };
        let mut frame = self.needed(frame, &calls, chart, summed_up.is_some())?;
        let mut times = None;
        if let Some(row) = &chart.row {
            if !frame.has(row) {
                self.context.missing_field(row, &frame.schema);
            }
            // A separate column: the aggregations see the field as it is.
            match &chart.times {
                Some(buckets) if frame.has(row) => {
                    let found = Times::of(self, &frame, row, buckets, chart.span)?;
                    frame = self.bucket(frame, row, ROW, &found.span, buckets.align);
                    times = Some(found);
                }
                _ => {
                    let value = if frame.has(row) {
                        column(row)
                    } else {
                        missing(Type::Text)
                    };
                    let kind = if frame.has(row) {
                        frame.kind(row)
                    } else {
                        Type::Text
                    };
                    frame = frame.with(vec![(ROW.to_owned(), kind, value)]);
                }
            }
        }
        if let Some(split) = &chart.split {
            frame = self.with_series(frame, split, chart.distinct)?;
        }
        let mut long = self.long(&frame, &calls, chart)?;
        if let Some(split) = &chart.split
            && let Some(kept) = self.kept_series(&frame, &calls, &long, split)?
        {
            long = match &summed_up {
                // The cells of the series that are not shown combine into those of the other series.
                Some(calls) => {
                    let cells = shown(Frame::from_table(long)?, split, kept);
                    self.long(&cells, calls, chart)?
                }
                None => {
                    frame = shown(frame, split, kept);
                    self.long(&frame, &calls, chart)?
                }
            };
        }
        let data: Vec<Data> = self.data(&long, &calls);
        if let Some(times) = &times {
            times.scale(&mut long, ROW, &calls);
        }
        let mut table = match &chart.split {
            None => {
                let mut table = long;
                fill_cells(&mut table, &data);
                table
            }
            Some(split) => Pivot {
                visible: true,
                row: chart.row.as_ref().map(|_| ROW.to_owned()),
                series: SERIES.to_owned(),
                data: data.clone(),
                naming: chart.naming.clone(),
                last: [&split.null, &split.other]
                    .into_iter()
                    .flatten()
                    .cloned()
                    .collect(),
            }
            .pivot(&long),
        };
        if let (Some(times), Some(buckets)) = (times, &chart.times) {
            table = times.fill(table, ROW, buckets, &data, chart)?;
        } else if let Some(width) = chart.width {
            table = fill_numbers(table, width, &data, chart);
        }
        Frame::from_table(named(table, chart))
    }

    /// Selects the columns in use, and collects them unless the rows are read only once.
    fn needed(
        &self,
        frame: Frame,
        calls: &[AggregateCall],
        chart: &Chart,
        once: bool,
    ) -> Result<Frame> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if frame.has(name) && !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        };
        chart.row.iter().for_each(|n| add(n));
        let score = chart.split.as_ref().and_then(|s| s.score.as_ref());
        if let Some(split) = &chart.split {
            add(&split.field);
        }
        for call in calls.iter().chain(score) {
            if let AggregateInput::Field(pattern) = &call.arg {
                add(&pattern.text);
            }
            if call.function.needs_time {
                add("_time");
            }
        }
        if chart.split.is_none() && chart.times.is_none() {
            return Ok(frame);
        }
        if once {
            return Ok(frame.select(names));
        }
        let rows = self.collect(frame.select(names))?;
        let names = rows.names().into_iter().map(str::to_owned);
        let schema = names.zip(rows.types().iter().copied()).collect();
        Ok(Frame::typed(rows.frame().clone(), schema))
    }

    /// Aggregates to one row per row of the chart and series.
    fn long(&self, frame: &Frame, calls: &[AggregateCall], chart: &Chart) -> Result<Table> {
        let mut by: Vec<ByField> = chart
            .row
            .iter()
            .map(|_| by_field(ROW, chart.distinct))
            .collect();
        if chart.split.is_some() {
            by.push(by_field(SERIES, false));
        }
        let grouping = Grouping {
            by: &by,
            fill: None,
            all_numbers: false,
            sorted: true,
        };
        let mut frame = self.aggregate(frame.clone(), calls, &grouping)?;
        for assignment in &chart.computed {
            frame = self.assign(frame, assignment)?;
        }
        let names = frame
            .schema
            .keys()
            .filter(|n| !n.starts_with(PART))
            .cloned()
            .collect();
        Ok(to_table(&self.collect(frame.select(names))?))
    }

    /// The columns that fill the cells. An empty cell holds the function's result for no values: 0
    /// for counts, missing for others.
    fn data(&self, long: &Table, calls: &[AggregateCall]) -> Vec<Data> {
        long.columns()
            .iter()
            .filter(|c| c.name != ROW && c.name != SERIES)
            .map(|c| {
                let empty = calls
                    .iter()
                    .find(|call| call.name == c.name)
                    .map_or(Value::Null, |call| {
                        (call.function.scalar)(&GroupValues::default())
                    });
                Data {
                    name: c.name.clone(),
                    empty,
                }
            })
            .collect()
    }
}

/// The aggregations that combine cells of a chart into larger ones. Returns `None` unless all of
/// them can be combined and rows come from files, which are then read once and not held in memory.
fn summed_up(frame: &Frame, calls: &[AggregateCall], chart: &Chart) -> Option<Vec<AggregateCall>> {
    let known_buckets = chart.times.as_ref().is_none_or(|b| b.span.is_some());
    if !known_buckets || !chart.computed.is_empty() || !has_file_scan(&frame.lazy) {
        return None;
    }
    let each = calls.iter().map(|call| {
        let numbers = match &call.arg {
            AggregateInput::Field(pattern) => frame.kind(&pattern.text) == Type::Number,
            AggregateInput::Row | AggregateInput::Expr(_) => false,
        };
        let function = match call.function.name {
            "count" => stats_function("sum")?.0,
            "min" | "max" if numbers => call.function,
            _ => return None,
        };
        Some(AggregateCall {
            function,
            arg: AggregateInput::Field(Pattern::exact(&call.name)),
            ..call.clone()
        })
    });
    each.collect()
}

pub(in crate::exec) fn by_field(name: &str, distinct: bool) -> ByField {
    ByField {
        name: name.to_owned(),
        span: None,
        distinct,
    }
}

fn fill_cells(table: &mut Table, data: &[Data]) {
    for Data { name, empty } in data.iter().filter(|d| !d.empty.is_null()) {
        if let Some(c) = table.column(name).cloned() {
            let filled = c
                .values
                .into_iter()
                .map(|v| if v.is_null() { empty.clone() } else { v });
            table.set(c.name, c.kind, filled.collect());
        }
    }
}

/// Renames the row column to the chart's name for it.
fn named(table: Table, chart: &Chart) -> Table {
    let mut out = Table::new(table.height());
    for c in table.into_columns() {
        if c.name == ROW {
            let is_time = chart.row_name == "_time";
            let kind = if is_time { Type::Time } else { c.kind };
            out.set(chart.row_name.clone(), kind, c.values);
        } else if chart.row.is_none() || c.name != chart.row_name {
            out.set(c.name, c.kind, c.values);
        }
    }
    out
}

/// The values of a row without events, by column.
pub(in crate::exec) fn empty_cells(
    table: &Table,
    row: &str,
    data: &[Data],
    chart: &Chart,
) -> Vec<Value<'static>> {
    table
        .columns()
        .iter()
        .map(|c| {
            if c.name == row {
                return Value::Null;
            }
            let of = match (&chart.split, data) {
                (Some(_), [one]) => Some(one),
                (Some(_), several) => several.iter().find(|d| match &chart.naming.format {
                    None => c
                        .name
                        .starts_with(&format!("{}{}", d.name, chart.naming.sep)),
                    Some(_) => chart
                        .naming
                        .column(&d.name, "\0")
                        .split('\0')
                        .all(|part| c.name.contains(part)),
                }),
                (None, several) => several.iter().find(|d| d.name == c.name),
            };
            of.map_or(Value::Null, |d| d.empty.clone())
        })
        .collect()
}

/// Sorts the table by its numeric ranges, and adds rows for empty ones if requested.
fn fill_numbers(table: Table, width: Width, data: &[Data], chart: &Chart) -> Table {
    let lows: Vec<(i64, usize)> = table.column(ROW).map_or_else(Vec::new, |c| {
        let low =
            |v: &Value<'_>| Some((range_of(v.as_text()?.as_ref())?.0 / width.of).round() as i64);
        let rows = c.values.iter().enumerate();
        rows.filter_map(|(at, v)| Some((low(v)?, at))).collect()
    });
    if lows.is_empty() || lows.len() != table.height() {
        return table;
    }
    let at: BTreeMap<i64, usize> = lows.into_iter().collect();
    let (first, last) = (at.keys().next().copied(), at.keys().next_back().copied());
    let (Some(first), Some(last)) = (first, last) else {
        return table;
    };
    let all: Vec<i64> = if width.continuous && ((last - first) as usize) < ROW_LIMIT {
        (first..=last).collect()
    } else {
        at.keys().copied().collect()
    };
    let wanted: Vec<(Option<usize>, Value<'static>)> = all
        .into_iter()
        .map(|n| {
            let start = n as f64 * width.of;
            let label = format!(
                "{}-{}",
                format_number(start),
                format_number(start + width.of)
            );
            (at.get(&n).copied(), Value::text(label))
        })
        .collect();
    let cells = empty_cells(&table, ROW, data, chart);
    with_rows(table, ROW, &wanted, cells)
}

/// Selects these rows of the table: existing ones, or empty ones with this name.
pub(in crate::exec) fn with_rows(
    table: Table,
    row: &str,
    wanted: &[(Option<usize>, Value<'static>)],
    cells: Vec<Value<'static>>,
) -> Table {
    let mut out = Table::new(wanted.len());
    for (c, cell) in table.into_columns().into_iter().zip(cells) {
        let is_row = c.name == row;
        let values = wanted
            .iter()
            .map(|(at, name)| match at {
                Some(at) => c.values[*at].clone(),
                None if is_row => name.clone(),
                None => cell.clone(),
            })
            .collect();
        out.set(c.name, c.kind, values);
    }
    out
}
