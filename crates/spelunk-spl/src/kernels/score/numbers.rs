//! Numeric scores, as `sklearn.metrics` and `scipy.stats` define them.

use statrs::distribution::ContinuousCDF as _;
use statrs::distribution::StudentsT;

use crate::error::{Error, Result};
use crate::kernels::stats_util::{deviation, mean, numbers, set, sorted};
use crate::plan::table::Table;
use crate::value::Value;

use super::Score;

/// A numeric score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    R2,
    Absolute,
    Squared,
    Explained,
    Describe,
    Pearson,
    Spearman,
    TOne,
    TTwo,
    TPaired,
}

/// The names, in the order of [`Kind`].
pub(crate) const NAMES: &[&str] = &[
    "r2_score",
    "mean_absolute_error",
    "mean_squared_error",
    "explained_variance_score",
    "describe",
    "pearsonr",
    "spearmanr",
    "ttest_1samp",
    "ttest_ind",
    "ttest_rel",
];

const KINDS: [Kind; 10] = [
    Kind::R2,
    Kind::Absolute,
    Kind::Squared,
    Kind::Explained,
    Kind::Describe,
    Kind::Pearson,
    Kind::Spearman,
    Kind::TOne,
    Kind::TTwo,
    Kind::TPaired,
];

impl Kind {
    pub(crate) fn of(name: &str) -> Option<Kind> {
        let at = NAMES.iter().position(|known| *known == name)?;
        KINDS.get(at).copied()
    }

    fn name(self) -> &'static str {
        let at = KINDS.iter().position(|kind| *kind == self);
        at.map_or("", |at| NAMES[at])
    }
}

impl Score {
    pub(crate) fn numbers(&self, kind: Kind, rows: &Table) -> Result<Table> {
        let mut out: Vec<Vec<(&str, Value<'static>)>> = Vec::new();
        for (actual, predicted) in &self.pairs {
            let first = numbers(rows, actual);
            let scores = if predicted.is_empty() {
                let values: Vec<f64> = first.into_iter().flatten().collect();
                match kind {
                    Kind::TOne => self.one_sample(&values),
                    _ => describe(values),
                }
            } else {
                let second = numbers(rows, predicted);
                let pairs: Vec<(f64, f64)> = (first.iter().zip(&second))
                    .filter_map(|(a, p)| Some(((*a)?, (*p)?)))
                    .collect();
                if pairs.is_empty() {
                    return Err(Error::data(format!(
                        "no row has numbers in both `{actual}` and `{predicted}`"
                    ))
                    .at(self.span));
                }
                self.compared(kind, &pairs)
            };
            let mut row = vec![("Actual field", Value::text(actual.clone()))];
            match kind {
                Kind::Describe | Kind::TOne => row[0].0 = "Field",
                _ => row.push(("Predicted field", Value::text(predicted.clone()))),
            }
            row.extend(scores.into_iter().map(|(name, n)| (name, Value::number(n))));
            out.push(row);
        }
        let mut table = Table::new(out.len());
        let names: Vec<&str> = out.first().into_iter().flatten().map(|(n, _)| *n).collect();
        for (at, name) in names.into_iter().enumerate() {
            set(
                &mut table,
                name,
                out.iter().map(|row| row[at].1.clone()).collect(),
            );
        }
        Ok(table)
    }

    fn compared(&self, kind: Kind, pairs: &[(f64, f64)]) -> Vec<(&'static str, f64)> {
        let n = pairs.len() as f64;
        let (actual, predicted): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let errors: Vec<f64> = pairs.iter().map(|(a, p)| a - p).collect();
        let squares =
            |of: &[f64], centre: f64| of.iter().map(|x| (x - centre).powi(2)).sum::<f64>();
        let total = squares(&actual, mean(&actual));
        let explained = |rest: f64| match (total > 0.0, rest > 0.0) {
            (true, _) => 1.0 - rest / total,
            (false, true) => 0.0,
            (false, false) => 1.0,
        };
        let value = match kind {
            Kind::R2 => explained(squares(&errors, 0.0)),
            Kind::Explained => explained(squares(&errors, mean(&errors))),
            Kind::Absolute => errors.iter().map(|e| e.abs()).sum::<f64>() / n,
            Kind::Squared => squares(&errors, 0.0) / n,
            Kind::Pearson => return correlation(&actual, &predicted),
            Kind::Spearman => return correlation(&ranks(&actual), &ranks(&predicted)),
            Kind::TPaired => return tested(mean(&errors), deviation(&errors) / n.sqrt(), n - 1.0),
            Kind::TTwo => return self.two_samples(&actual, &predicted),
            Kind::Describe | Kind::TOne => return Vec::new(),
        };
        vec![(kind.name(), value)]
    }

    fn one_sample(&self, values: &[f64]) -> Vec<(&'static str, f64)> {
        let n = values.len() as f64;
        tested(
            mean(values) - self.mean,
            deviation(values) / n.sqrt(),
            n - 1.0,
        )
    }

    /// Student's t-test, or Welch's if the variances may differ.
    fn two_samples(&self, a: &[f64], b: &[f64]) -> Vec<(&'static str, f64)> {
        let (n, m) = (a.len() as f64, b.len() as f64);
        let (v, w) = (deviation(a).powi(2), deviation(b).powi(2));
        let difference = mean(a) - mean(b);
        if self.equal_variances {
            let pooled = ((n - 1.0) * v + (m - 1.0) * w) / (n + m - 2.0);
            return tested(
                difference,
                (pooled * (1.0 / n + 1.0 / m)).sqrt(),
                n + m - 2.0,
            );
        }
        let (v, w) = (v / n, w / m);
        let freedom = (v + w).powi(2) / (v * v / (n - 1.0) + w * w / (m - 1.0));
        tested(difference, (v + w).sqrt(), freedom)
    }
}

/// A difference in standard errors, and the probability of one at least as large by chance.
fn tested(difference: f64, error: f64, freedom: f64) -> Vec<(&'static str, f64)> {
    let statistic = difference / error;
    vec![
        ("statistic", statistic),
        ("p-value", tails(statistic, freedom)),
    ]
}

/// Two-tailed probability of Student's t-distribution.
fn tails(statistic: f64, freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(student) if !statistic.is_nan() => 2.0 * student.cdf(-statistic.abs()),
        _ => f64::NAN,
    }
}

