//! The algorithms of the Machine Learning Toolkit: supported ones, and unsupported ones with the reason.

use crate::commands::learning::{
    Asked, clusters, components, density, lasso, plain, ridge, robust, standard,
};
use crate::error::{Error, ErrorKind, Result};
use crate::kernels::ml::Learner;
use crate::syntax::ast::Name;

/// One algorithm.
pub(crate) struct Algorithm {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its own options.
    pub(crate) options: &'static [&'static str],
    /// Whether it predicts a field: `fit <name> <field> from <field>...`.
    pub(crate) foretells: bool,
    /// Whether it groups rows by the fields after `by`.
    pub(crate) groups: bool,
    /// Parses the request into a learner.
    pub(crate) learner: fn(&Asked<'_>) -> Result<Box<dyn Learner>>,
}

const LINEAR: &[&str] = &["fit_intercept", "normalize"];

const PENALISED: &[&str] = &["alpha", "fit_intercept", "normalize"];

const ALGORITHMS: &[Algorithm] = &[
    Algorithm {
        name: "DensityFunction",
        options: &[
            "dist",
            "exclude_dist",
            "metric",
            "threshold",
            "lower_threshold",
            "upper_threshold",
            "show_density",
            "sample",
            "full_sample",
            "show_options",
            "random_state",
        ],
        foretells: false,
        groups: true,
        learner: density,
    },
    Algorithm {
        name: "KMeans",
        options: &["k", "random_state"],
        foretells: false,
        groups: false,
        learner: clusters,
    },
    Algorithm {
        name: "Lasso",
        options: PENALISED,
        foretells: true,
        groups: false,
        learner: lasso,
    },
    Algorithm {
        name: "LinearRegression",
        options: LINEAR,
        foretells: true,
        groups: false,
        learner: plain,
    },
    Algorithm {
        name: "PCA",
        options: &["k", "variance"],
        foretells: false,
        groups: false,
        learner: components,
    },
    Algorithm {
        name: "Ridge",
        options: PENALISED,
        foretells: true,
        groups: false,
        learner: ridge,
    },
    Algorithm {
        name: "RobustScaler",
        options: &["with_centering", "with_scaling"],
        foretells: false,
        groups: false,
        learner: robust,
    },
    Algorithm {
        name: "StandardScaler",
        options: &["with_mean", "with_std"],
        foretells: false,
        groups: false,
        learner: standard,
    },
];

/// The toolkit's unsupported algorithms, with the reason.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["MLPClassifier", "MLPRegressor", "SystemIdentification"],
        "it is a neural network, which needs a runtime of its own",
    ),
    (
        &[
            "ACF",
            "ARIMA",
            "AutoPrediction",
            "BernoulliNB",
            "Birch",
            "DBSCAN",
            "DecisionTreeClassifier",
            "DecisionTreeRegressor",
            "ElasticNet",
            "ExtraTreesClassifier",
            "ExtraTreesRegressor",
            "FieldSelector",
            "GMeans",
            "GaussianNB",
            "GradientBoostingClassifier",
            "GradientBoostingRegressor",
            "HashingVectorizer",
            "ICA",
            "Imputer",
            "KernelPCA",
            "KernelRidge",
            "LocalOutlierFactor",
            "LogisticRegression",
            "MultivariateOutlierDetection",
            "NPR",
            "OneClassSVM",
            "PACF",
            "RandomForestClassifier",
            "RandomForestRegressor",
            "SGDClassifier",
            "SGDRegressor",
            "SVM",
            "SpectralClustering",
            "StateSpaceForecast",
            "TFIDF",
            "XMeans",
        ],
        "it is a program of Python libraries (scikit-learn, statsmodels), which needs a Python runtime",
    ),
];

/// The names of the supported algorithms.
fn names() -> impl Iterator<Item = &'static str> {
    ALGORITHMS.iter().map(|a| a.name)
}

/// The algorithm with this name, ignoring case.
///
/// # Errors
/// If it is unsupported, with the reason, or unknown.
pub(crate) fn algorithm(name: &Name) -> Result<&'static Algorithm> {
    let is = |known: &str| known.eq_ignore_ascii_case(&name.text);
    if let Some(found) = ALGORITHMS.iter().find(|a| is(a.name)) {
        return Ok(found);
    }
    let there = || format!("there are {}", names().collect::<Vec<_>>().join(", "));
    for (refused, why) in REFUSED {
        if let Some(known) = refused.iter().find(|known| is(known)) {
            return Err(Error::new(ErrorKind::UnsupportedCommand {
                name: format!("fit {known}"),
                why: (*why).to_owned(),
            })
            .at(name.span)
            .hint(there()));
        }
    }
    let known = names().chain(REFUSED.iter().flat_map(|(names, _)| names.iter().copied()));
    Err(
        Error::argument(name.span, format!("unknown algorithm `{}`", name.text))
            .did_you_mean(&name.text, known)
            .hint(there()),
    )
}
