//! The distributions for fitting a density function: normal, exponential, a sum of Gaussian kernels, beta.
//! Named and parameterized as in `scipy.stats`, which the toolkit uses.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, Exp, Normal};
use statrs::distribution::{Continuous as _, ContinuousCDF as _};
use statrs::function::gamma::{digamma, inv_digamma};

use crate::kernels::stats_util::{deviation, mean};

/// A distribution with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Distribution {
    /// `norm`: mean and standard deviation, which is 0 if all values were equal.
    Normal { mean: f64, deviation: f64 },
    /// `expon`: begins at `location`, with mean `scale` above it.
    Exponential { location: f64, scale: f64 },
    /// `gaussian_kde`: a normal distribution around each value, weighted by its share of the values.
    Kernels {
        values: Vec<f64>,
        shares: Vec<f64>,
        bandwidth: f64,
    },
    /// `beta`: between `location` and `location` + `scale`.
    Beta {
        a: f64,
        b: f64,
        location: f64,
        scale: f64,
    },
}

/// The names for requesting a distribution, in the order in which `auto` tries them.
pub(crate) const NAMES: [&str; 4] = ["norm", "expon", "gaussian_kde", "beta"];

/// Maximum number of kernels. With more distinct values, neighbouring ones share a kernel.
const MOST_KERNELS: usize = 1000;

impl Distribution {
    /// Fits the distribution with this name to sorted values. Returns `None` if these are too few or all
    /// equal.
    pub(crate) fn fit(name: &str, sorted: &[f64]) -> Option<Distribution> {
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let (centre, range) = (mean(sorted), last - first);
        match name {
            "norm" => Some(Distribution::Normal {
                mean: centre,
                deviation: population_deviation(sorted),
            }),
            "expon" => (range > 0.0).then_some(Distribution::Exponential {
                location: first,
                scale: centre - first,
            }),
            "gaussian_kde" => (range > 0.0).then(|| kernels(sorted)),
            _ => (range > 0.0).then(|| beta(sorted, first, range)),
        }
    }

