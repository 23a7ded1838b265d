//! What may be said of outliers, both where a `DensityFunction` is fitted and where it is applied.

use serde::{Deserialize, Serialize};

use crate::commands::args::Args;
use crate::error::{Error, Result};
use crate::syntax::ast::Literal;
use crate::value::parse_number;

/// What is said both where a model is made and where it is applied; the latter goes before.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::commands) struct Choice {
    thresholds: Option<Thresholds>,
    /// Adds the density of each value.
    pub(super) show_density: Option<bool>,
    /// Adds a value drawn of what is no outlier.
    pub(super) sample: Option<bool>,
    /// Adds a value drawn of all.
    pub(super) full_sample: Option<bool>,
    /// What else is shown.
    pub(super) show_options: Option<Vec<String>>,
    /// Where chance begins.
    pub(super) seed: Option<u64>,
}

/// How much of the values counts as outliers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Thresholds {
    /// The share that lies where the density is least; several are judged side by side.
    Sparse(Vec<f64>),
    /// The shares at the lower and the upper end.
    Ends(Option<f64>, Option<f64>),
}

impl Choice {
    /// Reads the options.
    ///
    /// # Errors
    /// Values they don't take, or thresholds that exclude each other.
    pub(in crate::commands) fn of(args: &Args<'_>) -> Result<Choice> {
        let flag = |name| args.get(name).map(|_| args.flag(name, false)).transpose();
        let seed = args
            .get("random_state")
            .map(|_| args.number("random_state", 0));
        Ok(Choice {
            thresholds: thresholds(args)?,
            show_density: flag("show_density")?,
            sample: flag("sample")?,
            full_sample: flag("full_sample")?,
            show_options: shown(args)?,
            seed: seed.transpose()?.map(|n| n as u64),
        })
    }

    /// Whether nothing was said.
    pub(super) fn is_silent(&self) -> bool {
        self.thresholds.is_none()
            && self.show_density.is_none()
            && self.sample.is_none()
            && self.full_sample.is_none()
            && self.show_options.is_none()
            && self.seed.is_none()
    }

    /// The thresholds, each with what its columns are told apart by; 0.01 when none is given.
    pub(super) fn thresholds(&self) -> Vec<(Threshold, String)> {
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
    pub(super) fn or(&self, other: &Choice) -> Choice {
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

/// A share that an option holds.
fn share(literal: &Literal, text: &str) -> Result<f64> {
    let number = parse_number(text.trim()).filter(|n| *n > 0.0 && *n < 1.0);
    number.ok_or_else(|| {
        Error::argument(
            literal.span,
            format!(
                "a threshold is a number between 0 and 1, not `{}`",
                text.trim()
            ),
        )
    })
}

fn thresholds(args: &Args<'_>) -> Result<Option<Thresholds>> {
    let end = |name| args.get(name).map(|l| share(l, &l.text)).transpose();
    let (lower, upper) = (end("lower_threshold")?, end("upper_threshold")?);
    let ends = lower.is_some() || upper.is_some();
    let Some(both) = args.get("threshold") else {
        return Ok(ends.then_some(Thresholds::Ends(lower, upper)));
    };
    if ends {
        return Err(Error::argument(
            both.span,
            "`threshold` takes both ends: it does not go with `lower_threshold` and `upper_threshold`",
        ));
    }
    let shares: Result<Vec<f64>> = both.text.split(',').map(|t| share(both, t)).collect();
    Ok(Some(Thresholds::Sparse(shares?)))
}

const SHOWN: [&str; 3] = ["feature_variables", "split_by", "params"];

fn shown(args: &Args<'_>) -> Result<Option<Vec<String>>> {
    let Some(literal) = args.get("show_options") else {
        return Ok(None);
    };
    let names: Vec<String> = literal
        .text
        .split(',')
        .map(|t| t.trim().to_owned())
        .collect();
    if let Some(other) = names.iter().find(|n| !SHOWN.contains(&n.as_str())) {
        return Err(Error::argument(
            literal.span,
            format!(
                "`show_options` is a list of {}, not `{other}`",
                SHOWN.join(", ")
            ),
        ));
    }
    Ok(Some(names))
}

/// One threshold.
pub(super) enum Threshold {
    /// The share that lies where the density is least.
    Sparse(f64),
    /// The shares at the lower and the upper end.
    Ends(Option<f64>, Option<f64>),
}
