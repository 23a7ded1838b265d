//! `LinearRegression`, `Ridge` and `Lasso`: predict a number as a linear combination of others, by the
//! definitions in scikit-learn's user guide ("Linear Models").

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::kernels::ml::algebra::{dot, eigen, less, means, products};
use crate::kernels::ml::features::{Feature, features, missing, points};
use crate::kernels::ml::scaling::no_rows;
use crate::kernels::ml::{Applying, Learned, Learner, names};
use crate::kernels::stats_util::{all_numbers, mean, numbers, set, table_of};
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::Value;

/// The regularization of the coefficients.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Penalty {
    /// None: among several solutions, the one with the smallest coefficients.
    None,
    /// Their squares, times this factor.
    Squares(f64),
    /// Their absolute values, times this factor.
    Sizes(f64),
}

#[derive(Debug)]
pub(crate) struct LinearLearner {
    pub(crate) target: String,
    pub(crate) fields: Vec<Pattern>,
    pub(crate) penalty: Penalty,
    pub(crate) intercept: bool,
    pub(crate) normalised: bool,
}

/// The learned coefficients.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Linear {
    target: String,
    features: Vec<Feature>,
    coefficients: Vec<f64>,
    intercept: f64,
}

impl Learner for LinearLearner {
    fn learn(&self, rows: &Table, context: &QueryContext) -> Result<Learned> {
        if rows.column(&self.target).is_none() {
            return Err(missing(&self.target));
        }
        if all_numbers(rows, &self.target).is_none() {
            return Err(Error::data(format!(
                "`{}` has values that are not numbers: a linear model cannot predict them",
                self.target
            )));
        }
        let features = features(rows, &self.fields, Some(&self.target), false, context)?;
        let targets = numbers(rows, &self.target);
        let (mut known, mut values) = (Vec::new(), Vec::new());
        for (point, value) in points(rows, &features)?.into_iter().zip(targets) {
            if let (Some(point), Some(value)) = (point, value) {
                known.push(point);
                values.push(value);
            }
        }
        if known.is_empty() {
            return Err(no_rows());
        }
        let (centres, middle) = match self.intercept {
            true => (means(&known), mean(&values)),
            false => (vec![0.0; features.len()], 0.0),
        };
        let mut centred = less(&known, &centres);
        let values: Vec<f64> = values.iter().map(|v| v - middle).collect();
        let mut lengths = vec![1.0; features.len()];
        if self.normalised {
            for (at, length) in lengths.iter_mut().enumerate() {
                let found = centred.iter().map(|p| p[at] * p[at]).sum::<f64>().sqrt();
                *length = if found > 0.0 { found } else { 1.0 };
                centred.iter_mut().for_each(|p| p[at] /= *length);
            }
        }
        let found = match self.penalty {
            Penalty::None => least_squares(&centred, &values, 0.0),
            Penalty::Squares(alpha) => least_squares(&centred, &values, alpha),
            Penalty::Sizes(alpha) => descend(&centred, &values, alpha, context)?,
        };
        let coefficients: Vec<f64> = found.iter().zip(&lengths).map(|(c, l)| c / l).collect();
        Ok(Learned::Linear(Linear {
            target: self.target.clone(),
            intercept: middle - dot(&coefficients, &centres),
            features,
            coefficients,
        }))
    }
}

/// The dot product of each column with the values.
fn against(rows: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; rows.first().map_or(0, Vec::len)];
    for (row, value) in rows.iter().zip(values) {
        for (sum, x) in out.iter_mut().zip(row) {
            *sum += x * value;
        }
    }
    out
}

/// Least squares with a penalty of `alpha` times the squared coefficients. Drops directions without variance,
/// to find the smallest of several solutions.
fn least_squares(rows: &[Vec<f64>], values: &[f64], alpha: f64) -> Vec<f64> {
    // Columns of very different scale would lose each other in rounding.
    let squares = products(rows);
    let sizes: Vec<f64> = (0..squares.len())
        .map(|i| {
            if alpha == 0.0 && squares[i][i] > 0.0 {
                squares[i][i].sqrt()
            } else {
                1.0
            }
        })
        .collect();
    let scaled: Vec<Vec<f64>> = squares
        .iter()
        .zip(&sizes)
        .map(|(row, size)| row.iter().zip(&sizes).map(|(x, s)| x / s / size).collect())
        .collect();
    let sums: Vec<f64> = against(rows, values)
        .iter()
        .zip(&sizes)
        .map(|(x, s)| x / s)
        .collect();
    let found = eigen(scaled);
    let least = found.first().map_or(0.0, |f| f.0) * 1e-12;
    let mut out = vec![0.0; sums.len()];
    for (value, vector) in found {
        if value + alpha > least && value + alpha > 0.0 {
            let along = dot(&vector, &sums) / (value + alpha);
            out.iter_mut()
                .zip(&vector)
                .for_each(|(o, v)| *o += along * v);
        }
    }
    out.iter().zip(&sizes).map(|(o, s)| o / s).collect()
}

/// Least squares (halved, per row) with a penalty of `alpha` times the absolute coefficients, by coordinate
/// descent until none changes.
fn descend(
    rows: &[Vec<f64>],
    values: &[f64],
    alpha: f64,
    context: &QueryContext,
) -> Result<Vec<f64>> {
    let n = rows.len() as f64;
    let (squares, sums) = (products(rows), against(rows, values));
    let mut out = vec![0.0; sums.len()];
    for _ in 0..10_000 {
        context.check_cancelled()?;
        let (mut moved, mut largest) = (0.0f64, 0.0f64);
        for at in 0..out.len() {
            let size = squares[at][at];
            if size <= 0.0 {
                continue;
            }
            let rest = sums[at] - dot(&squares[at], &out) + size * out[at];
            let next = rest.signum() * (rest.abs() - alpha * n).max(0.0) / size;
            moved = moved.max((next - out[at]).abs());
            largest = largest.max(next.abs());
            out[at] = next;
        }
        if moved <= largest * 1e-10 {
            return Ok(out);
        }
    }
    context.notice("the coefficients of Lasso still moved after 10000 rounds");
    Ok(out)
}

impl Linear {
    /// Adds `predicted(<field>)`.
    ///
    /// # Errors
    /// If the rows lack a field.
    pub(crate) fn apply(&self, rows: &mut Table, how: &Applying) -> Result<()> {
        let points = points(rows, &self.features)?;
        let name = names(how, vec![format!("predicted({})", self.target)]).remove(0);
        let value = |point: &Option<Vec<f64>>| {
            point.as_ref().map_or(Value::Null, |p| {
                Value::number(self.intercept + dot(p, &self.coefficients))
            })
        };
        set(rows, name, points.iter().map(value).collect());
        Ok(())
    }

    /// One row per coefficient, the intercept last.
    pub(crate) fn summary(&self) -> Table {
        let names = self.features.iter().map(Feature::name);
        let names = names.chain(std::iter::once("_intercept".to_owned()));
        let values = self
            .coefficients
            .iter()
            .chain(std::iter::once(&self.intercept));
        table_of(
            self.features.len() + 1,
            vec![
                ("feature", names.map(Value::text).collect()),
                ("coefficient", values.map(|v| Value::number(*v)).collect()),
            ],
        )
    }
}
