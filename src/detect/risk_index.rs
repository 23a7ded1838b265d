//! Risk events in the form of the index `risk`.
//!
//! Follows "How risk scores work" and "Analyze risk in Splunk Enterprise Security": one event of the
//! sourcetype `stash` per row and risk object. Its source is the name of the saved search; it has the row's
//! fields, the risk object and score, and the annotations of the search.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::detect::{DetectionResult, epoch, mitre};
use crate::exec::frame::result::Rows;
use crate::knowledge::detection::Detection;
use crate::plan::table::{Table, type_of_values};
use crate::time::strftime;
use crate::value::{Type, Value};

/// The index of risk events.
pub const INDEX: &str = "risk";

/// The sourcetype of risk events.
pub const SOURCETYPE: &str = "stash";

/// Their host: the one that the search ran on.
pub const HOST: &str = "localhost";

/// The name of a detection's saved search when deployed. A detection from `savedsearches.conf` already has
/// this name.
pub fn search_name(detection: &Detection) -> String {
    let published = detection
        .path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("yml") || e.eq_ignore_ascii_case("yaml"));
    if published {
        format!("ESCU - {} - Rule", detection.name)
    } else {
        detection.name.clone()
    }
}

/// The risk events of a detection, with `_time`, `_raw` and fields. A row without a time gets the latest time
/// in the result, or `now`, in epoch seconds.
pub fn events(result: &DetectionResult, now: f64, zone: Tz) -> Table {
    let detection = &result.detection;
    let height = result.risk.len();
    let mut table = Table::new(height);
    let mut times = vec![now; height];
    if let Some(rows) = &result.rows {
        copy_fields(&mut table, result, rows);
        for (time, event) in times.iter_mut().zip(&result.risk) {
            *time = time_of(rows, event.row).unwrap_or(now);
        }
    }
    let mut each = |name: &str, value: &dyn Fn(usize) -> Value<'static>| {
        let values: Vec<_> = (0..height).map(value).collect();
        let kind = match type_of_values(&values) {
            Type::Null => return,
            kind => kind,
        };
        table.set(name, kind, values);
    };
    let name = search_name(detection);
    each("search_name", &|_| Value::text(name.clone()));
    let event = |at: usize| &result.risk[at];
    each("risk_object", &|at| Value::text(event(at).object.clone()));
    each("risk_object_type", &|at| {
        Value::text(event(at).object_type.to_string())
    });
    each("risk_score", &|at| Value::Num(event(at).score));
    each("risk_message", &|at| match event(at).message.as_ref() {
        "" => Value::Null,
        message => Value::text(message.to_owned()),
    });
    each("threat_object", &|at| {
        multi(event(at).threats.iter().map(|t| t.object.clone()))
    });
    each("threat_object_type", &|at| {
        multi(event(at).threats.iter().map(|t| t.object_type.to_string()))
    });
    for (name, values) in annotations(detection) {
        each(&name, &|_| values.clone());
    }
    let texts = (0..height).map(|row| Value::text(text(&table, row, times[row], zone)));
    let texts: Vec<_> = texts.collect();
    table.set("_raw", Type::Text, texts);
    for (field, value) in [
        ("host", HOST),
        ("source", &name),
        ("sourcetype", SOURCETYPE),
        ("index", INDEX),
    ] {
        table.set(
            field,
            Type::Text,
            vec![Value::text(value.to_owned()); height],
        );
    }
    let times = times.into_iter().map(Value::Num).collect();
    table.set("_time", Type::Time, times);
    table
}

/// Copies the fields of the rows; a row's own origin fields are renamed, since the event has its own.
fn copy_fields(table: &mut Table, result: &DetectionResult, rows: &Rows) {
    for (at, name) in rows.names().into_iter().enumerate() {
        let target = match name {
            "_time" => "orig_time".to_owned(),
            "host" | "source" | "sourcetype" | "index" => format!("orig_{name}"),
            internal if internal.starts_with('_') => continue,
            other => other.to_owned(),
        };
        let values = result
            .risk
            .iter()
            .map(|event| rows.value(event.row, at).into_owned());
        let values: Vec<_> = values.collect();
        match type_of_values(&values) {
            Type::Null => {}
            kind => table.set(target, kind, values),
        }
    }
}

