//! `x11`: removes seasonality from a series.

use crate::error::{Error, Result};
use crate::kernels::stats_util::{mean, numbers, set};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::Value;

/// X11's steps: estimates the trend by a centred moving average over a period; smooths the remainder across
/// the same position of neighbouring periods (3x3 moving average) and neutralizes its mean over a period;
/// then repeats both on the series without that season.
#[derive(Debug)]
pub(crate) struct X11 {
    pub(crate) field: String,
    pub(crate) target: String,
    pub(crate) multiply: bool,
    pub(crate) period: Option<usize>,
}

impl Kernel for X11 {
    fn describe(&self) -> String {
        format!("x11 {} {}", self.field, self.target)
    }

    fn run(&self, mut input: Table, context: &QueryContext) -> Result<Table> {
        if input.column(&self.field).is_none() {
            context.missing_field(&self.field, &input.schema());
        }
        let numbers = numbers(&input, &self.field);
        let series: Vec<f64> = numbers.iter().copied().flatten().collect();
        let period = match self.period {
            Some(period) => period,
            None => period_of(&series),
        };
        if !series.is_empty() && series.len() < 2 * period {
            return Err(Error::data(format!(
                "`x11` needs at least two periods of {period} rows, there are {}",
                series.len()
            )));
        }
        let mut adjusted = self.adjusted(&series, period).into_iter();
        let values = numbers
            .iter()
            .map(|n| n.and(adjusted.next()).map_or(Value::Null, Value::number))
            .collect();
        set(&mut input, self.target.clone(), values);
        Ok(input)
    }
}

impl X11 {
    pub(crate) fn adjusted(&self, series: &[f64], period: usize) -> Vec<f64> {
        let mut adjusted = series.to_vec();
        for _ in 0..2 {
            let trend = moving(&adjusted, period);
            let rest: Vec<f64> = series
                .iter()
                .zip(&trend)
                .map(|(x, t)| self.without(*x, *t))
                .collect();
            let season = self.neutral(&across(&rest, period), period);
            adjusted = series
                .iter()
                .zip(&season)
                .map(|(x, s)| self.without(*x, *s))
                .collect();
        }
        adjusted
    }

    pub(crate) fn without(&self, value: f64, part: f64) -> f64 {
        match self.multiply {
            true if part == 0.0 => value,
            true => value / part,
            false => value - part,
        }
    }

    /// Neutralizes the seasonal component: over a period it neither adds nor multiplies.
    pub(crate) fn neutral(&self, season: &[f64], period: usize) -> Vec<f64> {
        let level = moving(season, period);
        season
            .iter()
            .zip(&level)
            .map(|(s, l)| self.without(*s, *l))
            .collect()
    }
}

/// A centred moving average over a period; an even period gives half weight to both ends.
fn moving(series: &[f64], period: usize) -> Vec<f64> {
    let (half, rows) = (period / 2, series.len());
    let inner = |at: usize| {
        let window = &series[at - half..=at + half];
        let ends = if period.is_multiple_of(2) {
            (window[0] + window[window.len() - 1]) / 2.0
        } else {
            0.0
        };
        (window.iter().sum::<f64>() - ends) / period as f64
    };
    let (first, last) = (half, rows.saturating_sub(half + 1));
    if last < first {
        return vec![mean(series); rows];
    }
    // The ends have no full window around them and repeat the nearest value that has.
    (0..rows).map(|at| inner(at.clamp(first, last))).collect()
}

/// A 3x3 moving average over the same position of neighbouring periods.
fn across(series: &[f64], period: usize) -> Vec<f64> {
    const WEIGHTS: [f64; 5] = [1.0, 2.0, 3.0, 2.0, 1.0];
    let rows = series.len() as isize;
    let at = |row: isize| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (weight, step) in WEIGHTS.iter().zip(-2isize..) {
            let neighbour = row + step * period as isize;
            if (0..rows).contains(&neighbour) {
                sum += weight * series[neighbour as usize];
                weights += weight;
            }
        }
        sum / weights
    };
    (0..rows).map(at).collect()
}

/// The lag, from 5 to half the length, with the highest autocorrelation.
pub(crate) fn period_of(series: &[f64]) -> usize {
    let level = if series.is_empty() { 0.0 } else { mean(series) };
    let centred: Vec<f64> = series.iter().map(|x| x - level).collect();
    let likeness = |lag: usize| -> f64 {
        let pairs = centred.iter().zip(&centred[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / (centred.len() - lag) as f64
    };
    let lags = 5..=(series.len() / 2).min(1000);
    let scored = lags.map(|lag| (lag, likeness(lag)));
    // A multiple of the period scores equally; the first lag wins unless another is clearly better.
    let best = scored.reduce(|a, b| if b.1 > a.1 * 1.000_001 + 1e-12 { b } else { a });
    best.map_or(5, |b| b.0)
}
