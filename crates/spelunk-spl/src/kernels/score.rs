//! `score`: how well predictions match the actual values.

use crate::error::{Error, ErrorKind, Result};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;
use crate::syntax::ast::Name;

pub(crate) mod classes;

pub(crate) mod numbers;

/// A score, and how to compute it for one pair of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Classes(classes::Kind),
    Numbers(numbers::Kind),
}

/// The toolkit's other methods.
const REFUSED: &[&str] = &[
    "roc_curve",
    "roc_auc_score",
    "silhouette_score",
    "pairwise_distances",
    "cosine",
    "moment",
    "tmean",
    "tvar",
    "trim",
    "adfuller",
    "anderson",
    "energy_distance",
    "f_oneway",
    "kpss",
    "ks_2samp",
    "kstest",
    "mannwhitneyu",
    "normaltest",
    "wasserstein_distance",
    "wilcoxon",
];

pub(crate) fn method(name: &Name) -> Result<Method> {
    let lower = name.text.to_ascii_lowercase();
    if let Some(kind) = classes::Kind::of(&lower) {
        return Ok(Method::Classes(kind));
    }
    if let Some(kind) = numbers::Kind::of(&lower) {
        return Ok(Method::Numbers(kind));
    }
    let there = classes::NAMES.iter().chain(numbers::NAMES).copied();
    let hint = format!("there are {}", there.clone().collect::<Vec<_>>().join(", "));
    if REFUSED.contains(&lower.as_str()) {
        return Err(Error::new(ErrorKind::UnsupportedCommand {
            name: format!("score {lower}"),
            why: "it is a program of Python libraries (scikit-learn, scipy), which needs a Python runtime".to_owned(),
        })
        .at(name.span)
        .hint(hint));
    }
    Err(
        Error::argument(name.span, format!("unknown method `{}`", name.text))
            .did_you_mean(&name.text, there)
            .hint(hint),
    )
}

/// Compares fields.
#[derive(Debug)]
pub(crate) struct Score {
    pub(crate) method: Method,
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) span: Span,
    pub(crate) averaging: &'static str,
    pub(crate) positive: String,
    pub(crate) share: bool,
    pub(crate) equal_variances: bool,
    pub(crate) mean: f64,
}

impl Kernel for Score {
    fn describe(&self) -> String {
        let pairs = self.pairs.iter().map(|(a, p)| format!("{a} against {p}"));
        format!("score {}", pairs.collect::<Vec<_>>().join(", "))
    }

    fn run(&self, rows: Table, _: &QueryContext) -> Result<Table> {
        for field in self.pairs.iter().flat_map(|(a, p)| [a, p]) {
            if !field.is_empty() && rows.column(field).is_none() {
                return Err(Error::data(format!("no row has the field `{field}`")).at(self.span));
            }
        }
        match self.method {
            Method::Classes(kind) => Ok(self.classes(kind, &rows)),
            Method::Numbers(kind) => self.numbers(kind, &rows),
        }
    }
}
