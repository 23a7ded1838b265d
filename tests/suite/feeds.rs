//! Constructed logs of every source, read as files and brought into the data models they feed:
//! the cases lie in `tests/feeds/*.yml`, one a source and data set.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value as Json;
use spelunk::session::Session;

use crate::support;

/// What a log must give.
#[derive(Deserialize)]
struct Feed {
    /// The name of its file, by which some logs are told.
    file: String,
    /// The log.
    text: String,
    /// Where nothing tells it, as a data set's description would say it.
    source: Option<String>,
    /// Likewise.
    sourcetype: Option<String>,
    /// `Model.Dataset`
    model: String,
    /// How many rows of the data set it gives; 1 unless said.
    rows: Option<u64>,
    /// Fields of the data set, and their value or values.
    fields: BTreeMap<String, Json>,
}

#[test]
fn every_source_feeds_its_data_models() {
    let folder = support::root().join("tests/feeds");
    let entries = std::fs::read_dir(&folder).expect("the cases can be read");
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for path in &files {
        let text = std::fs::read_to_string(path).expect("a case file can be read");
        let feeds: Vec<Feed> =
            support::yaml(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert!(!feeds.is_empty(), "{} holds no case", path.display());
        for feed in &feeds {
            if let Err(why) = check(feed) {
                wrong.push(format!("{} to {}: {why}", feed.file, feed.model));
            }
        }
    }
    assert!(!files.is_empty());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(feed: &Feed) -> Result<(), String> {
    let folder = support::folder();
    let dir = folder.path();
    let log = dir.join(&feed.file);
    support::write(&log, &feed.text);
    let mut options = support::options(dir);
    let described = feed.source.is_some() || feed.sourcetype.is_some();
    if !described {
        options.data.push(log);
    }
    let session = Session::open(options).map_err(|e| e.to_string())?;
    if described {
        let key = |name: &str, value: &Option<String>| match value {
            Some(value) => format!("  {name}: {}\n", Json::from(value.clone())),
            None => String::new(),
        };
        let description = format!(
            "datasets:\n- name: feed\n  path: {}\n{}{}",
            feed.file,
            key("source", &feed.source),
            key("sourcetype", &feed.sourcetype)
        );
        let path = dir.join("feed.yml");
        support::write(&path, description);
        session.replay(&[path]).map_err(|e| e.to_string())?;
    }
    let (model, dataset) = feed.model.split_once('.').ok_or("no `Model.Dataset`")?;
    let found = session.catalog().models.find(model);
    let dataset = found
        .and_then(|m| m.find(dataset))
        .map_err(|e| e.to_string())?;
    let root = dataset.root();
    let values: Vec<String> = feed
        .fields
        .keys()
        .map(|field| format!("values({root}.{field}) AS \"{field}\""))
        .collect();
    let spl = format!(
        "| tstats count AS rows_found {} from datamodel={}",
        values.join(" "),
        feed.model
    );
    let answer = session.search(&spl).map_err(|f| support::drawn(&f))?;
    let rows = support::rows(&support::ndjson(&answer.rows));
    let row = rows.first().ok_or("no row")?;
    let count = row.get("rows_found").and_then(Json::as_u64).unwrap_or(0);
    let wanted = feed.rows.unwrap_or(1);
    if count != wanted {
        return Err(format!("{count} rows in place of {wanted}"));
    }
    let wrong: Vec<String> = feed
        .fields
        .iter()
        .filter(|(field, value)| text(value) != text(row.get(*field).unwrap_or(&Json::Null)))
        .map(|(field, value)| {
            let is = row.get(field).unwrap_or(&Json::Null);
            format!("{field} is {is} in place of {value}")
        })
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

/// A value whatever its type, for `1` and `"1"` are one in Splunk.
fn text(value: &Json) -> Vec<String> {
    match value {
        Json::Null => Vec::new(),
        Json::String(text) => vec![text.clone()],
        Json::Array(items) => items.iter().flat_map(text).collect(),
        other => vec![other.to_string()],
    }
}
