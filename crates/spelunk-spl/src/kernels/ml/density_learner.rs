//! Fits the distribution of each group for `DensityFunction`.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::kernels::ml::choice::Choice;
use crate::kernels::ml::density::{Density, Group, key_of};
use crate::kernels::ml::distribution::{Distribution, NAMES};
use crate::kernels::ml::features::missing;
use crate::kernels::ml::{Learned, Learner};
use crate::kernels::stats_util::sorted;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;

/// Smaller groups are reported.
const FEW: usize = 50;

/// Number of points at which a distribution is compared with the values it was fitted to.
const COMPARED: usize = 1000;

/// Fits the distribution of each group.
#[derive(Debug)]
pub(crate) struct DensityLearner {
    pub(crate) field: String,
    pub(crate) by: Vec<String>,
    /// `auto` or one of [`NAMES`].
    pub(crate) name: &'static str,
    pub(crate) excluded: Vec<String>,
    pub(crate) metric: &'static str,
    pub(crate) choice: Choice,
}

impl Learner for DensityLearner {
    fn learn(&self, rows: &Table, context: &QueryContext) -> Result<Learned> {
        for field in std::iter::once(&self.field).chain(&self.by) {
            if rows.column(field).is_none() && rows.height() > 0 {
                return Err(missing(field));
            }
        }
        let mut groups: HashMap<Vec<String>, Vec<f64>> = HashMap::new();
        for row in 0..rows.height() {
            if let (Some(key), Some(number)) = (
                key_of(rows, &self.by, row),
                rows.value(&self.field, row).as_number(),
            ) {
                groups.entry(key).or_default().push(number);
            }
        }
        if groups.is_empty() {
            return Err(Error::data(format!(
                "`DensityFunction` found no numbers in `{}`",
                self.field
            )));
        }
        let few = groups.values().filter(|values| values.len() < FEW).count();
        if few > 0 {
            context.notice(format!(
                "{few} of {} groups have fewer than {FEW} values: their distributions mean little",
                groups.len()
            ));
        }
        let mut keys: Vec<Vec<String>> = groups.keys().cloned().collect();
        keys.sort();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            context.check_cancelled()?;
            let values = sorted(groups.remove(&key).unwrap_or_default());
            let (distribution, distance) = self.fit(&values);
            found.push(Group {
                key,
                distribution,
                distance,
                smallest: values.first().copied().unwrap_or_default(),
                largest: values.last().copied().unwrap_or_default(),
                count: values.len(),
            });
        }
        Ok(Learned::Density(Density {
            field: self.field.clone(),
            by: self.by.clone(),
            auto: self.name == "auto",
            metric: self.metric.to_owned(),
            choice: self.choice.clone(),
            groups: found,
        }))
    }
}

impl DensityLearner {
    /// The requested distribution, or the one nearest to the values. If these are all equal, a normal
    /// distribution without deviation.
    fn fit(&self, values: &[f64]) -> (Distribution, f64) {
        let names: Vec<&str> = match self.name {
            "auto" => NAMES
                .into_iter()
                .filter(|n| !self.excluded.iter().any(|e| e == n))
                .collect(),
            name => vec![name],
        };
        let found = names
            .into_iter()
            .filter_map(|name| Distribution::fit(name, values))
            .map(|d| {
                let distance = distance(&d, values, self.metric);
                (d, distance)
            })
            .filter(|(_, distance)| distance.is_finite())
            .reduce(|a, b| if b.1 < a.1 { b } else { a });
        found.unwrap_or_else(|| {
            let mean = values.first().copied().unwrap_or_default();
            (
                Distribution::Normal {
                    mean,
                    deviation: 0.0,
                },
                0.0,
            )
        })
    }
}

/// The distance of a distribution from sorted values: the greatest difference of the shares below a point, or
/// the mean difference of the quantiles.
fn distance(of: &Distribution, values: &[f64], metric: &str) -> f64 {
    let n = values.len();
    if metric == "kolmogorov_smirnov" {
        let step = n.div_ceil(COMPARED);
        return (0..n)
            .step_by(step)
            .map(|i| {
                let below = of.below(values[i]);
                let (from, to) = (i as f64 / n as f64, (i + 1) as f64 / n as f64);
                (below - from).abs().max((to - below).abs())
            })
            .fold(0.0, f64::max);
    }
    let count = n.min(COMPARED);
    let point = |i: usize| (i as f64 + 0.5) / count as f64;
    let at = |share: f64| values[((share * n as f64) as usize).min(n - 1)];
    let sum: f64 = (0..count)
        .map(|i| (of.quantile(point(i)) - at(point(i))).abs())
        .sum();
    sum / count as f64
}
