//! Golden cases as their files hold them: reading, and writing results back.
//!
//! A file is a mapping: `about`, keys that hold for all of its cases, and `cases`. A case's own
//! keys go before the file's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use spelunk::session::{ModelFile, Options};

use crate::support::{self, Row};

/// One search and what it must give.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// Unique within its file.
    pub id: String,
    /// The search.
    pub spl: String,
    /// The rule it shows, where it is not plain.
    #[serde(default, rename = "why")]
    _why: Option<String>,
    /// Where the search runs.
    #[serde(skip)]
    pub setting: Setting,
    /// The rows, in order.
    pub output: Option<Vec<Row>>,
    /// The rows may come in any order.
    #[serde(default)]
    pub unordered: bool,
    /// The names of the columns, in order.
    pub columns: Option<Vec<String>>,
    /// The error as it is drawn, or a part of it.
    pub error: Option<String>,
    /// The plan as `explain --stage plan` shows it.
    pub plan: Option<String>,
    /// The plan after the logical rules, as `explain --stage optimized` shows it.
    pub optimized: Option<String>,
    /// The plan after the physical rules with every rule forced, as `explain --stage physical` shows it.
    pub physical: Option<String>,
}

/// Data, knowledge and clock of a case.
#[derive(Debug, Default, Deserialize)]
pub struct Setting {
    /// Events, one object each.
    pub input: Option<Vec<Row>>,
    /// Data of the project: a path below `datasets/`.
    pub dataset: Option<String>,
    /// Rows of a data model.
    pub model: Option<Model>,
    /// Lookup files: name and CSV text. Each is also a lookup of the name without `.csv`.
    #[serde(default)]
    pub lookups: BTreeMap<String, String>,
    /// Stanzas of `macros.conf`: `name` and its settings.
    #[serde(default)]
    pub macros: Vec<BTreeMap<String, String>>,
    /// Further files of an app: path and text.
    #[serde(default)]
    pub app: BTreeMap<String, String>,
    /// What `now()` is.
    pub now: Option<f64>,
    /// `--earliest`
    #[serde(default, deserialize_with = "time")]
    pub earliest: Option<String>,
    /// `--latest`
    #[serde(default, deserialize_with = "time")]
    pub latest: Option<String>,
    /// `--tz`
    pub zone: Option<String>,
}

/// A time, which may be written as a number.
fn time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Json::deserialize(deserializer)? {
        Json::Null => None,
        Json::String(text) => Some(text),
        other => Some(other.to_string()),
    })
}

/// Rows of a data model's data set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// `Endpoint`
    pub model: String,
    /// `Processes`
    pub dataset: String,
    /// Columns without the data set's name.
    pub rows: Vec<Row>,
}

const SETTINGS: [&str; 10] = [
    "input", "dataset", "model", "lookups", "macros", "app", "now", "earliest", "latest", "zone",
];
const OTHERS: [&str; 10] = [
    "id",
    "spl",
    "why",
    "output",
    "unordered",
    "columns",
    "error",
    "plan",
    "optimized",
    "physical",
];

/// A case with what makes its sessions: cases of one file that share it share sessions.
pub struct Entry {
    /// The case.
    pub case: Case,
    /// The settings as text.
    pub key: String,
}

/// The folder of the cases: `GOLDEN` names another than the project's.
pub fn folder() -> PathBuf {
    let root = support::root();
    match std::env::var_os("GOLDEN") {
        Some(folder) => root.join(folder),
        None => root.join("tests/cases"),
    }
}

/// All case files, sorted.
pub fn files() -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).expect("the folder of cases can be read") {
            let path = entry.expect("the folder of cases can be read").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "yml") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&folder(), &mut found);
    found.sort();
    found
}

