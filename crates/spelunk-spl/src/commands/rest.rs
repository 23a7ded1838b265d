//! `rest`: the knowledge that is loaded, as the endpoints of a server list it.

use std::path::Path;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, ErrorKind, Result};
use crate::knowledge::lookups::LookupKind;
use crate::plan::Plan;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "rest",
    category: Category::Generating,
    synopsis: "| rest <endpoint> [count=<N>] [search=<text>]",
    options: &[
        ("count", "0", "entries at most; 0 for all"),
        ("search", "", "entries that hold this text in a value"),
        ("splunk_server", "", "accepted: there is one"),
        ("splunk_server_group", "", "accepted"),
        ("timeout", "", "accepted without effect"),
        ("strict", "false", "accepted"),
        ("f", "", "accepted without effect: all columns are there"),
        ("output_mode", "", "accepted"),
        ("listdefaultactionargs", "", "accepted"),
        ("add_orphan_field", "", "accepted"),
    ],
    doc: "Lists saved searches, macros, lookups, data models or apps that are loaded, with the columns that a server's endpoint has for them: \
          saved/searches, admin/macros, data/lookup-table-files, data/transforms/lookups, datamodel/model, apps/local. Other endpoints are refused: there \
          is no server.",
    examples: &[(
        "| rest /servicesNS/-/-/saved/searches | stats count",
        r#"{"count":0}"#,
    )],
    page: "SearchReference/Rest",
    args: Rule::rest_args,
    plan,
    ..DEFAULT
};

/// An entry: names of columns and their values.
type Entry = Vec<(&'static str, String)>;

/// Lists the entries of an endpoint.
type List = fn(&QueryContext) -> Vec<Entry>;

/// The endpoints: the end of their address, and what they list.
const ENDPOINTS: [(&str, List); 8] = [
    ("saved/searches", saved_searches),
    ("admin/savedsearch", saved_searches),
    ("admin/macros", macros),
    ("configs/conf-macros", macros),
    ("data/lookup-table-files", tables),
    ("data/transforms/lookups", lookups),
    ("datamodel/model", models),
    ("apps/local", apps),
];

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`rest` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let names = args.fields();
    let Some(address) = names.first() else {
        return Err(Error::syntax(stage.span, "`rest` needs an endpoint")
            .hint(format!("usage: {}", COMMAND.synopsis)));
    };
    let endpoint = endpoint_of(&address.text);
    let Some((_, list)) = ENDPOINTS.iter().find(|(name, _)| *name == endpoint) else {
        let known: Vec<&str> = ENDPOINTS.iter().map(|(name, _)| *name).collect();
        return Err(Error::new(ErrorKind::UnsupportedCommand {
            name: "rest".to_owned(),
            why: format!("the endpoint `{}` is of a running Splunk server", address.text),
        })
        .at(address.span)
        .hint(format!("there are {}", known.join(", "))));
    };
    let mut entries = list(planner.context);
    if let Some(text) = args.get("search") {
        let wanted = text.text.trim_matches('*').to_lowercase();
        let holds = |value: &String| value.to_lowercase().contains(&wanted);
        entries.retain(|entry| entry.iter().any(|(_, value)| holds(value)));
    }
    let count = args.number("count", 0)?;
    if count > 0 {
        entries.truncate(count);
    }
    Ok(Plan::Values(table(&entries, &endpoint).into()))
}

/// The part of an address that names the endpoint: without `/services` or `/servicesNS/user/app`, and without a query.
fn endpoint_of(address: &str) -> String {
    let path = address.split('?').next().unwrap_or(address).trim_matches('/');
    let mut parts = path.split('/');
    let rest: Vec<&str> = match parts.next() {
        Some(first) if first.eq_ignore_ascii_case("servicesNS") => parts.skip(2).collect(),
        Some(first) if first.eq_ignore_ascii_case("services") => parts.collect(),
        _ => path.split('/').collect(),
    };
    rest.join("/").to_ascii_lowercase()
}

fn table(entries: &[Entry], endpoint: &str) -> Table {
    let mut out = Table::new(entries.len());
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in entries.iter().flatten() {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let values = |name: &str| -> Vec<Value<'static>> {
        let of_entry = |entry: &Entry| {
            let found = entry.iter().find(|(column, _)| *column == name);
            found.map_or(Value::Null, |(_, value)| Value::text(value.clone()))
        };
        entries.iter().map(of_entry).collect()
    };
    for name in names {
        out.set(name, Type::Text, values(name));
    }
    let same = |value: &str| vec![Value::text(value.to_owned()); entries.len()];
    out.set("splunk_server", Type::Text, same("localhost"));
    out.set("author", Type::Text, same("nobody"));
    out.set("eai:acl.owner", Type::Text, same("nobody"));
    out.set("eai:acl.sharing", Type::Text, same("global"));
    let id = |title: Value<'static>| {
        let title = title.into_text().unwrap_or_default();
        Value::text(format!("https://localhost:8089/servicesNS/nobody/-/{endpoint}/{title}"))
    };
    out.set("id", Type::Text, values("title").into_iter().map(id).collect());
    out
}

