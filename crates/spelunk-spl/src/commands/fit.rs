//! `fit`: learns a model from the rows, and applies it to them.

use std::collections::BTreeMap;

use crate::commands::args::{Args, unknown_option};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::fit::Fit;
use crate::commands::algorithms::{Algorithm, algorithm};
use crate::commands::learning::Asked;
use crate::kernels::ml::model_name;
use crate::plan::schema::Pattern;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{Arg, ArgKind, Name, Stage};

pub(super) const COMMAND: Command = Command {
    name: "fit",
    category: Category::Fields,
    synopsis: "fit <algorithm> <field>... [from <field>...] [by <field>...] [<option>=<value>]... [into <model>] [as <field>]",
    options: &[
        ("dist", "auto", "DensityFunction: norm, expon, gaussian_kde, beta, or auto for the one nearest to the values"),
        ("exclude_dist", "", "DensityFunction: distributions that auto does not try, separated by commas"),
        ("metric", "wasserstein", "DensityFunction: how nearness is measured; also kolmogorov_smirnov"),
        ("threshold", "0.01", "DensityFunction: the share of values that are outliers; several, separated by commas, are judged side by side"),
        ("lower_threshold", "", "DensityFunction: the share of outliers at the lower end"),
        ("upper_threshold", "", "DensityFunction: the share of outliers at the upper end"),
        ("show_density", "false", "DensityFunction: adds ProbabilityDensity(<field>)"),
        ("sample", "false", "DensityFunction: adds SampledValue(<field>), a sample of the values that are not outliers"),
        ("full_sample", "false", "DensityFunction: adds FullSampledValue(<field>), drawn of all"),
        ("show_options", "", "DensityFunction: adds feature_variables, split_by, params"),
        ("random_state", "0", "DensityFunction: where chance begins. KMeans: accepted, every run is the same"),
        ("with_mean", "true", "StandardScaler: whether the mean is taken away"),
        ("with_std", "true", "StandardScaler: whether it is divided by the deviation"),
        ("with_centering", "true", "RobustScaler: whether the median is taken away"),
        ("with_scaling", "true", "RobustScaler: whether it is divided by the range between the quartiles"),
        ("fit_intercept", "true", "LinearRegression, Ridge, Lasso: whether there is a constant"),
        ("normalize", "false", "LinearRegression, Ridge, Lasso: whether fields are brought to one length first"),
        ("alpha", "1", "Ridge, Lasso: how much coefficients are kept small"),
        ("k", "", "KMeans: how many clusters (8). PCA: how many components (all)"),
        ("variance", "", "PCA: as many components as explain that share"),
    ],
    doc: "Learns from the rows: how values are distributed in each group and which are outliers (DensityFunction), scales (StandardScaler, \
          RobustScaler), a linear model that predicts a field (LinearRegression, Ridge, Lasso), clusters (KMeans), components (PCA). The rows get the model's predictions; `into` keeps it in the home folder for `apply`. Other algorithms of the toolkit are refused by name.",
    examples: &[(
        "| makeresults count=4 | streamstats count AS x | eval y=2*x+1 | fit LinearRegression y from x as guess | eval guess=round(guess,6) | table x y guess",
        "{\"x\":1,\"y\":3,\"guess\":3}\n{\"x\":2,\"y\":5,\"guess\":5}\n{\"x\":3,\"y\":7,\"guess\":7}\n{\"x\":4,\"y\":9,\"guess\":9}",
    )],
    page: "MLApp/User/Algorithms",
    args: Rule::fit_args,
    plan,
    ..DEFAULT
};

/// The arguments of `fit`, by the preceding keyword.
#[derive(Default)]
struct Words<'a> {
    first: Vec<&'a Name>,
    from: Vec<&'a Name>,
    by: Vec<&'a Name>,
    into: Vec<&'a Name>,
    named: Vec<&'a Name>,
}