    /// Its name in `summary`.
    pub(crate) fn title(&self) -> &'static str {
        match self {
            Distribution::Normal { .. } => "Normal",
            Distribution::Exponential { .. } => "Exponential",
            Distribution::Kernels { .. } => "Gaussian KDE",
            Distribution::Beta { .. } => "Beta",
        }
    }

    /// The parameters other than mean and deviation, as text.
    pub(crate) fn parameters(&self) -> String {
        match self {
            Distribution::Normal { .. } => String::new(),
            Distribution::Exponential { location, scale } => {
                format!("Location: {location:.4}, Scale: {scale:.4}")
            }
            Distribution::Kernels {
                values, bandwidth, ..
            } => format!(
                "Bandwidth: {bandwidth:.4}, Parameter size: {}",
                values.len()
            ),
            Distribution::Beta {
                a,
                b,
                location,
                scale,
            } => format!("Alpha: {a:.4}, Beta: {b:.4}, Location: {location:.4}, Scale: {scale:.4}"),
        }
    }

    /// Its mean.
    pub(crate) fn mean(&self) -> f64 {
        match self {
            Distribution::Normal { mean, .. } => *mean,
            Distribution::Exponential { location, scale } => location + scale,
            Distribution::Kernels { values, shares, .. } => weighted(values, shares),
            Distribution::Beta {
                a,
                b,
                location,
                scale,
            } => location + scale * a / (a + b),
        }
    }

    /// Its standard deviation.
    pub(crate) fn deviation(&self) -> f64 {
        match self {
            Distribution::Normal { deviation, .. } => *deviation,
            Distribution::Exponential { scale, .. } => *scale,
            Distribution::Kernels {
                values,
                shares,
                bandwidth,
            } => {
                let centre = weighted(values, shares);
                let squares: Vec<f64> = values.iter().map(|v| (v - centre).powi(2)).collect();
                (weighted(&squares, shares) + bandwidth * bandwidth).sqrt()
            }
            Distribution::Beta { a, b, scale, .. } => {
                scale * (a * b / (a + b + 1.0)).sqrt() / (a + b)
            }
        }
    }

    /// The density at a point.
    pub(crate) fn density(&self, x: f64) -> f64 {
        match self {
            Distribution::Normal { mean, deviation } => match Normal::new(*mean, *deviation) {
                Ok(normal) if *deviation > 0.0 => normal.pdf(x),
                _ => f64::from(u8::from(x == *mean)),
            },
            Distribution::Exponential { location, scale } => {
                Exp::new(1.0 / scale).map_or(f64::NAN, |exp| exp.pdf(x - location))
            }
            Distribution::Kernels {
                values,
                shares,
                bandwidth,
            } => {
                let height = 1.0 / (bandwidth * (2.0 * std::f64::consts::PI).sqrt());
                let one = |v: &f64| (-0.5 * ((x - v) / bandwidth).powi(2)).exp();
                let near = near(values, x, *bandwidth);
                let pairs = values[near.clone()].iter().zip(&shares[near]);
                height * pairs.map(|(v, share)| share * one(v)).sum::<f64>()
            }
            Distribution::Beta {
                a,
                b,
                location,
                scale,
            } => {
                let y = (x - location) / scale;
                if !(0.0..=1.0).contains(&y) {
                    return 0.0;
                }
                Beta::new(*a, *b).map_or(f64::NAN, |beta| beta.pdf(y) / scale)
            }
        }
    }

    /// The share of values that are at most `x` (the cumulative distribution function).
    pub(crate) fn below(&self, x: f64) -> f64 {
        match self {
            Distribution::Normal { mean, deviation } => match Normal::new(*mean, *deviation) {
                Ok(normal) if *deviation > 0.0 => normal.cdf(x),
                _ => f64::from(u8::from(x >= *mean)),
            },
            Distribution::Exponential { location, scale } => {
                Exp::new(1.0 / scale).map_or(f64::NAN, |exp| exp.cdf((x - location).max(0.0)))
            }
            Distribution::Kernels {
                values,
                shares,
                bandwidth,
            } => {
                let near = near(values, x, *bandwidth);
                let before: f64 = shares[..near.start].iter().sum();
                let pairs = values[near.clone()].iter().zip(&shares[near]);
                let parts = pairs.map(|(v, share)| {
                    share * Normal::new(*v, *bandwidth).map_or(f64::NAN, |n| n.cdf(x))
                });
                before + parts.sum::<f64>()
            }
            Distribution::Beta {
                a,
                b,
                location,
                scale,
            } => {
                let y = ((x - location) / scale).clamp(0.0, 1.0);
                Beta::new(*a, *b).map_or(f64::NAN, |beta| beta.cdf(y))
            }
        }
    }

    /// The value that a share of values does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        match self {
            Distribution::Normal { mean, deviation } => match Normal::new(*mean, *deviation) {
                Ok(normal) if *deviation > 0.0 => normal.inverse_cdf(share),
                _ => *mean,
            },
            Distribution::Exponential { location, scale } => location - scale * (1.0 - share).ln(),
            Distribution::Kernels { .. } | Distribution::Beta { .. } => {
                let (mut low, mut high) = self.bounds();
                for _ in 0..80 {
                    let middle = f64::midpoint(low, high);
                    if self.below(middle) < share {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                f64::midpoint(low, high)
            }
        }
    }

    /// The range that contains practically all of it.
    pub(crate) fn bounds(&self) -> (f64, f64) {
        match self {
            Distribution::Normal { mean, deviation } => {
                (mean - 9.0 * deviation, mean + 9.0 * deviation)
            }
            Distribution::Exponential { location, scale } => (*location, location + 40.0 * scale),
            Distribution::Kernels {
                values, bandwidth, ..
            } => {
                let first = values.first().copied().unwrap_or_default();
                let last = values.last().copied().unwrap_or_default();
                (first - 6.0 * bandwidth, last + 6.0 * bandwidth)
            }
            Distribution::Beta {
                location, scale, ..
            } => (*location, location + scale),
        }
    }
}

/// `scipy.stats.norm.fit`: the maximum-likelihood deviation divides by the number of values.
fn population_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    deviation(values) * ((n - 1.0) / n).sqrt()
}

fn weighted(values: &[f64], shares: &[f64]) -> f64 {
    values.iter().zip(shares).map(|(v, s)| v * s).sum()
}

/// The kernels that contribute at a point. Those more than 9 deviations away do not.
fn near(values: &[f64], x: f64, bandwidth: f64) -> std::ops::Range<usize> {
    let from = values.partition_point(|v| *v < x - 9.0 * bandwidth);
    let to = values.partition_point(|v| *v <= x + 9.0 * bandwidth);
    from..to
}

