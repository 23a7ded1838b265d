//! `bin`: groups values into buckets.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::{Table, type_of_values};
use crate::value::{Type, Value, format_number};

/// Buckets whose width depends on the range of the values.
#[derive(Debug)]
pub(crate) struct AutoBin {
    pub(crate) field: String,
    pub(crate) alias: String,
    pub(crate) bins: usize,
    pub(crate) start: Option<f64>,
    pub(crate) end: Option<f64>,
    pub(crate) min_span: Option<f64>,
}

/// Candidate lengths of time buckets, in seconds.
const TIMES: [f64; 11] = [
    1.0,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    600.0,
    1800.0,
    3600.0,
    86_400.0,
    2_592_000.0,
];

impl AutoBin {
    pub(crate) fn width(&self, low: f64, high: f64) -> f64 {
        // A bucket ends at 0, whatever the width.
        let most = self.bins.max(if low < 0.0 && high >= 0.0 { 2 } else { 1 });
        let fits = |width: f64| {
            let last = (high / width).floor() + 1.0;
            // `end` may coincide with the end of the last bucket, while a value is inside a bucket.
            let last = last.max(self.end.map_or(last, |end| (end / width).ceil()));
            last - (low / width).floor() <= most as f64 && self.min_span.is_none_or(|m| width >= m)
        };
        if self.field == "_time" {
            return TIMES.into_iter().find(|w| fits(*w)).unwrap_or(2_592_000.0);
        }
        let mut width = 10f64.powf((high - low).max(1e-9).log10().floor() - 3.0);
        while !fits(width) && width.is_finite() {
            width *= 10.0;
        }
        width
    }
}

impl Kernel for AutoBin {
    fn describe(&self) -> String {
        format!("bin bins={} {}", self.bins, self.field)
    }

    fn run(&self, mut input: Table, _: &QueryContext) -> Result<Table> {
        let Some(column) = input.column(&self.field) else {
            return Ok(input);
        };
        let numbers = || column.values.iter().filter_map(Value::as_number);
        // Like `end`, `start` widens the range of the values and never narrows it.
        let low = numbers().chain(self.start).fold(f64::INFINITY, f64::min);
        let high = numbers().fold(f64::NEG_INFINITY, f64::max);
        if numbers().next().is_none() {
            return Ok(input);
        }
        let width = self.width(low, high);
        let is_time = self.field == "_time";
        let values: Vec<Value<'static>> = column
            .values
            .iter()
            .map(|v| match v.as_number() {
                Some(n) => {
                    let start = (n / width).floor() * width;
                    if is_time {
                        Value::Num(start)
                    } else {
                        Value::text(format!(
                            "{}-{}",
                            format_number(start),
                            format_number(start + width)
                        ))
                    }
                }
                None => v.clone(),
            })
            .collect();
        let kind = if self.alias == "_time" && is_time {
            Type::Time
        } else {
            type_of_values(&values)
        };
        input.set(self.alias.clone(), kind, values);
        Ok(input)
    }
}
