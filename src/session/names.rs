//! The names known to the session, for completion and listing.

use crate::commands;
use crate::error::Result;
use crate::functions::{eval, stats};
use crate::session::Session;

/// The kinds of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind<'n> {
    /// Commands.
    Command,
    /// Functions of `eval`.
    EvalFunction,
    /// Functions of `stats`.
    StatsFunction,
    /// Options of a command.
    Option(&'n str),
    /// Macros; `name(2)` takes two arguments.
    Macro,
    /// Data models.
    Model,
    /// Data sets, as `Model.Dataset`.
    Dataset,
    /// Fields of the data.
    Field,
    /// Sourcetypes of the data, and those with rules.
    Sourcetype,
    /// Lookups.
    Lookup,
    /// Detections.
    Detection,
}

impl Session {
    /// All names of a kind, sorted.
    ///
    /// # Errors
    /// If data or detections can't be read.
    pub fn names(&self, kind: NameKind<'_>) -> Result<Vec<String>> {
        let catalog = self.catalog();
        let owned = |names: &mut dyn Iterator<Item = &str>| -> Vec<String> {
            names.map(str::to_owned).collect()
        };
        let mut names = match kind {
            NameKind::Command => owned(&mut commands::all().map(|c| c.name)),
            NameKind::EvalFunction => owned(&mut eval::all().map(|f| f.name)),
            NameKind::StatsFunction => owned(&mut stats::all().map(|f| f.name)),
            NameKind::Option(command) => match commands::command(command) {
                Some(command) => owned(&mut command.options.iter().map(|o| o.0)),
                None => Vec::new(),
            },
            NameKind::Macro => catalog.macros.iter().map(|m| m.label()).collect(),
            NameKind::Model => owned(&mut catalog.models.iter().map(|m| m.name.as_str())),
            NameKind::Dataset => catalog
                .models
                .iter()
                .flat_map(|m| m.datasets().map(move |d| format!("{}.{}", m.name, d.name)))
                .collect(),
            NameKind::Field => {
                let data = self.data()?;
                let fields = data.events.iter().flat_map(|p| p.frame.schema.keys());
                fields.cloned().collect()
            }
            NameKind::Sourcetype => {
                let mut names = owned(&mut catalog.props.sourcetypes().into_iter());
                names.extend(self.data()?.events.iter().map(|p| p.sourcetype.clone()));
                names
            }
            NameKind::Lookup => owned(&mut catalog.lookups().map(|l| l.name.as_str())),
            NameKind::Detection => {
                owned(&mut catalog.detections()?.iter().map(|d| d.name.as_str()))
            }
        };
        names.sort();
        names.dedup();
        Ok(names)
    }
}
