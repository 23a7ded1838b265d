//! Outlier options of a `DensityFunction`, both for fitting and for applying it.

use serde::{Deserialize, Serialize};

/// Options for both fitting and applying; the latter take precedence.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) thresholds: Option<Thresholds>,
    /// Whether to add the density of each value.
    pub(crate) show_density: Option<bool>,
    /// Whether to add a random value from the distribution without its outliers.
    pub(crate) sample: Option<bool>,
    /// Whether to add a random value from the whole distribution.
    pub(crate) full_sample: Option<bool>,
    /// Further columns to show.
    pub(crate) show_options: Option<Vec<String>>,
    /// Seed of the random numbers.
    pub(crate) seed: Option<u64>,
}

/// The share of values that counts as outliers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Thresholds {
    /// The share in the regions of least density. Several shares are evaluated side by side.
    Sparse(Vec<f64>),
    /// The shares at the lower and the upper end.
    Ends(Option<f64>, Option<f64>),
}

impl Choice {
    /// Whether no option is set.
    pub(crate) fn is_silent(&self) -> bool {
        self.thresholds.is_none()
            && self.show_density.is_none()
            && self.sample.is_none()
            && self.full_sample.is_none()
            && self.show_options.is_none()
            && self.seed.is_none()
    }

    /// The thresholds, each with the suffix of its columns; 0.01 by default.
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

    /// Fills unset options from `other`.
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
    /// The share in the regions of least density.
    Sparse(f64),
    /// The shares at the lower and the upper end.
    Ends(Option<f64>, Option<f64>),
}