fn correlation(a: &[f64], b: &[f64]) -> Vec<(&'static str, f64)> {
    let (x, y) = (mean(a), mean(b));
    let product: f64 = a.iter().zip(b).map(|(a, b)| (a - x) * (b - y)).sum();
    let squares = |of: &[f64], centre: f64| of.iter().map(|v| (v - centre).powi(2)).sum::<f64>();
    let r = (product / (squares(a, x) * squares(b, y)).sqrt()).clamp(-1.0, 1.0);
    let freedom = a.len() as f64 - 2.0;
    let likely = tails(r * (freedom / (1.0 - r * r)).sqrt(), freedom);
    vec![("r", r), ("two-tailed p-value", likely)]
}

/// The ranks of numbers, from 1; equal numbers share their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values.to_vec());
    let rank = |v: &f64| {
        let (from, to) = (
            sorted.partition_point(|s| s < v),
            sorted.partition_point(|s| s <= v),
        );
        (from + to + 1) as f64 / 2.0
    };
    values.iter().map(rank).collect()
}

/// The count, the bounds, and the first four moments.
fn describe(values: Vec<f64>) -> Vec<(&'static str, f64)> {
    let values = sorted(values);
    let n = values.len() as f64;
    let centre = mean(&values);
    let moment = |power: i32| values.iter().map(|v| (v - centre).powi(power)).sum::<f64>() / n;
    let second = moment(2);
    vec![
        ("nobs", n),
        ("min", values.first().copied().unwrap_or(f64::NAN)),
        ("max", values.last().copied().unwrap_or(f64::NAN)),
        ("mean", centre),
        ("variance", deviation(&values).powi(2)),
        ("skewness", moment(3) / second.powf(1.5)),
        ("kurtosis", moment(4) / second.powi(2) - 3.0),
    ]
}
