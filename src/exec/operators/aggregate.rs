//! Aggregation: `stats` and similar over whole frames.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use polars::prelude::{Column, DataType, Expr as Lazy, LazyFrame, ListChunked, lit, when};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::engine::fences::{has_file_scan, optimization_fence};
use crate::exec::expr::builtin_aggregates;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::{ValueReader, places_of};
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, cast, column, missing};
use crate::exec::operators::distinct::distinct_values;
use crate::exec::operators::distinct_count::flag_first_occurrences;
use crate::exec::operators::sort::sorted;
use crate::functions::stats::{Builtin, GroupValues};
use crate::plan::schema::{Pattern, Schema};
use crate::plan::{AggregateCall, AggregateInput, ByField, SortKey, SortOrder};
use crate::value::{Type, Value};

/// A lowered aggregate: the Polars aggregations, and the expression that computes the value from
/// them.
struct Lowered {
    name: String,
    kind: Type,
    aggregated: Vec<Lazy>,
    finish: Option<Lazy>,
}

/// Grouping options.
pub(in crate::exec) struct Grouping<'g> {
    pub by: &'g [ByField],
    /// The replacement for a missing `by` field.
    pub fill: Option<&'g str>,
    /// Returns no result for a field with a value that is not a number.
    pub all_numbers: bool,
    /// Sorts by the `by` fields; otherwise groups are in order of first appearance.
    pub sorted: bool,
}