fn words<'a>(args: &[&'a Arg]) -> Words<'a> {
    let (mut words, mut keyword) = (Words::default(), String::new());
    for arg in args {
        let ArgKind::Field(name) = &arg.kind else {
            continue;
        };
        let lower = name.text.to_ascii_lowercase();
        if !name.quoted && ["from", "by", "into", "as"].contains(&lower.as_str()) {
            keyword = lower;
            continue;
        }
        match keyword.as_str() {
            "from" => words.from.push(name),
            "by" => words.by.push(name),
            "into" => words.into.push(name),
            "as" => words.named.push(name),
            _ => words.first.push(name),
        }
    }
    words
}

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let words = words(&args.rest);
    let Some((first, fields)) = words.first.split_first() else {
        return Err(Error::syntax(stage.span, "`fit` needs an algorithm")
            .hint(format!("usage: {}", COMMAND.synopsis)));
    };
    let algorithm = algorithm(first)?;
    own_options(algorithm, stage)?;
    let into = one(&words.into, "into")?.map(model_name).transpose()?;
    let (target, fields) = split(algorithm, first, fields, &words)?;
    if !words.by.is_empty() && !algorithm.groups {
        let message = format!("`{}` does not group rows with `by`", algorithm.name);
        return Err(Error::argument(words.by[0].span, message));
    }
    // The manual writes `by "a,b"`.
    let by = words.by.iter().flat_map(|name| name.text.split(','));
    let by = by.map(|name| name.trim().to_owned()).filter(|n| !n.is_empty());
    let asked = Asked {
        args: &args,
        target,
        fields,
        by: by.collect(),
        span: stage.span,
    };
    Ok(Planner::rows_or_events(input).apply(Fit {
        algorithm: algorithm.name,
        learner: (algorithm.learner)(&asked)?,
        options: typed(stage),
        into,
        output: one(&words.named, "as")?.map(|name| name.text.clone()),
    }))
}

/// The field to predict and the fields to learn from.
fn split(
    algorithm: &Algorithm,
    name: &Name,
    fields: &[&Name],
    words: &Words<'_>,
) -> Result<(Option<String>, Vec<Pattern>)> {
    let patterns = |names: &[&Name]| names.iter().map(|n| Pattern::new(n.text.as_str())).collect();
    if algorithm.foretells {
        // Without `from`, the first field is the one to predict.
        let (targets, others) = match words.from.is_empty() {
            true => fields.split_at(fields.len().min(1)),
            false => (fields, words.from.as_slice()),
        };
        let ([target], [_, ..]) = (targets, others) else {
            let message = format!("`{}` foretells one field from others", algorithm.name);
            return Err(Error::argument(name.span, message).hint(usage(algorithm)));
        };
        return Ok((Some(target.text.clone()), patterns(others)));
    }
    let all: Vec<&Name> = fields.iter().chain(&words.from).copied().collect();
    if all.is_empty() {
        let message = format!("`{}` needs fields to learn from", algorithm.name);
        return Err(Error::argument(name.span, message).hint(usage(algorithm)));
    }
    Ok((None, patterns(&all)))
}

fn usage(algorithm: &Algorithm) -> String {
    match algorithm.foretells {
        true => format!("usage: fit {} <field> from <field>...", algorithm.name),
        false => format!("usage: fit {} <field>...", algorithm.name),
    }
}

/// The name after `into` or `as`.
fn one<'a>(names: &[&'a Name], keyword: &str) -> Result<Option<&'a Name>> {
    match names {
        [] => Ok(None),
        [name] => Ok(Some(name)),
        [_, other, ..] => Err(Error::argument(
            other.span,
            format!("`{keyword}` is followed by one name"),
        )),
    }
}

/// Rejects options of other algorithms.
fn own_options(algorithm: &Algorithm, stage: &Stage) -> Result<()> {
    for arg in &stage.args {
        if let ArgKind::Option { name, .. } = &arg.kind {
            let lower = name.text.to_ascii_lowercase();
            let of_others = COMMAND.options.iter().any(|row| row.0 == lower);
            if of_others && !algorithm.options.contains(&lower.as_str()) {
                let own = algorithm.options.join(", ");
                let mut error = unknown_option(&COMMAND, name);
                error.hints = vec![format!("the options of {}: {own}", algorithm.name)];
                return Err(error);
            }
        }
    }
    Ok(())
}

/// The options as typed, for `listmodels`.
fn typed(stage: &Stage) -> BTreeMap<String, String> {
    stage
        .args
        .iter()
        .filter_map(|arg| match &arg.kind {
            ArgKind::Option { name, value } => {
                Some((name.text.to_ascii_lowercase(), value.text.clone()))
            }
            _ => None,
        })
        .collect()
}
