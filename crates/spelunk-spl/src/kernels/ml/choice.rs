//! What may be said of outliers, both where a `DensityFunction` is fitted and where it is applied.

use serde::{Deserialize, Serialize};

/// What is said both where a model is made and where it is applied; the latter goes before.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) thresholds: Option<Thresholds>,
    /// Adds the density of each value.
    pub(crate) show_density: Option<bool>,
    /// Adds a value drawn of what is no outlier.
    pub(crate) sample: Option<bool>,
    /// Adds a value drawn of all.
    pub(crate) full_sample: Option<bool>,
    /// What else is shown.
    pub(crate) show_options: Option<Vec<String>>,
    /// Where chance begins.
    pub(crate) seed: Option<u64>,
}

/// How much of the values counts as outliers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Thresholds {
    /// The share that lies where the density is least; several are judged side by side.
    Sparse(Vec<f64>),
    /// The shares at the lower and the upper end.
    Ends(Option<f64>, Option<f64>),
}

impl Choice {
    /// Whether nothing was said.
    pub(crate) fn is_silent(&self) -> bool {
        self.thresholds.is_none()
            && self.show_density.is_none()
            && self.sample.is_none()
            && self.full_sample.is_none()
            && self.show_options.is_none()
            && self.seed.is_none()
    }

    /// The thresholds, each with what its columns are told apart by; 0.01 when none is given.
    pub(crate) fn thresholds(&self) -> Vec<(Threshold, String)> {
        match &self.thresholds {
            None => vec![(Threshold::Sparse(0.01), String::new())],
            Some(Thresholds::Ends(lower, upper)) => {
                vec![(Threshold::Ends(*lower, *upper), String::new())]
            }
            Some(Thresholds::Sparse(shares)) if shares.len() == 1 => {
                vec![(Threshold::Sparse(shares[0]), String::new())]
            }
            Some(Thresholds::Sparse(shares)) => shares
                .iter()
                .map(|share| (Threshold::Sparse(*share), format!("_th={share}")))
                .collect(),
        }
    }

    /// This, and what the other says where this says nothing.
    pub(crate) fn or(&self, other: &Choice) -> Choice {
        Choice {
            thresholds: self.thresholds.clone().or_else(|| other.thresholds.clone()),
            show_density: self.show_density.or(other.show_density),
            sample: self.sample.or(other.sample),
            full_sample: self.full_sample.or(other.full_sample),
            show_options: (self.show_options.clone()).or_else(|| other.show_options.clone()),
            seed: self.seed.or(other.seed),
        }
    }
}

/// One threshold.
pub(crate) enum Threshold {
    /// The share that lies where the density is least.
    Sparse(f64),
    /// The shares at the lower and the upper end.
    Ends(Option<f64>, Option<f64>),
}
