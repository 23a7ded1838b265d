//! Shared by the Machine Learning Toolkit's commands: the algorithms, their models, and the folder of models.
//! Implements plain statistics only; algorithms that need a neural network or a Python runtime are rejected
//! by name.

pub(crate) mod algebra;
pub(crate) mod choice;
pub(crate) mod clusters;
pub(crate) mod density;
pub(crate) mod density_learner;
pub(crate) mod distribution;
pub(crate) mod features;
pub(crate) mod linear;
pub(crate) mod ranges;
pub(crate) mod scaling;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;
use crate::syntax::ast::Name;

pub(crate) use choice::Choice;

/// Learns a model from rows.
pub(crate) trait Learner: Debug + Send + Sync {
    /// Learns the model.
    ///
    /// # Errors
    /// If nothing can be learned from the rows.
    fn learn(&self, rows: &Table, context: &QueryContext) -> Result<Learned>;
}

/// How to apply a model.
#[derive(Debug, Default)]
pub(crate) struct Applying {
    /// The name that `as` gives to the added columns.
    pub(crate) output: Option<String>,
    /// Options for densities.
    pub(crate) choice: Choice,
}

/// The parameters that an algorithm learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Learned {
    /// `DensityFunction`
    Density(density::Density),
    /// `StandardScaler`, `RobustScaler`
    Scaler(scaling::Scaler),
    /// `PCA`
    Components(scaling::Components),
    /// `LinearRegression`, `Ridge`, `Lasso`
    Linear(linear::Linear),
    /// `KMeans`
    Clusters(clusters::Clusters),
}

/// A model, as stored in its file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Model {
    /// The algorithm's name.
    pub(crate) algorithm: String,
    /// The options of `fit`, as typed.
    pub(crate) options: BTreeMap<String, String>,
    /// The learned parameters.
    pub(crate) learned: Learned,
}

impl Model {
    /// Adds the model's output to each row.
    ///
    /// # Errors
    /// If the rows lack the model's fields, or the options do not fit the model.
    pub(crate) fn apply(
        &self,
        mut rows: Table,
        how: &Applying,
        context: &QueryContext,
    ) -> Result<Table> {
        if !matches!(self.learned, Learned::Density(_)) && !how.choice.is_silent() {
            return Err(Error::data(format!(
                "thresholds and densities are for models of `DensityFunction`, and this is one of `{}`",
                self.algorithm
            )));
        }
        match &self.learned {
            Learned::Density(found) => found.apply(&mut rows, how, context)?,
            Learned::Scaler(found) => found.apply(&mut rows, how)?,
            Learned::Components(found) => found.apply(&mut rows, how)?,
            Learned::Linear(found) => found.apply(&mut rows, how)?,
            Learned::Clusters(found) => found.apply(&mut rows, how)?,
        }
        Ok(rows)
    }

    /// The output of `summary`.
    pub(crate) fn summary(&self) -> Table {
        match &self.learned {
            Learned::Density(found) => found.summary(),
            Learned::Scaler(found) => found.summary(),
            Learned::Components(found) => found.summary(),
            Learned::Linear(found) => found.summary(),
            Learned::Clusters(found) => found.summary(),
        }
    }
}

/// The names of added columns: the algorithm's own, or those derived from `as`.
fn names(how: &Applying, defaults: Vec<String>) -> Vec<String> {
    match &how.output {
        None => defaults,
        Some(name) if defaults.len() == 1 => vec![name.clone()],
        Some(name) => (1..=defaults.len())
            .map(|n| format!("{name}_{n}"))
            .collect(),
    }
}

/// A model's name without the prefix `app:`, by which Splunk distinguishes where models are stored.
///
/// # Errors
/// If the name contains characters other than letters, digits and underscores, or begins with a digit.
pub(crate) fn model_name(name: &Name) -> Result<String> {
    let plain = name.text.strip_prefix("app:").unwrap_or(&name.text);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && plain.chars().all(fits) {
        return Ok(plain.to_owned());
    }
    Err(Error::argument(
        name.span,
        format!("`{}` can't be a model's name", name.text),
    )
    .hint("letters, digits and underscores, beginning with a letter; `app:` may precede it"))
}

/// The folder of models in the home folder.
fn folder(home: &Path) -> PathBuf {
    home.join("learned")
}

/// The names of all models.
///
/// # Errors
/// If the folder can't be read.
pub(crate) fn models(home: &Path) -> Result<Vec<String>> {
    let folder = folder(home);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(&folder).map_err(|why| Error::file(&folder, why))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            Some(name.strip_suffix(".json")?.to_owned())
        })
        .collect();
    names.sort();
    Ok(names)
}

/// Reads the model with this name.
///
/// # Errors
/// If there is none; the error says which saved search creates it, or what to write.
pub(crate) fn load(name: &str, span: Span, context: &QueryContext) -> Result<Model> {
    let path = folder(&context.home).join(format!("{name}.json"));
    if !path.is_file() {
        return Err(not_there(name, span, context));
    }
    let text = std::fs::read_to_string(&path).map_err(|why| Error::file(&path, why))?;
    serde_json::from_str(&text).map_err(|why| {
        Error::data(format!("the model `{name}` can't be read: {why}"))
            .at(span)
            .hint("fit it again, or remove it with `deletemodel`")
    })
}

/// The error for a missing model.
pub(crate) fn not_there(name: &str, span: Span, context: &QueryContext) -> Error {
    let error = Error::new(ErrorKind::UnknownLearned(name.to_owned())).at(span);
    let saved = context.catalog.saved_searches();
    let maker = saved
        .iter()
        .find(|(_, search)| makes(&search.search, name))
        .map(|(title, _)| format!("the saved search `{title}`"))
        .or_else(|| {
            let baselines = context.catalog.baselines();
            let found = baselines.into_iter().find(|b| makes(&b.search, name))?;
            Some(format!("the baseline `{}`", found.name))
        });
    let there = models(&context.home).unwrap_or_default();
    let error = error.did_you_mean(name, there.iter().map(String::as_str));
    match maker {
        Some(maker) => error.hint(format!("{maker} makes it: run its search once")),
        None => error.hint(format!(
            "a search that ends in `| fit <algorithm> ... into {name}` makes it; for published \
             detections that is a baseline, which the folder `baselines` of their content holds"
        )),
    }
}

/// Whether a search has `fit ... into <name>`.
fn makes(search: &str, name: &str) -> bool {
    let words: Vec<&str> = search.split_whitespace().collect();
    let plain = |word: &str| word.trim_matches(['"', '|']).trim_start_matches("app:") == name;
    let fits = words.contains(&"fit") || words.iter().any(|w| w.ends_with("|fit"));
    fits && words
        .windows(2)
        .any(|pair| pair[0].eq_ignore_ascii_case("into") && plain(pair[1]))
}

/// Serializes a model, for `fit` to write.
///
/// # Errors
/// [`crate::error::ErrorKind::Internal`] if it can't be serialized.
pub(crate) fn text_of(model: &Model) -> Result<String> {
    serde_json::to_string_pretty(model).map_err(|why| Error::internal(why.to_string()))
}
