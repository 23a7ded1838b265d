//! `predict`: forecasts a series.

use crate::error::{Error, Result};
use crate::kernels::kalman::{
    self, Expected, level_and_trend, local_level, seasonal_level, two_levels,
};
use crate::kernels::stats_util::{numbers, set, two_tails};
use crate::kernels::x11::period_of;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// One of the two bounds of a prediction.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) upper: bool,
    pub(crate) percent: f64,
    pub(crate) name: String,
}

#[derive(Debug)]
pub(crate) struct Predict {
    pub(crate) series: Vec<(String, String)>,
    pub(crate) algorithm: &'static str,
    pub(crate) future: usize,
    pub(crate) holdback: usize,
    pub(crate) period: Option<usize>,
    pub(crate) correlate: Option<String>,
    pub(crate) suppress: Option<String>,
    pub(crate) bounds: Vec<Bound>,
}

impl Kernel for Predict {
    fn describe(&self) -> String {
        let fields: Vec<&str> = self.series.iter().map(|s| s.0.as_str()).collect();
        format!("predict {} algorithm={}", fields.join(" "), self.algorithm)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut out = self.lengthened(&input);
        for (at, (field, target)) in self.series.iter().enumerate() {
            if input.column(field).is_none() {
                context.missing_field(field, &input.schema());
            }
            let mut values = numbers(&input, field);
            let seen = values.len().saturating_sub(self.holdback);
            values[seen..].fill(None);
            values.resize(out.height(), None);
            let expected = self.expected(&values, seen, at, &input)?;
            if self.suppress.as_ref() == Some(field) {
                continue;
            }
            let column = |value: &dyn Fn(f64, f64) -> f64| -> Vec<Value<'static>> {
                let shown =
                    |e: &Expected| e.map_or(Value::Null, |(m, v)| Value::number(value(m, v)));
                expected.iter().map(shown).collect()
            };
            set(&mut out, target.clone(), column(&|mean, _| mean));
            for bound in &self.bounds {
                let reach = deviations(bound.percent) * if bound.upper { 1.0 } else { -1.0 };
                let values = column(&|mean, variance| mean + reach * variance.max(0.0).sqrt());
                set(&mut out, format!("{}({target})", bound.name), values);
            }
        }
        Ok(out)
    }
}

impl Predict {
    /// Appends the future rows, spaced like the last two.
    pub(crate) fn lengthened(&self, input: &Table) -> Table {
        let rows = input.height();
        let mut out = Table::new(rows + self.future);
        for column in input.columns() {
            out.set(column.name.clone(), column.kind, column.values.clone());
        }
        let times = numbers(input, "_time");
        if let [.., Some(before), Some(last)] = times.as_slice() {
            let step = last - before;
            let to_come = (1..=self.future).map(|n| Value::Num(last + step * n as f64));
            let mut values: Vec<Value<'static>> = input
                .column("_time")
                .map_or(Vec::new(), |c| c.values.clone());
            values.extend(to_come);
            out.set("_time", Type::Time, values);
        }
        out
    }

    pub(crate) fn expected(
        &self,
        values: &[Option<f64>],
        seen: usize,
        at: usize,
        input: &Table,
    ) -> Result<Vec<Expected>> {
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        let period = self.period.unwrap_or_else(|| period_of(&known));
        let least = match self.algorithm {
            "LLT" => 3,
            "LLP" => 2 * period,
            _ => 2,
        };
        if known.len() < least {
            return Err(Error::data(format!(
                "`predict` with {} needs at least {least} values of `{}`, there are {}",
                self.algorithm,
                self.series[at].0,
                known.len()
            )));
        }
        let mut other = match (&self.correlate, self.algorithm) {
            (Some(field), "LLB") => numbers(input, field),
            (_, "BiLL") => {
                let mut other = numbers(input, &self.series[1 - at].0);
                other[seen..].fill(None);
                other
            }
            _ => Vec::new(),
        };
        other.resize(values.len(), None);
        Ok(match self.algorithm {
            "LL" => local_level(values),
            "LLT" => level_and_trend(values),
            "LLP" => seasonal_level(values, period),
            "LLB" => two_levels(values, &other, true),
            "BiLL" => two_levels(values, &other, false),
            // Too short for a season: uses the trend alone.
            _ if known.len() < 3 => local_level(values),
            _ if known.len() < 2 * period => level_and_trend(values),
            _ => kalman::weighted(level_and_trend(values), seasonal_level(values, period)),
        })
    }
}

/// The number of standard deviations around the mean that contain this percentage of a normal distribution.
fn deviations(percent: f64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if two_tails(middle) > 1.0 - percent / 100.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}
