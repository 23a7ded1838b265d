//! `streamstats`: running aggregates, computed in one pass over the columns in use.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use polars::prelude::{
    Column, DataFrame, DataType, Expr as Lazy, Field, IntoColumn as _, IntoSeries as _, PlSmallStr,
    PolarsResult,
};

use crate::error::{Error, ErrorKind, Result};
use crate::exec::context::Executor;
use crate::exec::expr::scalar::stop;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, ROWS, cast, column, missing};
use crate::exec::operators::distinct::composite_key;
use crate::functions::Context;
use crate::functions::stats::StatsFunction;
use crate::functions::stats::running::{AllNumbers, Course, Running, running};
use crate::plan::AggregateInput;
use crate::plan::expr::bind::{Binder, Program};
use crate::plan::stream::Stream;
use crate::plan::texts::parse_search;
use crate::value::{Type, Value};

/// The struct column of all results, until it is split.
const RESULTS: &str = "__stream";

/// One result: its function and its input column; without one it counts rows.
struct Call {
    function: &'static StatsFunction,
    course: Course,
    input: Option<usize>,
    kind: Type,
}

/// The source of a value in a reset condition.
enum Slot {
    Input(usize),
    Result(usize),
}

/// A reset condition.
struct ResetCondition {
    program: Program,
    slots: Vec<Slot>,
}

/// The parameters of the pass over the rows.
struct RunningWindow {
    stream: Stream,
    calls: Vec<Call>,
    key: Option<usize>,
    time: Option<usize>,
    before: Option<ResetCondition>,
    after: Option<ResetCondition>,
    clock: Context,
}

impl Executor<'_> {
    /// Adds to each row the aggregates of the rows up to it.
    ///
    /// # Errors
    /// If an argument expression is invalid, or a time window is used on rows that are not sorted
    /// by time.
    pub(in crate::exec) fn stream(&self, frame: Frame, stream: &Stream) -> Result<Frame> {
        let before: Vec<String> = frame.schema.keys().cloned().collect();
        let (frame, calls) = self.argument_columns(frame, &stream.aggregates)?;
        let mut inputs: Vec<Lazy> = vec![column(before.first().map_or(ROWS, String::as_str))];
        let mut add = |expr: Lazy| {
            inputs.push(expr);
            inputs.len() - 1
        };
        let key = match stream.by.as_slice() {
            [] => None,
            [name] if frame.has(name) && frame.kind(name) != Type::Multi => {
                Some(add(cast(column(name), frame.kind(name), Type::Text)))
            }
            several => {
                for name in several.iter().filter(|n| !frame.has(n)) {
                    self.context.missing_field(name, &frame.schema);
                }
                Some(add(composite_key(several, &frame)))
            }
        };
        let time = frame
            .has("_time")
            .then(|| add(cast(column("_time"), frame.kind("_time"), Type::Number)));
        let mut names: Vec<String> = Vec::new();
        let mut results: Vec<Call> = Vec::new();
        for call in &calls {
            let (input, of) = match &call.arg {
                AggregateInput::Field(pattern) => {
                    let name = &pattern.text;
                    let of = frame.kind(name);
                    if !frame.has(name) {
                        self.context.missing_field(name, &frame.schema);
                        (Some(add(missing(Type::Text))), Type::Text)
                    } else if of == Type::Time {
                        (
                            Some(add(cast(column(name), of, Type::Number))),
                            Type::Number,
                        )
                    } else {
                        (Some(add(column(name))), of)
                    }
                }
                AggregateInput::Row | AggregateInput::Expr(_) => (None, Type::Number),
            };
            if names.contains(&call.name) {
                continue;
            }
            names.push(call.name.clone());
            results.push(Call {
                function: call.function,
                course: Course {
                    parameter: call.parameter,
                    list_limit: self.context.limits.list_values,
                    leaves: stream.window > 0 || stream.seconds.is_some(),
                    numeric: of == Type::Number,
                },
                input,
                kind: (call.function.returns)(of),
            });
        }
        let mut schema = frame.schema.clone();
        for (name, call) in names.iter().zip(&results) {
            schema.insert(name.clone(), call.kind);
        }
        let mut reset = |condition: &Option<crate::syntax::ast::Expr>, sees_results: bool| {
            let Some(condition) = condition else {
                return Ok(None);
            };
            let known = if sees_results { &schema } else { &frame.schema };
            let program =
                Binder::new(known, &|text| parse_search(self.context, text)).any(condition)?;
            let slots = program
                .slots
                .iter()
                .map(|name| match names.iter().position(|n| n == name) {
                    Some(at) if sees_results => Slot::Result(at),
                    _ if frame.kind(name) == Type::Time => {
                        Slot::Input(add(cast(column(name), Type::Time, Type::Number)))
                    }
                    _ if frame.has(name) => Slot::Input(add(column(name))),
                    _ => Slot::Input(add(missing(Type::Text))),
                })
                .collect();
            Ok::<_, Error>(Some(ResetCondition { program, slots }))
        };
        let pass = RunningWindow {
            before: reset(&stream.reset_before, false)?,
            after: reset(&stream.reset_after, true)?,
            stream: stream.clone(),
            calls: results,
            key,
            time,
            clock: self.context.clock.clone(),
        };
        // By number, since Polars would read some names as patterns.
        let numbers: Vec<String> = (0..names.len()).map(|at| at.to_string()).collect();
        let fields: Vec<Field> = numbers
            .iter()
            .zip(&pass.calls)
            .map(|(number, call)| field(number, call.kind))
            .collect();
        let results_type = DataType::Struct(fields);
        let cancelled = Arc::clone(&self.context.cancelled);
        let failure = Arc::clone(&self.failure);
        let result_numbers = numbers.clone();
        let run = move |columns: &mut [Column]| -> PolarsResult<Column> {
            let stopped = || cancelled.load(Ordering::Relaxed);
            let results = pass
                .run(columns, &stopped)
                .map_err(|error| stop(&failure, error))?;
            let height = columns[0].len();
            let columns = result_numbers
                .iter()
                .zip(results)
                .map(|(number, c)| c.with_name(PlSmallStr::from_str(number)))
                .collect();
            let all = DataFrame::new(height, columns)?.into_struct(RESULTS.into());
            Ok(all.into_series().into_column())
        };
        let first = inputs.remove(0);
        // Needs all rows: nothing may be filtered or cut off before.
        let results = first
            .apply_many(run, &inputs, move |_, _| {
                Ok(Field::new(RESULTS.into(), results_type.clone()))
            })
            .alias(RESULTS);
        let result = |number: &String| column(RESULTS).struct_().field_by_name(number);
        let taken: Vec<Lazy> = names
            .iter()
            .zip(&numbers)
            .map(|(name, number)| result(number).alias(name.as_str()))
            .collect();
        let lazy = frame.lazy.with_column(results).with_columns(taken);
        let kept = schema
            .keys()
            .filter(|n| before.contains(n) || names.contains(n))
            .cloned()
            .collect();
        Ok(Frame { lazy, schema }.select(kept))
    }
}

