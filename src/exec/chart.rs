//! Tables for charts: buckets of time, series and their selection, gaps filled.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Chart>
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Timechart>

use std::collections::{HashMap, HashSet};

use polars::prelude::{Column, IntoColumn as _, StringChunkedBuilder, lit};

use crate::error::Result;
use crate::exec::Executor;
use crate::exec::aggregate::Grouping;
use crate::exec::chart_time::{ROW_LIMIT, Times};
use crate::exec::column::field;
use crate::exec::frame::{Frame, cast, column, missing, to_table};
use crate::functions::stats::Samples;
use crate::plan::chart::{Chart, Keep, PART, Split};
use crate::plan::pivot::{Data, Pivot};
use crate::plan::table::Table;
use crate::plan::{AggregateCall, AggregateInput, ByField};
use crate::value::{Type, Value, format_number, parse_number};

/// The column that names a row's series.
const SERIES: &str = "__series";

impl Executor<'_> {
    /// The table of a chart.
    ///
    /// # Errors
    /// What the arguments' expressions say; more buckets of time than are shown.
    pub(super) fn chart(&self, frame: Frame, chart: &Chart) -> Result<Frame> {
        let (frame, calls) = self.argument_columns(frame, &chart.aggregates)?;
        let mut frame = self.needed(frame, &calls, chart)?;
        let mut times = None;
        if let (Some(buckets), Some(row)) = (&chart.times, &chart.row) {
            let found = Times::of(self, &frame, row, buckets, chart.span)?;
            frame = self.bucket(frame, row, row, &found.span, buckets.align);
            times = Some(found);
        }
        if let Some(split) = &chart.split {
            frame = self.with_series(frame, split, chart.distinct)?;
        }
        let mut long = self.long(&frame, &calls, chart)?;
        if let Some(split) = &chart.split
            && let Some(kept) = self.kept_series(&frame, &calls, &long, split)?
        {
            frame = shown(frame, split, kept);
            long = self.long(&frame, &calls, chart)?;
        }
        let data: Vec<Data> = self.data(&long, &calls, chart);
        if let (Some(times), Some(row)) = (&times, &chart.row) {
            times.scale(&mut long, row, &calls);
        }
        let mut table = match &chart.split {
            None => {
                let mut table = long;
                fill_cells(&mut table, &data);
                table
            }
            Some(split) => Pivot {
                row: chart.row.clone(),
                series: SERIES.to_owned(),
                data: data.clone(),
                naming: chart.naming.clone(),
                last: [&split.null, &split.other].into_iter().flatten().cloned().collect(),
            }
            .pivot(&long),
        };
        if let Some(row) = &chart.row {
            if let (Some(times), Some(buckets)) = (times, &chart.times) {
                table = times.fill(table, row, buckets, &data, chart)?;
            } else if let Some(width) = chart.width {
                table = fill_numbers(table, row, width, &data, chart);
            }
        }
        Frame::from_table(table)
    }

    /// The columns that count, as rows there are.
    fn needed(&self, frame: Frame, calls: &[AggregateCall], chart: &Chart) -> Result<Frame> {
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
        let rows = self.collect(frame.select(names))?;
        let names = rows.names().into_iter().map(str::to_owned);
        let schema = names.zip(rows.types().iter().copied()).collect();
        Ok(Frame::typed(rows.frame().clone(), schema))
    }

    /// The rows with the name of their series; those that have none are left out.
    fn with_series(&self, frame: Frame, split: &Split, distinct: bool) -> Result<Frame> {
        if !frame.has(&split.field) {
            self.context.missing_field(&split.field, &frame.schema);
        }
        let copied = if frame.has(&split.field) {
            let kind = frame.kind(&split.field);
            let value = match kind {
                Type::Multi => column(&split.field),
                Type::Time => cast(
                    cast(column(&split.field), kind, Type::Number),
                    Type::Number,
                    Type::Text,
                ),
                _ => cast(column(&split.field), kind, Type::Text),
            };
            let stored = if kind == Type::Multi { kind } else { Type::Text };
            (SERIES.to_owned(), stored, value)
        } else {
            (SERIES.to_owned(), Type::Text, missing(Type::Text))
        };
        let by = [by_field(SERIES, distinct)];
        let (frame, _) = self.group_columns(frame.with(vec![copied]), &by, None)?;
        Ok(match &split.null {
            Some(null) => {
                let named = column(SERIES).fill_null(lit(null.as_str()));
                frame.with(vec![(SERIES.to_owned(), Type::Text, named)])
            }
            None => Frame {
                lazy: frame.lazy.filter(column(SERIES).is_not_null()),
                schema: frame.schema,
            },
        })
    }

    /// A row for each row of the chart and each series.
    fn long(&self, frame: &Frame, calls: &[AggregateCall], chart: &Chart) -> Result<Table> {
        let mut by: Vec<ByField> = chart
            .row
            .iter()
            .map(|n| by_field(n, chart.distinct))
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

    /// The columns that fill the cells. What an empty cell holds is what the function gives for
    /// no values: 0 for counts, nothing for others.
    fn data(&self, long: &Table, calls: &[AggregateCall], chart: &Chart) -> Vec<Data> {
        let keys = [chart.row.as_deref(), chart.split.as_ref().map(|_| SERIES)];
        long.columns()
            .iter()
            .filter(|c| !keys.contains(&Some(c.name.as_str())))
            .map(|c| {
                let empty = calls
                    .iter()
                    .find(|call| call.name == c.name)
                    .map_or(Value::Null, |call| (call.function.body)(&Samples::default()));
                Data {
                    name: c.name.clone(),
                    empty,
                }
            })
            .collect()
    }

    /// The series that are shown; none when all are.
    fn kept_series(
        &self,
        frame: &Frame,
        calls: &[AggregateCall],
        long: &Table,
        split: &Split,
    ) -> Result<Option<HashSet<String>>> {
        let Some(keep) = split.keep else {
            return Ok(None);
        };
        let series = |row: usize| long.value(SERIES, row).into_text().map(|t| t.into_owned());
        // Of each series, the values of the first aggregation.
        let judged = match split.score.as_ref().map(|s| &s.arg) {
            Some(AggregateInput::Field(pattern)) if !frame.has(&pattern.text) => {
                Some(pattern.text.clone())
            }
            _ => calls
                .iter()
                .map(|c| c.name.clone())
                .find(|n| long.column(n).is_some())
                .or_else(|| long.columns().last().map(|c| c.name.clone())),
        };
        let mut values: HashMap<String, Vec<Value<'static>>> = HashMap::new();
        for row in 0..long.height() {
            let Some(name) = series(row).filter(|n| Some(n) != split.null.as_ref()) else {
                continue;
            };
            let cells = values.entry(name).or_default();
            if let Some(judged) = &judged {
                cells.push(long.value(judged, row).into_owned());
            }
        }
        let raw = match &split.score {
            Some(score) if score.function.name == "count" => Some(score),
            Some(score) => match &score.arg {
                AggregateInput::Field(pattern) if frame.has(&pattern.text) => Some(score),
                _ => None,
            },
            None => None,
        };
        let scores: HashMap<String, f64> = match raw {
            Some(score) => self.raw_scores(frame, score)?,
            None => values
                .into_iter()
                .map(|(name, cells)| {
                    let numbers = cells.iter().filter_map(Value::as_number);
                    let score = match &split.score {
                        None => numbers.sum(),
                        Some(score) => (score.function.body)(&Samples {
                            values: cells,
                            parameter: score.parameter,
                            ..Samples::default()
                        })
                        .as_number()
                        .unwrap_or(f64::NEG_INFINITY),
                    };
                    (name, score)
                })
                .collect(),
        };
        let mut ranked: Vec<(&String, f64)> = scores
            .iter()
            .filter(|(name, _)| Some(*name) != split.null.as_ref())
            .map(|(name, score)| (name, *score))
            .collect();
        let highest_first = !matches!(keep, Keep::Bottom(_) | Keep::NotBottom(_));
        // Of equal scores the first in order of text goes first, capitals before small letters.
        ranked.sort_by(|(a, x), (b, y)| {
            let by_score = if highest_first { y.total_cmp(x) } else { x.total_cmp(y) };
            by_score.then_with(|| a.cmp(b))
        });
        let all = ranked.len();
        let kept: HashSet<String> = ranked
            .into_iter()
            .enumerate()
            .filter(|(at, (_, score))| match keep {
                Keep::Top(n) | Keep::Bottom(n) => *at < n,
                Keep::NotTop(n) | Keep::NotBottom(n) => *at >= n,
                Keep::Above(limit) => *score > limit,
                Keep::Below(limit) => *score < limit,
            })
            .map(|(_, (name, _))| name.clone())
            .collect();
        Ok((kept.len() < all).then_some(kept))
    }

    /// What an aggregation over the rows gives for each series.
    fn raw_scores(&self, frame: &Frame, score: &AggregateCall) -> Result<HashMap<String, f64>> {
        let by = [by_field(SERIES, false)];
        let grouping = Grouping {
            by: &by,
            fill: None,
            all_numbers: false,
            sorted: false,
        };
        let call = AggregateCall {
            name: "__score".to_owned(),
            ..score.clone()
        };
        let table = to_table(&self.collect(self.aggregate(frame.clone(), &[call], &grouping)?)?);
        Ok((0..table.height())
            .filter_map(|row| {
                let name = table.value(SERIES, row).into_text()?.into_owned();
                let score = table.value("__score", row).as_number();
                Some((name, score.unwrap_or(f64::NEG_INFINITY)))
            })
            .collect())
    }
}

