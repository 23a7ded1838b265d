//! `StandardScaler`, `RobustScaler` and `PCA`: transform the numbers of rows, by the formulas of
//! scikit-learn's classes with these names.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::kernels::ml::algebra::{dot, eigen, less, means, products};
use crate::kernels::ml::features::{Feature, features, points};
use crate::kernels::ml::{Applying, Learned, Learner, names};
use crate::kernels::stats_util::{quantile, set, sorted, table_of};
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::Value;

/// The requested scaling.
#[derive(Debug)]
pub(crate) struct ScaleLearner {
    pub(crate) fields: Vec<Pattern>,
    /// Whether to use median and quartiles instead of mean and deviation.
    pub(crate) robust: bool,
    pub(crate) centred: bool,
    pub(crate) scaled: bool,
}

/// How to scale numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Scaler {
    features: Vec<Feature>,
    robust: bool,
    centres: Vec<f64>,
    scales: Vec<f64>,
}

impl Learner for ScaleLearner {
    fn learn(&self, rows: &Table, context: &QueryContext) -> Result<Learned> {
        let features = features(rows, &self.fields, None, false, context)?;
        let known: Vec<Vec<f64>> = points(rows, &features)?.into_iter().flatten().collect();
        let (mut centres, mut scales) = (Vec::new(), Vec::new());
        for at in 0..features.len() {
            let column: Vec<f64> = known.iter().map(|point| point[at]).collect();
            let (centre, scale) = if self.robust {
                let column = sorted(column);
                let range = quantile(&column, 0.75) - quantile(&column, 0.25);
                (quantile(&column, 0.5), range)
            } else {
                let centre = means(&known)[at];
                let squares: f64 = column.iter().map(|x| (x - centre).powi(2)).sum();
                (centre, (squares / column.len() as f64).sqrt())
            };
            centres.push(if self.centred { centre } else { 0.0 });
            // A constant column is not scaled.
            let plain = !self.scaled || scale == 0.0;
            scales.push(if plain { 1.0 } else { scale });
        }
        if known.is_empty() {
            return Err(no_rows());
        }
        Ok(Learned::Scaler(Scaler {
            features,
            robust: self.robust,
            centres,
            scales,
        }))
    }
}

/// The error for rows that all lack a field.
pub(crate) fn no_rows() -> Error {
    Error::data("no row has all the fields to learn from")
}

impl Scaler {
    /// Adds `SS_<field>`, or `RS_<field>`.
    ///
    /// # Errors
    /// If the rows lack a field.
    pub(crate) fn apply(&self, rows: &mut Table, how: &Applying) -> Result<()> {
        let points = points(rows, &self.features)?;
        let prefix = if self.robust { "RS" } else { "SS" };
        let defaults = self
            .features
            .iter()
            .map(|f| format!("{prefix}_{}", f.name()));
        for (at, name) in names(how, defaults.collect()).into_iter().enumerate() {
            let scaled = |point: &Option<Vec<f64>>| {
                point.as_ref().map_or(Value::Null, |p| {
                    Value::number((p[at] - self.centres[at]) / self.scales[at])
                })
            };
            set(rows, name, points.iter().map(scaled).collect());
        }
        Ok(())
    }

    /// One row per field.
    pub(crate) fn summary(&self) -> Table {
        let names = self.features.iter().map(|f| Value::text(f.name()));
        let numbers = |of: &[f64]| of.iter().map(|x| Value::number(*x)).collect();
        let centre = if self.robust { "center" } else { "mean" };
        let mut columns = vec![
            ("fields", names.collect()),
            (centre, numbers(&self.centres)),
        ];
        if !self.robust {
            let squares: Vec<f64> = self.scales.iter().map(|s| s * s).collect();
            columns.push(("var", numbers(&squares)));
        }
        columns.push(("scale", numbers(&self.scales)));
        table_of(self.features.len(), columns)
    }
}