/// The rows in the window of one group.
#[derive(Default)]
struct Group {
    running: Vec<Box<dyn Running>>,
    rows: VecDeque<usize>,
}

impl RunningWindow {
    fn run(&self, columns: &[Column], stopped: &dyn Fn() -> bool) -> Result<Vec<Column>> {
        let cells: Vec<ValueReader<'_>> = columns.iter().map(ValueReader::new).collect();
        let single: Vec<bool> = columns.iter().map(|c| c.len() == 1).collect();
        let cell = |at: usize, row: usize| cells[at].get(if single[at] { 0 } else { row });
        let time = |row: usize| self.time.and_then(|at| cell(at, row).as_number());
        let value = |call: &Call, row: usize| match call.input {
            Some(at) => cell(at, row),
            None => Value::Num(1.0),
        };
        let height = columns[0].len();
        let mut builders: Vec<Builder> = self
            .calls
            .iter()
            .map(|call| Builder::new("", call.kind, height))
            .collect();
        let mut groups: Vec<Group> = Vec::new();
        let mut ids: HashMap<String, usize> = HashMap::new();
        // With a global window: its rows, of any group.
        let mut global: VecDeque<(usize, usize)> = VecDeque::new();
        let is_global = self.key.is_some() && self.stream.global && self.stream.window > 0;
        let mut last_group: Option<usize> = None;
        let mut results: Vec<Value<'static>> = vec![Value::Null; self.calls.len()];
        let mut before_time: Option<f64> = None;
        let mut direction = 0.0;
        for row in 0..height {
            if row % 4096 == 0 && stopped() {
                return Err(Error::new(ErrorKind::Interrupted));
            }
            let now = time(row);
            if self.stream.seconds.is_some() {
                if let (Some(before), Some(now)) = (before_time, now) {
                    let step = now - before;
                    if step * direction < 0.0 {
                        return Err(Error::argument(
                            self.stream.span,
                            "`time_window` needs rows in the order of their time",
                        )
                        .hint("add `| sort 0 _time` before it"));
                    }
                    if step != 0.0 {
                        direction = step;
                    }
                }
                before_time = now.or(before_time);
            }
            let group = match self.key {
                None => Some(0),
                Some(at) => cell(at, row)
                    .as_text()
                    .map(|key| match ids.get(key.as_ref()) {
                        Some(id) => *id,
                        None => {
                            let id = ids.len();
                            ids.insert(key.into_owned(), id);
                            id
                        }
                    }),
            };
            let changed = self.key.is_some()
                && self.stream.reset_on_change
                && group.is_some()
                && last_group.is_some()
                && group != last_group;
            last_group = group.or(last_group);
            if changed || self.holds(&self.before, row, &cell, &results)? {
                groups.clear();
                global.clear();
            }
            let Some(id) = group.filter(|_| self.stream.seconds.is_none() || now.is_some()) else {
                builders.iter_mut().for_each(|b| b.push(Value::Null));
                results.fill(Value::Null);
                continue;
            };
            if groups.len() <= id {
                groups.resize_with(id + 1, Group::default);
            }
            if groups[id].running.is_empty() {
                groups[id].running = self.calls.iter().map(|c| self.begin(c)).collect();
            }
            let leave = |group: &mut Group, old: usize| {
                for (state, call) in group.running.iter_mut().zip(&self.calls) {
                    state.remove(&value(call, old), time(old));
                }
            };
            if let (Some(seconds), Some(now)) = (self.stream.seconds, now) {
                let group = &mut groups[id];
                while let Some(&old) = group.rows.front()
                    && time(old).is_none_or(|t| (now - t).abs() >= seconds)
                {
                    group.rows.pop_front();
                    leave(group, old);
                }
            }
            let take = |groups: &mut Vec<Group>| {
                for (result, state) in results.iter_mut().zip(&groups[id].running) {
                    *result = state.result();
                }
            };
            let enter = |groups: &mut Vec<Group>, global: &mut VecDeque<(usize, usize)>| {
                let group = &mut groups[id];
                for (state, call) in group.running.iter_mut().zip(&self.calls) {
                    state.add(&value(call, row), now);
                }
                if self.stream.window > 0 || self.stream.seconds.is_some() {
                    group.rows.push_back(row);
                }
                if is_global {
                    global.push_back((id, row));
                    if global.len() > self.stream.window
                        && let Some((id, old)) = global.pop_front()
                        && groups[id].rows.front() == Some(&old)
                    {
                        groups[id].rows.pop_front();
                        leave(&mut groups[id], old);
                    }
                } else if self.stream.window > 0
                    && group.rows.len() > self.stream.window
                    && let Some(old) = group.rows.pop_front()
                {
                    leave(group, old);
                }
            };
            if self.stream.current {
                enter(&mut groups, &mut global);
                take_results(take, &mut groups);
            } else {
                take_results(take, &mut groups);
                enter(&mut groups, &mut global);
            }
            for (builder, result) in builders.iter_mut().zip(&results) {
                builder.push(result.borrowed());
            }
            if self.holds(&self.after, row, &cell, &results)? {
                groups.clear();
                global.clear();
            }
        }
        Ok(builders.into_iter().map(Builder::finish).collect())
    }

    fn begin(&self, call: &Call) -> Box<dyn Running> {
        let running = running(call.function, &call.course);
        if self.stream.all_numbers {
            Box::new(AllNumbers::new(running))
        } else {
            running
        }
    }

    fn holds<'c>(
        &self,
        reset: &Option<ResetCondition>,
        row: usize,
        cell: &dyn Fn(usize, usize) -> Value<'c>,
        results: &[Value<'static>],
    ) -> Result<bool> {
        let Some(reset) = reset else {
            return Ok(false);
        };
        let values: Vec<Value<'_>> = reset
            .slots
            .iter()
            .map(|slot| match slot {
                Slot::Input(at) => cell(*at, row),
                Slot::Result(at) => results[*at].borrowed(),
            })
            .collect();
        let value = reset
            .program
            .eval(&self.clock, &values)
            .map_err(|message| Error::argument(self.stream.span, message))?;
        Ok(value == Value::Bool(true))
    }
}

fn take_results(mut take: impl FnMut(&mut Vec<Group>), groups: &mut Vec<Group>) {
    take(groups);
}
