//! The names that the prompt completes and colours.

use std::collections::BTreeMap;

use crate::cli::reference::{self, Kind};
use crate::session::Session;

/// Names by kind.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Commands with their synopsis and their options.
    pub commands: BTreeMap<String, Command>,
    /// Functions of `eval`.
    pub eval: Vec<String>,
    /// Functions of `stats`.
    pub stats: Vec<String>,
    /// Macros; `name(2)` takes two arguments.
    pub macros: Vec<String>,
    /// Data models, and data sets as `Model.Dataset`, with their field names in searches.
    pub models: BTreeMap<String, Vec<String>>,
    /// Lookups.
    pub lookups: Vec<String>,
    /// Fields of earlier results.
    pub fields: Vec<String>,
}

/// A command's synopsis and options.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Its arguments.
    pub synopsis: String,
    /// Names of its options.
    pub options: Vec<String>,
}

impl Names {
    /// The names known to the session. Fields are added after the first search.
    pub fn of(session: &Session) -> Names {
        let mut names = Names::default();
        for entry in reference::commands() {
            for name in std::iter::once(&entry.name).chain(entry.aliases) {
                let known = Command {
                    synopsis: entry.synopsis.to_owned(),
                    options: entry
                        .options
                        .iter()
                        .map(|(o, _, _)| (*o).to_owned())
                        .collect(),
                };
                names.commands.insert((*name).to_owned(), known);
            }
        }
        for entry in reference::functions() {
            match entry.kind {
                Kind::Eval => names.eval.push(entry.name.to_owned()),
                Kind::Stats => names.stats.push(entry.name.to_owned()),
                Kind::Command => {}
            }
        }
        let catalog = session.catalog();
        names.macros = catalog.macros.iter().map(|m| m.label()).collect();
        names.lookups = catalog.lookups().map(|l| l.name.clone()).collect();
        for model in catalog.models.iter() {
            let mut all = Vec::new();
            for dataset in model.datasets() {
                let fields: Vec<String> = dataset
                    .fields
                    .iter()
                    .map(|field| format!("{}.{}", field.owner, field.name))
                    .collect();
                all.extend(fields.iter().cloned());
                names
                    .models
                    .insert(format!("{}.{}", model.name, dataset.name), fields);
            }
            names.models.insert(model.name.clone(), all);
        }
        names
    }

    /// Adds the fields of a result.
    pub fn see_fields<'f>(&mut self, fields: impl IntoIterator<Item = &'f str>) {
        self.fields.extend(fields.into_iter().map(str::to_owned));
        self.fields.sort();
        self.fields.dedup();
    }
}