fn by_field(name: &str, distinct: bool) -> ByField {
    ByField {
        name: name.to_owned(),
        span: None,
        distinct,
    }
}

/// The rows of the kept series, and of the one for the others if there is one.
fn shown(frame: Frame, split: &Split, kept: HashSet<String>) -> Frame {
    let null = split.null.clone();
    let other = split.other.clone();
    let renamed = column(SERIES).map(
        move |c: Column| {
            let names = c.str()?;
            let mut builder = StringChunkedBuilder::new(c.name().clone(), c.len());
            for name in names.iter() {
                builder.append_option(match name {
                    Some(name) if kept.contains(name) || Some(name) == null.as_deref() => {
                        Some(name)
                    }
                    Some(_) => other.as_deref(),
                    None => None,
                });
            }
            Ok(builder.finish().into_column())
        },
        |_, f| Ok(field(f.name(), Type::Text)),
    );
    let frame = frame.with(vec![(SERIES.to_owned(), Type::Text, renamed)]);
    Frame {
        lazy: frame.lazy.filter(column(SERIES).is_not_null()),
        schema: frame.schema,
    }
}

fn fill_cells(table: &mut Table, data: &[Data]) {
    for Data { name, empty } in data.iter().filter(|d| !d.empty.is_null()) {
        if let Some(c) = table.take(name) {
            let values = c
                .values
                .into_iter()
                .map(|v| if v.is_null() { empty.clone() } else { v })
                .collect();
            table.set(name.clone(), c.kind, values);
        }
    }
}