impl Executor<'_> {
    /// Computes one row for each combination of the `by` fields.
    ///
    /// # Errors
    /// If an argument expression is invalid.
    pub(in crate::exec) fn aggregate(
        &self,
        frame: Frame,
        aggregates: &[AggregateCall],
        grouping: &Grouping<'_>,
    ) -> Result<Frame> {
        let (frame, names) = self.group_columns(frame, grouping.by, grouping.fill)?;
        let (frame, calls) = self.argument_columns(frame, aggregates)?;
        let (frame, whole) = self.in_order(frame, &names, &calls)?;
        let (frame, calls, marked) = flag_first_occurrences(frame, &names, calls);
        let mut schema: Schema = names.iter().map(|n| (n.clone(), frame.kind(n))).collect();
        let mut lazy = frame.lazy.clone();
        let lowered: Vec<Lowered> = calls
            .iter()
            .enumerate()
            .map(|(i, call)| self.lower_call(i, call, &frame, grouping.all_numbers, &whole))
            .collect();
        let aggregated: Vec<Lazy> = lowered.iter().flat_map(|l| l.aggregated.clone()).collect();
        lazy = if names.is_empty() {
            lazy.select(aggregated)
        } else {
            let keys: Vec<Lazy> = names.iter().map(|n| column(n)).collect();
            // Sorted later by unique keys, so groups may come in any order.
            let groups = match grouping.sorted {
                true => lazy.group_by(keys),
                false => lazy.group_by_stable(keys),
            };
            // Groups without a key are dropped only here, above a fence: pushed into the scan, this
            // condition would read the keys of all rows before evaluating any other filter.
            optimization_fence(groups.agg(aggregated)).filter(present(&names))
        };
        lazy = finish(lazy, &names, &lowered);
        for l in &lowered {
            // Of several columns with one name, including by-fields, the first stays.
            schema.entry(l.name.clone()).or_insert(l.kind);
        }
        let keys: Vec<SortKey> = names
            .iter()
            .map(|n| SortKey {
                field: n.clone(),
                descending: false,
                order: SortOrder::Value,
            })
            .collect();
        let out = Frame { lazy, schema };
        if keys.is_empty() || !grouping.sorted {
            return self.once(out, marked);
        }
        self.once(sorted(out, &keys, false), marked)
    }

    /// Collects the frame if it can be computed only once.
    fn once(&self, frame: Frame, once: bool) -> Result<Frame> {
        match once {
            true => self.computed_frame(frame),
            false => Ok(frame),
        }
    }

    /// Rows from files are aggregated in parts, in streaming order. If the rounding of a sum
    /// depends on that order, collects its columns first; sums of integers are exact. Also returns
    /// the integer columns.
    fn in_order(
        &self,
        frame: Frame,
        by: &[String],
        calls: &[AggregateCall],
    ) -> Result<(Frame, Vec<String>)> {
        let mut whole = Vec::new();
        if calls.iter().all(|call| call.function.decomposable) || !has_file_scan(&frame.lazy) {
            return Ok((frame, whole));
        }
        let of = |call: &AggregateCall| match &call.arg {
            AggregateInput::Field(pattern) => Some(pattern.text.clone()),
            AggregateInput::Row | AggregateInput::Expr(_) => None,
        };
        let may_sum = |call: &AggregateCall| {
            let is_number = |name: String| frame.kind(&name) == Type::Number;
            call.function.builtin.is_some_and(Builtin::is_exact) && of(call).is_some_and(is_number)
        };
        if calls.iter().any(may_sum) {
            let stored = frame.lazy.clone().collect_schema();
            let stored = stored.map_err(|e| self.failed(e))?;
            let names = stored.iter().filter(|(_, kind)| **kind == DataType::Int64);
            whole.extend(names.map(|(name, _)| name.to_string()));
        }
        let in_parts = |call: &AggregateCall| {
            let sums_whole = || of(call).is_some_and(|name| whole.contains(&name));
            let is_exact = call.function.builtin.is_some_and(Builtin::is_exact);
            call.function.decomposable || is_exact && sums_whole()
        };
        if calls.iter().all(in_parts) {
            return Ok((frame, whole));
        }
        let arguments = calls.iter().filter_map(of);
        let time = std::iter::once("_time".to_owned());
        let mut names: Vec<String> = Vec::new();
        for name in by.iter().cloned().chain(arguments).chain(time) {
            if frame.has(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
        Ok((self.computed_frame(frame.select(names))?, whole))
    }

    /// Prepares the `by` columns: adds missing ones, buckets, expands multivalues and fills.
    pub(in crate::exec) fn group_columns(
        &self,
        frame: Frame,
        by: &[ByField],
        fill: Option<&str>,
    ) -> Result<(Frame, Vec<String>)> {
        let mut frame = frame;
        let mut names: Vec<String> = Vec::new();
        for b in by {
            if names.contains(&b.name) {
                continue;
            }
            names.push(b.name.clone());
            let mut kind = frame.kind(&b.name);
            if !frame.has(&b.name) {
                self.context.missing_field(&b.name, &frame.schema);
                frame = frame.with(vec![(b.name.clone(), Type::Text, missing(Type::Text))]);
                kind = Type::Text;
            }
            if let Some(span) = &b.span {
                frame = self.bucket(frame, &b.name, &b.name, span, None);
            } else if kind == Type::Multi {
                if b.distinct {
                    let distinct = distinct_values(column(&b.name));
                    frame = frame.with(vec![(b.name.clone(), kind, distinct)]);
                }
                frame.lazy = frame.lazy.explode(
                    polars::prelude::by_name([b.name.as_str()], true, false),
                    polars::prelude::ExplodeOptions {
                        empty_as_null: true,
                        keep_nulls: true,
                    },
                );
                frame.schema.insert(b.name.clone(), Type::Text);
            }
        }
        if let Some(text) = fill {
            let filled = names
                .iter()
                .filter(|n| frame.kind(n) != Type::Time)
                .map(|n| {
                    let kind = frame.kind(n);
                    let value = cast(column(n), kind, Type::Text).fill_null(lit(text));
                    (n.clone(), kind.join(Type::Text), value)
                })
                .collect();
            frame = frame.with(filled);
        }
        Ok((frame, names))
    }

    /// Expands patterns, and computes expressions as separate columns.
    pub(in crate::exec) fn argument_columns(
        &self,
        frame: Frame,
        aggregates: &[AggregateCall],
    ) -> Result<(Frame, Vec<AggregateCall>)> {
        let mut calls = Vec::with_capacity(aggregates.len());
        let mut computed = Vec::new();
        for call in aggregates {
            match &call.arg {
                AggregateInput::Field(pattern) if pattern.is_wild() => {
                    let name = Pattern::new(call.name.clone());
                    for found in pattern.expand(&frame.schema) {
                        let captures = pattern.captures(&found).unwrap_or_default();
                        calls.push(AggregateCall {
                            name: name.fill(&captures),
                            arg: AggregateInput::Field(Pattern::exact(&found)),
                            ..call.clone()
                        });
                    }
                }
                AggregateInput::Expr(expr) => {
                    let temporary = format!("__arg{}", computed.len());
                    let (value, kind) = self.aggregate_argument(expr, &frame)?;
                    computed.push((temporary.clone(), kind, value));
                    calls.push(AggregateCall {
                        arg: AggregateInput::Field(Pattern::exact(&temporary)),
                        ..call.clone()
                    });
                }
                AggregateInput::Row | AggregateInput::Field(_) => calls.push(call.clone()),
            }
        }
        Ok((frame.with(computed), calls))
    }

    /// `count(eval(a>1))` counts where the condition holds; `sum(eval(a*b))` takes the value.
    fn aggregate_argument(
        &self,
        expr: &crate::syntax::ast::Expr,
        frame: &Frame,
    ) -> Result<(Lazy, Type)> {
        match self.value(expr, frame) {
            Ok(typed) => Ok(typed),
            Err(error) => match *error.kind {
                crate::error::ErrorKind::Type(_) => {
                    let condition = self.condition(expr, frame)?;
                    let one = when(condition)
                        .then(lit(1.0))
                        .otherwise(missing(Type::Number));
                    Ok((one, Type::Number))
                }
                _ => Err(error),
            },
        }
    }

    fn lower_call(
        &self,
        index: usize,
        call: &AggregateCall,
        frame: &Frame,
        all_numbers: bool,
        whole: &[String],
    ) -> Lowered {
        let name = call.name.clone();
        let temporary = |part: &str| format!("__agg{index}{part}");
        let AggregateInput::Field(pattern) = &call.arg else {
            return Lowered {
                name,
                kind: Type::Number,
                aggregated: vec![
                    polars::prelude::len()
                        .cast(DataType::Int64)
                        .alias(temporary("")),
                ],
                finish: None,
            };
        };
        let of = frame.kind(&pattern.text);
        let function = call.function;
        let kind = (function.returns)(of);
        let (input, of) = match of {
            // Aggregates see a time as its epoch seconds.
            Type::Time => (
                cast(column(&pattern.text), Type::Time, Type::Number),
                Type::Number,
            ),
            Type::Null if !frame.has(&pattern.text) => {
                self.context.missing_field(&pattern.text, &frame.schema);
                (missing(Type::Text), Type::Text)
            }
            _ => (column(&pattern.text), of),
        };
        let is_whole = whole.contains(&pattern.text);
        let native = function
            .builtin
            .and_then(|builtin| match builtin.is_exact() && is_whole {
                true => builtin_aggregates::exact(builtin, input.clone()),
                false => builtin_aggregates::native(builtin, input.clone(), of),
            });
        if let Some(native) = native {
            return Lowered {
                name,
                kind,
                aggregated: vec![native.alias(temporary(""))],
                finish: None,
            };
        }
        let mut aggregated = vec![input.implode(true).alias(temporary(""))];
        let timed = function.needs_time && frame.has("_time");
        if timed {
            let time = cast(column("_time"), frame.kind("_time"), Type::Number);
            aggregated.push(time.implode(true).alias(temporary("t")));
        }
        let mut inputs = vec![column(&temporary(""))];
        if timed {
            inputs.push(column(&temporary("t")));
        }
        let parameter = call.parameter;
        let list_limit = self.context.limits.list_values;
        let cancelled = Arc::clone(&self.context.cancelled);
        let failure = Arc::clone(&self.failure);
        let run = move |columns: &mut [Column]| {
            let lists = Gathered::new(columns[0].list()?);
            let times = columns.get(1).map(|c| c.list()).transpose()?;
            let times = times.map(Gathered::new);
            let cells = ValueReader::new(&lists.values);
            let at = times.as_ref().map(|times| ValueReader::new(&times.values));
            let mut builder = Builder::new("", kind, lists.len());
            for group in 0..lists.len() {
                if cancelled.load(std::sync::atomic::Ordering::Relaxed) {
                    let error = crate::error::Error::new(crate::error::ErrorKind::Interrupted);
                    return Err(crate::exec::expr::scalar::stop(&failure, error));
                }
                let rows = lists.range(group);
                // A missing field is one missing value, even without rows.
                let timed = times.as_ref().map_or(0..0, |times| times.range(group));
                let time_of = |row: usize| at.as_ref()?.get(row).as_number();
                let samples = GroupValues {
                    values: rows.clone().map(|row| cells.get(row)).collect(),
                    times: (0..rows.len())
                        .map(|row| timed.clone().nth(row).and_then(time_of))
                        .collect(),
                    parameter,
                    list_limit,
                };
                let spoiled = all_numbers
                    && samples
                        .texts()
                        .any(|t| crate::value::parse_number(&t).is_none());
                builder.push(if spoiled {
                    Value::Null
                } else {
                    (function.scalar)(&samples)
                });
            }
            Ok(builder.finish().with_name(columns[0].name().clone()))
        };
        let first = inputs.remove(0);
        let finish = first.map_many(run, &inputs, move |_, f| Ok(field(f[0].name(), kind)));
        Lowered {
            name,
            kind,
            aggregated,
            finish: Some(finish),
        }
    }
}

/// The values of all groups in one column.
struct Gathered<'l> {
    lists: Cow<'l, ListChunked>,
    values: Column,
}