/// `scipy.stats.gaussian_kde` with Scott's rule: the sample deviation times n^(-1/5).
fn kernels(sorted: &[f64]) -> Distribution {
    let n = sorted.len() as f64;
    let bandwidth = deviation(sorted) * n.powf(-0.2);
    let mut values: Vec<f64> = Vec::new();
    let mut counts: Vec<f64> = Vec::new();
    let mut add = |value: f64| match (values.last(), counts.last_mut()) {
        (Some(last), Some(count)) if *last == value => *count += 1.0,
        _ => {
            values.push(value);
            counts.push(1.0);
        }
    };
    let (first, last) = (sorted[0], sorted[sorted.len() - 1]);
    let different = 1 + sorted.windows(2).filter(|pair| pair[0] != pair[1]).count();
    if different <= MOST_KERNELS {
        sorted.iter().for_each(|v| add(*v));
    } else {
        let step = (last - first) / (MOST_KERNELS - 1) as f64;
        sorted
            .iter()
            .for_each(|v| add(first + step * ((v - first) / step).round()));
    }
    Distribution::Kernels {
        shares: counts.iter().map(|c| c / n).collect(),
        values,
        bandwidth,
    }
}

/// The maximum-likelihood beta distribution between the smallest and the largest value, extended on both
/// sides by half the mean distance between values: at the bounds themselves values would have no likelihood.
/// Minka's fixed point, starting from the moments.
fn beta(sorted: &[f64], first: f64, range: f64) -> Distribution {
    let n = sorted.len() as f64;
    let margin = range / (2.0 * n);
    let (location, scale) = (first - margin, range + 2.0 * margin);
    let scaled: Vec<f64> = sorted.iter().map(|x| (x - location) / scale).collect();
    let log_mean = mean(&scaled.iter().map(|y| y.ln()).collect::<Vec<_>>());
    let log_rest = mean(&scaled.iter().map(|y| (1.0 - y).ln()).collect::<Vec<_>>());
    let centre = mean(&scaled);
    let variance = population_deviation(&scaled).powi(2).max(1e-12);
    let total = (centre * (1.0 - centre) / variance - 1.0).max(1e-3);
    let (mut a, mut b) = (centre * total, (1.0 - centre) * total);
    for _ in 0..1000 {
        let both = digamma(a + b);
        let (next_a, next_b) = (inv_digamma(log_mean + both), inv_digamma(log_rest + both));
        if !(next_a.is_finite() && next_b.is_finite() && next_a > 0.0 && next_b > 0.0) {
            break;
        }
        let moved = (next_a - a).abs() / a + (next_b - b).abs() / b;
        (a, b) = (next_a, next_b);
        if moved < 1e-10 {
            break;
        }
    }
    Distribution::Beta {
        a,
        b,
        location,
        scale,
    }
}

#[cfg(test)]
mod tests {
    use super::Distribution;

    /// Values at evenly spaced quantiles of a distribution.
    fn even(of: &Distribution, count: usize) -> Vec<f64> {
        let share = |i: usize| (i as f64 + 0.5) / count as f64;
        (0..count).map(|i| of.quantile(share(i))).collect()
    }

    #[test]
    fn what_was_drawn_is_found_again() {
        let normal = Distribution::Normal {
            mean: 40.0,
            deviation: 5.0,
        };
        let found = Distribution::fit("norm", &even(&normal, 2000)).expect("a fit");
        assert!((found.mean() - 40.0).abs() < 1e-9 && (found.deviation() - 5.0).abs() < 0.02);
        let beta = Distribution::Beta {
            a: 2.0,
            b: 5.0,
            location: 0.0,
            scale: 10.0,
        };
        let found = Distribution::fit("beta", &even(&beta, 2000)).expect("a fit");
        assert!((found.mean() - beta.mean()).abs() < 0.05, "{found:?}");
        assert!(
            (found.below(2.0) - beta.below(2.0)).abs() < 0.02,
            "{found:?}"
        );
        let exponential = Distribution::Exponential {
            location: 3.0,
            scale: 2.0,
        };
        let found = Distribution::fit("expon", &even(&exponential, 2000)).expect("a fit");
        assert!((found.mean() - 5.0).abs() < 0.02, "{found:?}");
    }
}
