//! The example events that published descriptions of sources hold, read and brought into the data
//! models: each field that a description lists must be there. Descriptions lie beside the project
//! in `../shared/content/data_sources`; where they are not, the test says that it is skipped.
//!
//! `sources.csv` holds how many of a source's fields may be missing. `UPDATE=1` writes what is
//! missing now; `SOURCE=aws` tells the missing fields of the sources whose name holds that.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;
use spelunk::session::Session;

use crate::support::{self, Row};
use crate::testing::{say, shared};

/// Fields that say where Splunk keeps an event and how it counted its bytes, not what happened.
const NOT_OF_THE_EVENT: [&str; 7] = [
    "host",
    "index",
    "linecount",
    "punct",
    "splunk_server",
    "timeendpos",
    "timestartpos",
];

/// What a description of a source says.
#[derive(Deserialize)]
struct Description {
    source: Option<String>,
    sourcetype: Option<String>,
    #[serde(default)]
    fields: Option<Vec<String>>,
    #[serde(default)]
    field_mappings: Option<Vec<Mapping>>,
    example_log: Option<String>,
}

/// Fields of an event and those of a data model that they become.
#[derive(Deserialize)]
struct Mapping {
    data_model: String,
    data_set: Option<String>,
    mapping: BTreeMap<String, String>,
}

/// What was looked for in a source's example.
#[derive(Default)]
struct Found {
    listed: usize,
    missing: Vec<String>,
}

#[test]
fn examples_have_the_fields_of_their_descriptions() {
    let Some(folder) = shared("content/data_sources") else {
        return;
    };
    let recorded = recorded();
    let wanted = std::env::var("SOURCE").ok();
    let (mut there, mut listed) = (0, 0);
    let mut missing = BTreeMap::new();
    let mut worse = Vec::new();
    for path in descriptions(&folder) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(&path).expect("a description can be read");
        let source: Description = support::yaml(&text).expect("a description is YAML");
        let Some(found) = look(&source).unwrap_or_else(|why| panic!("{name}: {why}")) else {
            continue;
        };
        let count = found.missing.len();
        listed += found.listed;
        there += found.listed - count;
        if wanted.as_ref().is_some_and(|part| name.contains(part)) {
            say(&format!(
                "{name}: {count} of {} missing: {}",
                found.listed,
                found.missing.join(", ")
            ));
        }
        let allowed = recorded.get(name.as_ref()).copied().unwrap_or(0);
        if count > allowed {
            worse.push(format!(
                "{name}: {count} fields are missing, {allowed} may: {}",
                found.missing.join(", ")
            ));
        }
        missing.insert(name.into_owned(), count);
    }
    say(&format!("examples of sources: {there} of {listed} fields"));
    if std::env::var("UPDATE").is_ok() {
        record(&missing);
    } else {
        assert!(worse.is_empty(), "{}", worse.join("\n"));
    }
}

/// The descriptions, in order.
fn descriptions(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "yml"));
    paths.sort();
    paths
}

/// Reads a source's example as a data set of its source and sourcetype, and looks for its fields;
/// none where there is no example or no field.
fn look(source: &Description) -> Result<Option<Found>, String> {
    // Some descriptions hold a remark in place of an example.
    let Some(example) = source.example_log.as_deref().filter(|e| e.len() > 60) else {
        return Ok(None);
    };
    let folder = support::folder();
    let dir = folder.path();
    support::write(&dir.join("event.log"), format!("{example}\n"));
    let quoted = |text: &Option<String>| Json::from(text.clone().unwrap_or_default()).to_string();
    let described = format!(
        "datasets:\n- name: example\n  path: event.log\n  source: {}\n  sourcetype: {}\n",
        quoted(&source.source),
        quoted(&source.sourcetype)
    );
    support::write(&dir.join("event.yml"), described);
    let session = Session::open(support::options(dir)).map_err(|e| e.to_string())?;
    let replayed = session.replay(&[dir.join("event.yml")]);
    let mut found = Found::default();
    let listed = source.fields.iter().flatten();
    let mut listed: Vec<&String> = listed
        .filter(|field| !NOT_OF_THE_EVENT.contains(&field.as_str()))
        .filter(|field| !field.starts_with("date_"))
        .collect();
    listed.sort();
    listed.dedup();
    if let Err(error) = replayed {
        say(&format!("an example can't be read: {error}"));
        found.listed = listed.len();
        found.missing = listed.into_iter().cloned().collect();
        return Ok(Some(found));
    }
    look_for(&session, &listed, &mut found)?;
    for mapping in source.field_mappings.iter().flatten() {
        look_in_model(&session, mapping, &mut found)?;
    }
    Ok((found.listed > 0).then_some(found))
}

/// Looks for fields in the events.
fn look_for(session: &Session, fields: &[&String], found: &mut Found) -> Result<(), String> {
    if fields.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = fields.iter().map(|f| format!("\"{f}\"")).collect();
    let rows = search(session, &format!("search * | table {}", names.join(" ")))?;
    if rows.is_empty() {
        return Err("the example gives no event".to_owned());
    }
    found.listed += fields.len();
    for field in fields {
        let there = |row: &Row| row.get(*field).is_some_and(|value| !value.is_null());
        if !rows.iter().any(there) {
            found.missing.push((*field).clone());
        }
    }
    Ok(())
}

/// Looks for the fields of a data model's data set.
fn look_in_model(session: &Session, mapping: &Mapping, found: &mut Found) -> Result<(), String> {
    let Some(set) = mapping
        .data_set
        .as_ref()
        .filter(|_| mapping.data_model == "cim")
    else {
        return Ok(());
    };
    let mut fields: Vec<&String> = mapping.mapping.values().collect();
    fields.sort();
    fields.dedup();
    let values: Vec<String> = fields
        .iter()
        .map(|f| format!("values({f}) AS \"{f}\""))
        .collect();
    let spl = format!("| tstats {} from datamodel={set}", values.join(" "));
    let rows = search(session, &spl)?;
    found.listed += fields.len();
    for field in fields {
        let there = |row: &Row| {
            row.get(field)
                .is_some_and(|v| !v.is_null() && v != "unknown")
        };
        if !rows.iter().any(there) {
            found.missing.push(field.clone());
        }
    }
    Ok(())
}

fn search(session: &Session, spl: &str) -> Result<Vec<Row>, String> {
    let answer = session
        .search(spl)
        .map_err(|failure| support::drawn(&failure))?;
    Ok(support::rows(&support::ndjson(&answer.rows)))
}

fn table() -> PathBuf {
    support::root().join("tests/suite/sources.csv")
}

/// How many fields may be missing, by source.
fn recorded() -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(table()).expect("sources.csv can be read");
    text.lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(name, count)| (name.to_owned(), count.parse().expect("a number")))
        .collect()
}

fn record(missing: &BTreeMap<String, usize>) {
    let mut text = "source,missing\n".to_owned();
    for (name, count) in missing {
        let _ = writeln!(text, "{name},{count}");
    }
    support::write(&table(), text);
}
