//! `timewrap`: the periods of a time chart side by side.

use indexmap::IndexSet;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::time::{self, Span as TimeSpan};
use crate::value::{Type, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Relative,
    Exact,
    Short,
}

#[derive(Debug)]
pub(crate) struct Wrap {
    pub(crate) span: TimeSpan,
    pub(crate) end: Option<f64>,
    pub(crate) names: Names,
    pub(crate) format: String,
}

/// Maximum number of periods.
const MOST: usize = 1000;

impl Wrap {
    /// The starts of the periods, last first, back to `low`.
    pub(crate) fn periods(&self, end: i64, low: i64, context: &QueryContext) -> Vec<i64> {
        let mut starts = Vec::new();
        for back in 1..=MOST as i64 {
            let count = -back * self.span.count;
            let Some(start) = self.span.unit.add(end, count, context.clock.zone) else {
                break;
            };
            starts.push(start);
            if start <= low {
                break;
            }
        }
        starts
    }

    pub(crate) fn name(
        &self,
        column: &str,
        period: usize,
        start: i64,
        context: &QueryContext,
    ) -> String {
        let unit = unit_name(&self.span);
        match self.names {
            Names::Short => format!("{column}_s{period}"),
            Names::Exact => {
                let seconds = time::seconds(start);
                let text = time::strftime(seconds, &self.format, context.clock.zone);
                format!("{column}_{}", text.unwrap_or_default())
            }
            Names::Relative if period == 0 && self.span.count == 1 => {
                format!("{column}_latest_{unit}")
            }
            Names::Relative if period == 0 => {
                format!("{column}_latest_{}{unit}s", self.span.count)
            }
            Names::Relative => {
                let count = period as i64 * self.span.count;
                let plural = if count == 1 { "" } else { "s" };
                format!("{column}_{count}{unit}{plural}_before")
            }
        }
    }
}

fn unit_name(span: &TimeSpan) -> &'static str {
    use time::Unit;
    match span.unit {
        Unit::Microsecond => "microsecond",
        Unit::Millisecond => "millisecond",
        Unit::Centisecond => "centisecond",
        Unit::Decisecond => "decisecond",
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}

impl Kernel for Wrap {
    fn describe(&self) -> String {
        format!("timewrap {}", self.span)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let times: Vec<Option<i64>> = (0..input.height())
            .map(|row| input.value("_time", row).as_number().and_then(time::micros))
            .collect();
        let mut sorted: Vec<i64> = times.iter().flatten().copied().collect();
        sorted.sort_unstable();
        let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
            return Ok(input);
        };
        // Without a time range, it ends with the last bucket, which is as long as the shortest step.
        let step = sorted
            .windows(2)
            .map(|p| p[1] - p[0])
            .filter(|s| *s > 0)
            .min();
        let end = self
            .end
            .and_then(time::micros)
            .filter(|end| *end > low)
            .unwrap_or(high + step.unwrap_or(1));
        let starts = self.periods(end, low, context);
        let Some(&last) = starts.first() else {
            return Ok(input);
        };
        // The position of a row: its period, and its time shifted into the last period.
        let place = |time: i64| {
            let period = starts.iter().position(|start| *start <= time)?;
            Some((period, time - starts[period] + last))
        };
        let places: Vec<Option<(usize, i64)>> = times
            .iter()
            .map(|t| t.filter(|t| *t < end).and_then(place))
            .collect();
        let mut rows: Vec<i64> = places.iter().flatten().map(|(_, t)| *t).collect();
        rows.sort_unstable();
        rows.dedup();
        let at = |time: i64| rows.binary_search(&time).ok();
        let periods: IndexSet<usize> = {
            let mut all: Vec<usize> = places.iter().flatten().map(|(p, _)| *p).collect();
            all.sort_unstable_by(|a, b| b.cmp(a));
            all.into_iter().collect()
        };
        let mut out = Table::new(rows.len());
        let moved = rows.iter().map(|t| Value::Num(time::seconds(*t))).collect();
        out.set("_time", Type::Time, moved);
        for column in input.columns().iter().filter(|c| !c.name.starts_with('_')) {
            for &period in &periods {
                let mut values = vec![Value::Null; rows.len()];
                for (row, place) in places.iter().enumerate() {
                    if let Some((p, time)) = place
                        && *p == period
                        && let Some(at) = at(*time)
                    {
                        values[at] = column.values[row].clone();
                    }
                }
                let name = self.name(&column.name, period, starts[period], context);
                out.set(name, column.kind, values);
            }
        }
        Ok(out)
    }
}