/// The app of a configuration file: the folder above `default` or `local`.
fn app_of(path: &Path) -> String {
    let app = path.ancestors().find(|folder| {
        let inside = |name: &str| path.strip_prefix(folder).is_ok_and(|rest| rest.starts_with(name));
        ["default", "local", "lookups"].into_iter().any(inside)
    });
    let name = app.and_then(Path::file_name).unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn saved_searches(context: &QueryContext) -> Vec<Entry> {
    let saved = context.catalog.saved_searches().values();
    let entry = |saved: &crate::knowledge::saved::SavedSearch| {
        let setting = |key: &str| saved.settings.get(key).cloned().unwrap_or_default();
        vec![
            ("title", saved.name.clone()),
            ("search", saved.search.clone()),
            ("qualifiedSearch", saved.search.clone()),
            ("description", setting("description")),
            ("disabled", "0".to_owned()),
            ("is_scheduled", flag(&setting("enableSched"))),
            ("cron_schedule", setting("cron_schedule")),
            ("actions", setting("actions")),
            ("alert_type", setting("counttype")),
            ("dispatch.earliest_time", saved.earliest.clone().unwrap_or_default()),
            ("dispatch.latest_time", saved.latest.clone().unwrap_or_default()),
            ("eai:acl.app", app_of(&saved.origin.path)),
        ]
    };
    saved.map(entry).collect()
}

/// A flag as endpoints write it.
fn flag(setting: &str) -> String {
    let is_on = matches!(setting.to_ascii_lowercase().as_str(), "1" | "true" | "t" | "yes");
    if is_on { "1" } else { "0" }.to_owned()
}

fn macros(context: &QueryContext) -> Vec<Entry> {
    let entry = |found: &crate::knowledge::macros::Macro| {
        vec![
            ("title", found.label()),
            ("definition", found.definition.clone()),
            ("args", found.arguments.join(",")),
            ("description", found.description.clone()),
            ("iseval", if found.iseval { "1" } else { "0" }.to_owned()),
            ("validation", found.validation.clone().unwrap_or_default()),
            ("errormsg", found.errormsg.clone().unwrap_or_default()),
            ("disabled", "0".to_owned()),
            ("eai:acl.app", app_of(&found.origin.path)),
        ]
    };
    let mut entries: Vec<Entry> = context.catalog.macros.iter().map(entry).collect();
    entries.sort();
    entries
}

fn lookups(context: &QueryContext) -> Vec<Entry> {
    let entry = |found: &crate::knowledge::lookups::LookupDefinition| {
        let (kind, file, fields) = match &found.kind {
            LookupKind::File(path) => {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                ("file", file.into_owned(), String::new())
            }
            LookupKind::Collection { collection, fields } => {
                ("kvstore", collection.clone(), fields.join(", "))
            }
            LookupKind::External { columns, .. } => ("external", String::new(), columns.join(", ")),
        };
        vec![
            ("title", found.name.clone()),
            ("type", kind.to_owned()),
            ("filename", file),
            ("fields_list", fields),
            ("max_matches", found.max_matches.to_string()),
            ("eai:acl.app", app_of(&found.origin.path)),
        ]
    };
    context.catalog.lookups().map(entry).collect()
}

fn tables(context: &QueryContext) -> Vec<Entry> {
    let entry = |found: &crate::knowledge::lookups::LookupDefinition| {
        let LookupKind::File(path) = &found.kind else {
            return None;
        };
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Some(vec![
            ("title", file.into_owned()),
            ("eai:data", path.display().to_string()),
            ("eai:acl.app", app_of(path)),
        ])
    };
    let mut entries: Vec<Entry> = context.catalog.lookups().filter_map(entry).collect();
    entries.sort();
    entries.dedup();
    entries
}

fn models(context: &QueryContext) -> Vec<Entry> {
    let models = context.catalog.models.iter();
    let entry = |model: &crate::knowledge::models::DataModel| {
        vec![
            ("title", model.name.clone()),
            ("eai:data", model.json.to_string()),
            ("acceleration", "0".to_owned()),
            ("eai:acl.app", app_of(&model.origin.path)),
        ]
    };
    models.map(entry).collect()
}

fn apps(context: &QueryContext) -> Vec<Entry> {
    let entry = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        vec![("title", name.clone()), ("label", name), ("disabled", "0".to_owned())]
    };
    context.catalog.apps().iter().map(entry).collect()
}
