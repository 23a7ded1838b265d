//! The names that the prompt completes and colours.

use std::collections::BTreeMap;

use crate::cli::reference;
use crate::session::{NameKind, Session};

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
    /// Data models, and data sets as `Model.Dataset`.
    pub models: Vec<String>,
    /// Lookups.
    pub lookups: Vec<String>,
    /// Fields seen.
    pub fields: Vec<String>,
}

/// What is known of a command.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Its arguments.
    pub synopsis: String,
    /// Names of its options.
    pub options: Vec<String>,
}

impl Names {
    /// What the session knows. Fields come with the first search.
    pub fn of(session: &Session) -> Names {
        let synopses: BTreeMap<&str, &str> = reference::commands()
            .iter()
            .map(|entry| (entry.name, entry.synopsis))
            .collect();
        let commands = session
            .names(NameKind::Command)
            .into_iter()
            .map(|name| {
                let known = Command {
                    synopsis: synopses
                        .get(name.as_str())
                        .copied()
                        .unwrap_or("")
                        .to_owned(),
                    options: session.names(NameKind::Option(&name)),
                };
                (name, known)
            })
            .collect();
        let mut models = session.names(NameKind::Model);
        models.extend(session.names(NameKind::Dataset));
        Names {
            commands,
            eval: session.names(NameKind::EvalFunction),
            stats: session.names(NameKind::StatsFunction),
            macros: session.names(NameKind::Macro),
            models,
            lookups: session.names(NameKind::Lookup),
            fields: Vec::new(),
        }
    }

    /// Adds fields that were seen.
    pub fn see_fields<'f>(&mut self, fields: impl IntoIterator<Item = &'f str>) {
        self.fields.extend(fields.into_iter().map(str::to_owned));
        self.fields.sort();
        self.fields.dedup();
    }
}