/// The time of a row, in epoch seconds.
pub fn time_of(rows: &Rows, row: usize) -> Option<f64> {
    const NAMES: [&str; 5] = ["_time", "lastTime", "last_time", "firstTime", "first_time"];
    let names = rows.names();
    NAMES.iter().find_map(|wanted| {
        let column = names.iter().position(|name| name == wanted)?;
        let values = rows.value(row, column).into_values();
        values
            .iter()
            .filter_map(|text| epoch(text))
            .reduce(f64::max)
    })
}

/// The search's annotations, under the names of the data model `Risk`.
fn annotations(detection: &Detection) -> Vec<(String, Value<'static>)> {
    let tags = &detection.tags;
    let frameworks = [
        ("analytic_story", &tags.analytic_story),
        ("cis20", &tags.cis20),
        ("cve", &tags.cve),
        ("kill_chain_phases", &tags.kill_chain_phases),
        ("mitre_attack", &tags.mitre_attack_id),
        ("nist", &tags.nist),
    ];
    let mut json = serde_json::Map::new();
    let mut names = Vec::new();
    let mut all: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (name, values) in frameworks {
        if values.is_empty() {
            continue;
        }
        json.insert(name.to_owned(), values.clone().into());
        names.push(name.to_owned());
        all.extend(values.iter().cloned());
        found.push((format!("annotations.{name}"), multi(values.iter().cloned())));
    }
    if json.is_empty() {
        return found;
    }
    for (name, number) in [("confidence", tags.confidence), ("impact", tags.impact)] {
        if let Some(number) = number {
            let whole = (number.fract() == 0.0).then_some(number as i64);
            let number = whole.map_or_else(|| number.into(), serde_json::Value::from);
            json.insert(name.to_owned(), number);
        }
    }
    let json = serde_json::Value::Object(json).to_string();
    found.push(("annotations".to_owned(), Value::text(json)));
    found.push(("annotations._frameworks".to_owned(), multi(names)));
    found.push(("annotations._all".to_owned(), multi(all)));
    let stories = multi(tags.analytic_story.iter().cloned());
    found.push(("analyticstories".to_owned(), stories));
    found.push(("cve".to_owned(), multi(tags.cve.iter().cloned())));
    found.extend(of_techniques(&tags.mitre_attack_id));
    if let Some(description) = &detection.description {
        let description = Value::text(description.clone());
        found.push(("savedsearch_description".to_owned(), description));
    }
    found
}

/// The ATT&CK annotations of techniques.
fn of_techniques(ids: &[String]) -> Vec<(String, Value<'static>)> {
    let known: Vec<_> = ids.iter().filter_map(|id| mitre::technique(id)).collect();
    let tactics = || known.iter().flat_map(|t| &t.tactics);
    let named = |name: &str, values: Value<'static>| {
        (format!("annotations.mitre_attack.mitre_{name}"), values)
    };
    vec![
        named("technique_id", multi(ids.iter().cloned())),
        named("technique", multi(known.iter().map(|t| t.name.to_owned()))),
        named("tactic", multi(tactics().map(|t| t.0.to_owned()))),
        named("tactic_id", multi(tactics().map(|t| t.1.to_owned()))),
    ]
}

/// A multivalue of the distinct values.
fn multi(values: impl IntoIterator<Item = String>) -> Value<'static> {
    let mut seen: Vec<Cow<'static, str>> = Vec::new();
    for value in values {
        if !value.is_empty() && seen.iter().all(|known| *known != value) {
            seen.push(value.into());
        }
    }
    Value::multi(seen)
}

/// The text of an event: its time and its fields, each value of a multivalue as a field of its own.
fn text(table: &Table, row: usize, time: f64, zone: Tz) -> String {
    let mut out = strftime(time, "%m/%d/%Y %H:%M:%S %z", zone).unwrap_or_default();
    let mut columns: Vec<_> = table.columns().iter().collect();
    columns.sort_by_key(|c| (c.name != "search_name", c.name.as_str()));
    for column in columns {
        for value in column.values[row].clone().into_values() {
            let value = value.replace('"', "\\\"");
            out.push_str(&format!(", {}=\"{value}\"", column.name));
        }
    }
    out
}