/// What the cells of a row hold that no event belongs to, by column.
pub(super) fn empty_cells(table: &Table, row: &str, data: &[Data], chart: &Chart) -> Vec<Value<'static>> {
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
                    None => c.name.starts_with(&format!("{}{}", d.name, chart.naming.sep)),
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

/// The table with rows for the ranges of numbers that no event belongs to.
fn fill_numbers(table: Table, row: &str, width: f64, data: &[Data], chart: &Chart) -> Table {
    let low = |value: &Value<'_>| {
        let text = value.as_text()?.into_owned();
        let dash = text[1..].find('-')? + 1;
        parse_number(&text[..dash])
    };
    let Some(lows) = table.column(row).map(|c| {
        c.values
            .iter()
            .filter_map(|v| low(v).map(|l| (l / width).round() as i64))
            .collect::<Vec<i64>>()
    }) else {
        return table;
    };
    let (Some(first), Some(last)) = (lows.iter().min(), lows.iter().max()) else {
        return table;
    };
    if lows.len() != table.height() || (last - first) as usize >= ROW_LIMIT {
        return table;
    }
    let at: HashMap<i64, usize> = lows.iter().enumerate().map(|(i, l)| (*l, i)).collect();
    let wanted: Vec<(Option<usize>, Value<'static>)> = (*first..=*last)
        .map(|n| {
            let start = n as f64 * width;
            let label = format!("{}-{}", format_number(start), format_number(start + width));
            (at.get(&n).copied(), Value::text(label))
        })
        .collect();
    let cells = empty_cells(&table, row, data, chart);
    with_rows(table, row, &wanted, cells)
}

/// The table with these rows: one that is there, or an empty one of that name.
pub(super) fn with_rows(
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
