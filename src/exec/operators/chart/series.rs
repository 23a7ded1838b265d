//! The series of a chart: naming and selection.

use std::collections::{HashMap, HashSet};

use polars::prelude::{Column, IntoColumn as _, StringChunkedBuilder, lit};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, cast, column, missing, to_table};
use crate::exec::operators::aggregate::Grouping;
use crate::exec::operators::chart::{SERIES, by_field};
use crate::functions::stats::GroupValues;
use crate::plan::chart::{Keep, Split};
use crate::plan::table::Table;
use crate::plan::{AggregateCall, AggregateInput};
use crate::value::{Type, Value};

impl Executor<'_> {
    /// Adds the name of its series to each row, and drops rows without one.
    pub(in crate::exec) fn with_series(
        &self,
        frame: Frame,
        split: &Split,
        distinct: bool,
    ) -> Result<Frame> {
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
            let stored = if kind == Type::Multi {
                kind
            } else {
                Type::Text
            };
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

    /// The selected series. Returns `None` if all are.
    pub(in crate::exec) fn kept_series(
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
        // Per series, the values of the first aggregation.
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
                        Some(score) => (score.function.scalar)(&GroupValues {
                            values: cells,
                            parameter: score.parameter,
                            ..GroupValues::default()
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
        // Series with equal scores sort by name, capitals before lower-case letters.
        ranked.sort_by(|(a, x), (b, y)| {
            let by_score = if highest_first {
                y.total_cmp(x)
            } else {
                x.total_cmp(y)
            };
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

    /// Aggregates the rows of each series.
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
        let table =
            to_table(&self.collect(self.aggregate(frame.clone(), &[call], &grouping)?)?);
        Ok((0..table.height())
            .filter_map(|row| {
                let name = table.value(SERIES, row).into_text()?.into_owned();
                let score = table.value("__score", row).as_number();
                Some((name, score.unwrap_or(f64::NEG_INFINITY)))
            })
            .collect())
    }
}

/// Keeps the rows of the selected series, and those of the other series if there is one.
pub(in crate::exec) fn shown(frame: Frame, split: &Split, kept: HashSet<String>) -> Frame {
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