impl<'l> Gathered<'l> {
    fn new(lists: &'l ListChunked) -> Gathered<'l> {
        let lists = lists.rechunk();
        let values = Column::from(lists.get_inner());
        Gathered { lists, values }
    }

    fn len(&self) -> usize {
        self.lists.len()
    }

    /// The range of a list's values.
    fn range(&self, list: usize) -> Range<usize> {
        places_of(self.lists.downcast_as_array(), list)
    }
}

fn present(names: &[String]) -> Lazy {
    names
        .iter()
        .map(|n| column(n).is_not_null())
        .reduce(Lazy::and)
        .unwrap_or_else(|| lit(true))
}

/// Finishes the aggregates and keeps only the keys and the results.
fn finish(lazy: LazyFrame, names: &[String], lowered: &[Lowered]) -> LazyFrame {
    let mut out: Vec<Lazy> = names.iter().map(|n| column(n)).collect();
    let mut seen: Vec<&String> = names.iter().collect();
    for (i, l) in lowered.iter().enumerate() {
        if seen.contains(&&l.name) {
            continue;
        }
        seen.push(&l.name);
        let value = l
            .finish
            .clone()
            .unwrap_or_else(|| column(&format!("__agg{i}")));
        out.push(value.alias(l.name.as_str()));
    }
    lazy.select(out)
}