/// The cases of a file.
pub fn read(path: &Path) -> Result<Vec<Entry>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let mut file: Map<String, Json> = support::yaml(&text).map_err(|e| e.to_string())?;
    let Some(Json::Array(cases)) = file.remove("cases") else {
        return Err("there is no list `cases`".to_owned());
    };
    file.remove("about");
    if let Some(key) = file.keys().find(|k| !SETTINGS.contains(&k.as_str())) {
        return Err(format!("unknown key `{key}`"));
    }
    let mut ids = Vec::new();
    cases
        .into_iter()
        .map(|case| {
            let mut whole = file.clone();
            let Json::Object(own) = case else {
                return Err("a case is a mapping".to_owned());
            };
            whole.extend(own);
            let known =
                |k: &&String| SETTINGS.contains(&k.as_str()) || OTHERS.contains(&k.as_str());
            if let Some(key) = whole.keys().find(|k| !known(k)) {
                return Err(format!("unknown key `{key}` in {:?}", whole.get("id")));
            }
            let (settings, rest): (Map<String, Json>, Map<String, Json>) = whole
                .into_iter()
                .partition(|(k, _)| SETTINGS.contains(&k.as_str()));
            let key = serde_json::to_string(&settings).map_err(|e| e.to_string())?;
            let wrong = |e| format!("{:?}: {e}", rest.get("id"));
            let setting = serde_json::from_value(Json::Object(settings)).map_err(wrong)?;
            let mut case: Case =
                serde_json::from_value(Json::Object(rest.clone())).map_err(wrong)?;
            case.setting = setting;
            if ids.contains(&case.id) {
                return Err(format!("two cases are called {}", case.id));
            }
            ids.push(case.id.clone());
            Ok(Entry { case, key })
        })
        .collect()
}

impl Setting {
    /// Whether there are events, so that the search can run through the store too.
    pub fn has_events(&self) -> bool {
        self.input.is_some() || self.dataset.is_some()
    }

    /// Options for a session on this data in files, which are written into `dir`.
    pub fn options(&self, dir: &Path) -> Options {
        let mut options = support::options(dir);
        if let Some(rows) = &self.input {
            let path = dir.join("events.ndjson");
            support::write(&path, support::lines(rows));
            options.data.push(path);
        }
        if let Some(name) = &self.dataset {
            options
                .data
                .push(support::root().join("datasets").join(name));
        }
        if let Some(model) = &self.model {
            let path = dir.join("model.ndjson");
            support::write(&path, support::lines(&model.rows));
            options.models.push(ModelFile {
                model: model.model.clone(),
                dataset: model.dataset.clone(),
                path,
            });
        }
        if !(self.lookups.is_empty() && self.macros.is_empty() && self.app.is_empty()) {
            let app = dir.join("app");
            self.write_app(&app);
            options.apps.push(app);
        }
        if let Some(now) = self.now {
            options.now = Some(now);
        }
        options.earliest.clone_from(&self.earliest);
        options.latest.clone_from(&self.latest);
        if let Some(zone) = &self.zone {
            options.zone = zone.parse().expect("a case names a time zone there is");
        }
        options
    }

    fn write_app(&self, app: &Path) {
        let mut macros = String::new();
        for stanza in &self.macros {
            macros += &format!("[{}]\n", stanza.get("name").map_or("", String::as_str));
            for (key, value) in stanza.iter().filter(|(key, _)| *key != "name") {
                macros += &format!("{key} = {value}\n");
            }
        }
        support::write(&app.join("default/macros.conf"), macros);
        let mut transforms = String::new();
        for (name, text) in &self.lookups {
            let file = match name.contains('.') {
                true => name.clone(),
                false => format!("{name}.csv"),
            };
            support::write(&app.join("lookups").join(file), text);
            let lookup = name.strip_suffix(".csv").unwrap_or(name);
            transforms += &format!("[{lookup}]\nfilename = {name}\n");
        }
        support::write(&app.join("default/transforms.conf"), transforms);
        for (path, text) in &self.app {
            support::write(&app.join(path), text);
        }
    }
}

/// Puts `lines` in place of the `output` or `error` of a case in its file's text.
pub fn with_result(text: &str, id: &str, lines: &[String]) -> String {
    let all: Vec<&str> = text.lines().collect();
    let is_case = |line: &str| line.starts_with("  - id:");
    let start = all
        .iter()
        .position(|l| is_case(l) && l["  - id:".len()..].trim() == id)
        .expect("the case stands in its file");
    let end = (start + 1..all.len())
        .find(|&at| is_case(all[at]))
        .unwrap_or(all.len());
    let result = (start..end).find(|&at| {
        let line = all[at].trim_start();
        all[at].starts_with("    ") && (line.starts_with("output:") || line.starts_with("error:"))
    });
    let (from, to) = match result {
        Some(from) => {
            let deeper = |at: usize| all[at].starts_with("     ");
            let to = (from + 1..end).find(|&at| !deeper(at)).unwrap_or(end);
            (from, to)
        }
        None => {
            let last = (start..end).rfind(|&at| !all[at].trim().is_empty());
            let at = last.map_or(end, |at| at + 1);
            (at, at)
        }
    };
    let mut out: Vec<&str> = all[..from].to_vec();
    out.extend(lines.iter().map(String::as_str));
    out.extend(&all[to..]);
    out.join("\n") + "\n"
}
