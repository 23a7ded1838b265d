//! Reference entries of commands and functions for `help`, `list` and the prompt, read from their tables.

use crate::cli::output::listing::Listing;
use crate::commands;
use crate::functions::{eval, stats};
use crate::value::{Type, Value};

/// The row of a command or a function, as text.
pub struct Entry {
    /// `stats`
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// Command or function.
    pub kind: Kind,
    /// The heading of its group.
    pub group: String,
    /// `substr(<str>, <start>, <length>)`
    pub synopsis: &'static str,
    /// A short description.
    pub doc: &'static str,
    /// Its options: name, default (empty for none), meaning.
    pub options: &'static [(&'static str, &'static str, &'static str)],
    /// Examples with their results.
    pub examples: Vec<String>,
    /// The page in Splunk's documentation; empty if its group's page suffices.
    pub page: &'static str,
}

/// The kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An SPL command.
    Command,
    /// A function of `eval` and `where`.
    Eval,
    /// A function of `stats` and related commands.
    Stats,
}

impl Kind {
    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Command => "command",
            Kind::Eval => "eval function",
            Kind::Stats => "stats function",
        }
    }
}

/// All commands.
pub fn commands() -> Vec<Entry> {
    let mut entries: Vec<Entry> = commands::all()
        .map(|row| Entry {
            name: row.name,
            aliases: row.aliases,
            kind: Kind::Command,
            group: row.category.title().to_owned(),
            synopsis: row.synopsis,
            doc: row.doc,
            options: row.options,
            examples: row
                .examples
                .iter()
                .map(|(spl, rows)| format!("{spl}\n{}", rows.trim_end()))
                .collect(),
            page: row.page,
        })
        .collect();
    entries.sort_by_key(|entry| entry.name);
    entries
}

/// All functions, those of `eval` first.
pub fn functions() -> Vec<Entry> {
    let eval = eval::all().map(|row| Entry {
        name: row.name,
        aliases: &[],
        kind: Kind::Eval,
        group: format!("{:?}", row.group),
        synopsis: row.synopsis,
        doc: row.doc,
        options: &[],
        examples: vec![format!(
            "| makeresults | eval x={}\nx: {}",
            row.example.0,
            match row.example.1 {
                "" => "(missing)",
                result => result,
            }
        )],
        page: "",
    });
    let stats = stats::all().map(|row| Entry {
        name: row.name,
        aliases: row.aliases,
        kind: Kind::Stats,
        group: format!("{:?}", row.group),
        synopsis: row.synopsis,
        doc: row.doc,
        options: &[],
        examples: vec![format!(
            "v = {}\n... | stats {} AS result\nresult: {}",
            row.example.0, row.example.1, row.example.2
        )],
        page: "",
    });
    let mut entries: Vec<Entry> = eval.chain(stats).collect();
    entries.sort_by_key(|entry| (entry.kind != Kind::Eval, entry.name));
    entries
}

/// The entries with this name, ignoring case: a command and functions may share one. `perc95` is `perc`.
pub fn entries(name: &str) -> Vec<Entry> {
    let name = name.to_ascii_lowercase();
    let stats = stats::stats_function(&name).map_or(name.as_str(), |(function, _)| function.name);
    commands()
        .into_iter()
        .chain(functions())
        .filter(|entry| match entry.kind {
            Kind::Command | Kind::Eval => {
                entry.name == name || entry.aliases.contains(&name.as_str())
            }
            Kind::Stats => entry.name == stats,
        })
        .collect()
}

/// The matching commands, including Splunk commands that are unsupported, with the reason.
pub fn command_table(custom: &[(String, String)], matches: impl Fn(&str) -> bool) -> Listing {
    let mut rows: Vec<(&str, &str, String, String)> = Vec::new();
    for entry in commands() {
        for name in std::iter::once(&entry.name).chain(entry.aliases) {
            rows.push((
                *name,
                "supported",
                entry.group.clone(),
                entry.doc.to_owned(),
            ));
        }
    }
    for (name, why) in commands::unsupported() {
        rows.push((name, "refused", String::new(), why.to_owned()));
    }
    for (name, app) in custom {
        if commands::command(name).is_none() {
            let why = commands::custom_command(app);
            rows.push((name, "refused", String::new(), why));
        }
    }
    rows.sort();
    let mut table = Listing::new(&[
        ("name", Type::Text),
        ("status", Type::Text),
        ("group", Type::Text),
        ("about", Type::Text),
    ]);
    for (name, status, group, about) in rows.into_iter().filter(|row| matches(row.0)) {
        table.push(vec![
            Value::text(name.to_owned()),
            Value::text(status),
            if group.is_empty() {
                Value::Null
            } else {
                Value::text(group)
            },
            Value::text(about),
        ]);
    }
    table
}

/// Entries as a table.
pub fn table<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Listing {
    let mut table = Listing::new(&[
        ("name", Type::Text),
        ("kind", Type::Text),
        ("group", Type::Text),
        ("about", Type::Text),
    ]);
    for entry in entries {
        table.push(vec![
            Value::text(entry.name),
            Value::text(entry.kind.name()),
            Value::text(entry.group.clone()),
            Value::text(entry.doc),
        ]);
    }
    table
}