/// The requested components.
#[derive(Debug)]
pub(crate) struct ComponentLearner {
    pub(crate) fields: Vec<Pattern>,
    /// Their number; all if not given.
    pub(crate) count: Option<usize>,
    /// Alternatively, the share of the variance that they must explain.
    pub(crate) share: Option<f64>,
}

/// The directions in which rows vary most.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Components {
    features: Vec<Feature>,
    centres: Vec<f64>,
    directions: Vec<Vec<f64>>,
    /// The variance along each.
    variances: Vec<f64>,
    /// The total variance.
    total: f64,
}

impl Learner for ComponentLearner {
    fn learn(&self, rows: &Table, context: &QueryContext) -> Result<Learned> {
        let features = features(rows, &self.fields, None, false, context)?;
        let known: Vec<Vec<f64>> = points(rows, &features)?.into_iter().flatten().collect();
        if known.is_empty() {
            return Err(no_rows());
        }
        let centres = means(&known);
        let found = eigen(products(&less(&known, &centres)));
        let n = (known.len() as f64 - 1.0).max(1.0);
        let variances: Vec<f64> = found.iter().map(|(v, _)| v.max(0.0) / n).collect();
        let total: f64 = variances.iter().sum();
        let mut count = self.count.unwrap_or(features.len());
        if let Some(share) = self.share {
            let mut explained = 0.0;
            count = 1 + variances
                .iter()
                .take_while(|v| {
                    explained += **v;
                    explained < share * total * (1.0 - 1e-12)
                })
                .count();
        }
        count = count.min(features.len());
        let directions = found.into_iter().take(count).map(|(_, mut direction)| {
            // The sign is arbitrary: as in scikit-learn, the largest part is positive.
            let largest =
                direction.iter().fold(
                    0.0f64,
                    |a, &b| if b.abs() > a.abs() + 1e-12 { b } else { a },
                );
            if largest < 0.0 {
                direction.iter_mut().for_each(|x| *x = -*x);
            }
            direction
        });
        Ok(Learned::Components(Components {
            directions: directions.collect(),
            variances: variances[..count].to_vec(),
            features,
            centres,
            total,
        }))
    }
}

impl Components {
    /// Adds `PC_1`, `PC_2`, ...
    ///
    /// # Errors
    /// If the rows lack a field.
    pub(crate) fn apply(&self, rows: &mut Table, how: &Applying) -> Result<()> {
        let points = points(rows, &self.features)?;
        let defaults = (1..=self.directions.len())
            .map(|n| format!("PC_{n}"))
            .collect();
        for (name, direction) in names(how, defaults).into_iter().zip(&self.directions) {
            let along = |point: &Option<Vec<f64>>| {
                point.as_ref().map_or(Value::Null, |p| {
                    let centred: Vec<f64> =
                        p.iter().zip(&self.centres).map(|(x, c)| x - c).collect();
                    Value::number(dot(&centred, direction))
                })
            };
            set(rows, name, points.iter().map(along).collect());
        }
        Ok(())
    }

    /// One row per component: its variance, alone and cumulative, and its direction.
    pub(crate) fn summary(&self) -> Table {
        let share = |v: f64| {
            if self.total > 0.0 {
                v / self.total
            } else {
                0.0
            }
        };
        let mut sum = 0.0;
        let sums = self.variances.iter().map(|v| {
            sum += share(*v);
            Value::number(sum)
        });
        let count = self.directions.len();
        let mut table = table_of(
            count,
            vec![
                (
                    "component",
                    (1..=count)
                        .map(|n| Value::text(format!("PC_{n}")))
                        .collect(),
                ),
                (
                    "variance",
                    self.variances.iter().map(|v| Value::number(*v)).collect(),
                ),
                (
                    "explained_variance",
                    self.variances
                        .iter()
                        .map(|v| Value::number(share(*v)))
                        .collect(),
                ),
                ("explained_variance_cumulative", sums.collect()),
            ],
        );
        for (at, feature) in self.features.iter().enumerate() {
            let values = self.directions.iter().map(|d| Value::number(d[at]));
            set(&mut table, feature.name(), values.collect());
        }
        table
    }
}
