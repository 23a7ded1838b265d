//! Parses the arguments of the Machine Learning Toolkit's commands.

use crate::commands::Command;
use crate::commands::args::{Args, choice, decimal};
use crate::error::{Error, Result};
use crate::kernels::ml::choice::{Choice, Thresholds};
use crate::kernels::ml::clusters::ClusterLearner;
use crate::kernels::ml::density_learner::DensityLearner;
use crate::kernels::ml::distribution::NAMES;
use crate::kernels::ml::linear::{LinearLearner, Penalty};
use crate::kernels::ml::scaling::{ComponentLearner, ScaleLearner};
use crate::kernels::ml::{Learner, model_name};
use crate::plan::Plan;
use crate::plan::schema::Pattern;
use crate::source::Span;
use crate::syntax::ast::{Literal, Stage};
use crate::value::parse_number;

/// The arguments of `fit`.
pub(crate) struct Asked<'a> {
    /// Its options.
    pub(crate) args: &'a Args<'a>,
    /// The field to predict, before `from`.
    pub(crate) target: Option<String>,
    /// The fields to learn from.
    pub(crate) fields: Vec<Pattern>,
    /// The grouping fields.
    pub(crate) by: Vec<String>,
    /// Its span.
    pub(crate) span: Span,
}

/// The single model name of a command that begins a search.
///
/// # Errors
/// If there is no name, more than one, an invalid one, or rows before the command.
pub(crate) fn named_model(
    command: &Command,
    stage: &Stage,
    input: Option<&Plan>,
) -> Result<(String, Span)> {
    let args = Args::new(command, stage)?;
    let names = args.fields();
    let [name] = names.as_slice() else {
        let why = format!("`{}` needs one model", command.name);
        return Err(Error::syntax(stage.span, why));
    };
    if input.is_some() {
        let why = format!("`{}` begins a search", command.name);
        return Err(Error::syntax(stage.name.span, why));
    }
    Ok((model_name(name)?, name.span))
}

/// Default number of clusters, as in scikit-learn.
const CLUSTERS: usize = 8;

/// `fit KMeans`.
///
/// # Errors
/// If it does not take the options.
pub(crate) fn clusters(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    let count = asked.args.number("k", CLUSTERS)?;
    asked.args.number("random_state", 0)?;
    if count == 0 {
        let span = asked.args.get("k").map_or(asked.span, |l| l.span);
        return Err(Error::argument(span, "`k` is at least 1"));
    }
    Ok(Box::new(ClusterLearner {
        fields: asked.fields.clone(),
        count,
    }))
}

/// Maximum number of grouping fields.
const MOST_BY: usize = 5;

/// Parses the arguments.
///
/// # Errors
/// If it does not take the options or fields.
pub(crate) fn density(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    let [field] = asked.fields.as_slice() else {
        return Err(Error::argument(
            asked.span,
            "`DensityFunction` takes one field",
        ));
    };
    if asked.by.len() > MOST_BY {
        let message = format!("`DensityFunction` takes at most {MOST_BY} fields after `by`");
        return Err(Error::argument(asked.span, message));
    }
    let args = asked.args;
    let names: &[&[&str]] = &[
        &["auto"],
        &["norm", "normal"],
        &["expon", "exponential"],
        &["gaussian_kde"],
        &["beta"],
    ];
    let excluded: Vec<String> = args
        .text("exclude_dist", "")
        .split(',')
        .map(|t| t.trim().to_owned())
        .filter(|t| !t.is_empty())
        .collect();
    let name = choice(args, "dist", names)?;
    if let Some(literal) = args.get("exclude_dist") {
        let unknown = excluded.iter().find(|e| !NAMES.contains(&e.as_str()));
        if let Some(unknown) = unknown {
            let message = format!(
                "a distribution is one of {}, not `{unknown}`",
                NAMES.join(", ")
            );
            return Err(Error::argument(literal.span, message));
        }
        if NAMES.iter().all(|n| excluded.iter().any(|e| e == n)) {
            return Err(Error::argument(literal.span, "no distribution is left"));
        }
    }
    Ok(Box::new(DensityLearner {
        field: field.text.clone(),
        by: asked.by.clone(),
        name,
        excluded,
        metric: choice(args, "metric", &[&["wasserstein"], &["kolmogorov_smirnov"]])?,
        choice: choice_of(args)?,
    }))
}

/// `fit LinearRegression`: least squares.
///
/// # Errors
/// If it does not take the options.
pub(crate) fn plain(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    linear(asked, Penalty::None)
}

/// `fit Ridge`.
///
/// # Errors
/// If it does not take the options.
pub(crate) fn ridge(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    linear(
        asked,
        Penalty::Squares(decimal(asked.args, "alpha", 1.0, 0.0..=f64::MAX)?),
    )
}

/// `fit Lasso`.
///
/// # Errors
/// If it does not take the options.
pub(crate) fn lasso(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    linear(
        asked,
        Penalty::Sizes(decimal(asked.args, "alpha", 1.0, 0.0..=f64::MAX)?),
    )
}

fn linear(asked: &Asked<'_>, penalty: Penalty) -> Result<Box<dyn Learner>> {
    Ok(Box::new(LinearLearner {
        target: asked.target.clone().unwrap_or_default(),
        fields: asked.fields.clone(),
        penalty,
        intercept: asked.args.flag("fit_intercept", true)?,
        normalised: asked.args.flag("normalize", false)?,
    }))
}

/// `fit StandardScaler`: subtracts the mean and divides by the population standard deviation.
///
/// # Errors
/// If it does not take the options.
pub(crate) fn standard(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    Ok(Box::new(ScaleLearner {
        fields: asked.fields.clone(),
        robust: false,
        centred: asked.args.flag("with_mean", true)?,
        scaled: asked.args.flag("with_std", true)?,
    }))
}

/// `fit RobustScaler`: subtracts the median and divides by the interquartile range.
///
/// # Errors
/// If it does not take the options.
pub(crate) fn robust(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    Ok(Box::new(ScaleLearner {
        fields: asked.fields.clone(),
        robust: true,
        centred: asked.args.flag("with_centering", true)?,
        scaled: asked.args.flag("with_scaling", true)?,
    }))
}

/// `fit PCA`.
///
/// # Errors
/// If it does not take the options.
pub(crate) fn components(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    let args = asked.args;
    let count = args.get("k").map(|_| args.number("k", 0)).transpose()?;
    let share = args.get("variance");
    if let (Some(literal), Some(_)) = (share, count) {
        return Err(Error::argument(
            literal.span,
            "`variance` and `k` both set the number of components",
        ));
    }
    let share = share.map(|_| decimal(args, "variance", 1.0, 0.0..=1.0));
    Ok(Box::new(ComponentLearner {
        fields: asked.fields.clone(),
        count: count.filter(|k| *k > 0),
        share: share.transpose()?,
    }))
}

/// An option that is a fraction.
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

/// Parses the options.
///
/// # Errors
/// If a value is invalid, or thresholds exclude each other.
pub(crate) fn choice_of(args: &Args<'_>) -> Result<Choice> {
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
