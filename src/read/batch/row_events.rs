//! Converts rows of JSON and CSV to events: which keys hold an event's time and origin.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::extract::event::{Event, Field};
use crate::extract::windows_xml;
use crate::read::formats::windows;
use crate::read::recognise;
use crate::time::timestamp;

/// The sourcetype of plain rows.
pub const SOURCETYPE: &str = "_json";

/// Keys that hold a plain row's time when it has no `_time`, the most reliable first.
const TIME_KEYS: [&str; 12] = [
    "@timestamp",
    "timestamp",
    "Timestamp",
    "time",
    "Time",
    "eventTime",
    "event_time",
    "EventTime",
    "datetime",
    "date",
    "ts",
    "CreationTime",
];

/// Builds an event from a row's fields and text; also says what is wrong with a row that is usable all the
/// same.
pub type MakeEvent =
    for<'a> fn(Vec<Field<'a>>, &'a str, &Rows<'_>) -> (Event<'a>, Option<&'static str>);

/// How rows become events.
#[derive(Clone, Copy)]
pub struct Rows<'n> {
    /// The time zone of times that name none.
    pub zone: Tz,
    /// The file's name.
    pub file: &'n str,
    /// Whether the rows are records of a log. There a JSON null is the value `null`, as in Splunk; in plain
    /// rows it is a missing value.
    pub log: bool,
    /// Whether to split lists of records in an envelope into events.
    pub unwrap: bool,
    /// Whether a line that is no row is an event all the same.
    pub keep_lines: bool,
    /// Whether to write the names of lists without `{}`.
    pub trim_braces: bool,
    /// Builds the events.
    pub make: MakeEvent,
}

/// Builds the event of one row; also says what is wrong with a row that is usable all the same.
pub fn event<'a>(
    fields: Vec<Field<'a>>,
    raw: &'a str,
    rows: &Rows<'_>,
) -> (Event<'a>, Option<&'static str>) {
    match windows::json::flavour(&fields) {
        Some(flavour) => {
            let fields = fields.into_iter().filter(|field| !field.null).collect();
            let event = windows::json::event(flavour, fields, Cow::Borrowed(raw), rows.zone);
            (event, None)
        }
        None => plain_row(fields, raw, SOURCETYPE, rows),
    }
}

/// A row of a table: every key is a column, whatever its name.
pub fn table_row<'a>(
    fields: Vec<Field<'a>>,
    _raw: &'a str,
    _rows: &Rows<'_>,
) -> (Event<'a>, Option<&'static str>) {
    let event = Event {
        fields: fields.into_iter().filter(|field| !field.null).collect(),
        ..Event::default()
    };
    (event, None)
}

/// A row whose keys are its fields. `_time`, `_raw`, `host`, `source`, `sourcetype` and `index` set the
/// fields of the same names. `raw` is the text of a row without `_raw`.
pub fn plain_row<'a>(
    fields: Vec<Field<'a>>,
    raw: &'a str,
    sourcetype: &'a str,
    rows: &Rows<'_>,
) -> (Event<'a>, Option<&'static str>) {
    let mut event = Event {
        raw: Cow::Borrowed(raw),
        ..Event::default()
    };
    let mut rest = fields;
    let mut problem = None;
    let mut has_time = false;
    let mut extracted = Vec::new();
    rest.retain_mut(|field| {
        if field.null {
            return !matches!(
                field.name.as_ref(),
                "_time" | "_raw" | "host" | "source" | "sourcetype" | "index"
            );
        }
        let slot = match field.name.as_ref() {
            "_time" => {
                has_time = true;
                event.time = timestamp::parse(&field.value, rows.zone);
                if event.time.is_none() && !field.value.is_empty() {
                    problem = Some("`_time` is not a time");
                }
                return false;
            }
            "_raw" => {
                event.raw = std::mem::take(&mut field.value);
                return false;
            }
            "host" => &mut event.host,
            "source" => &mut event.source,
            "sourcetype" => &mut event.sourcetype,
            "index" => &mut event.index,
            _ => return true,
        };
        // Splunk's names for fields of log records whose names are reserved (props.conf,
        // INDEXED_EXTRACTIONS).
        if rows.log {
            extracted.push(Field::text(
                format!("extracted_{}", field.name),
                field.value.clone(),
            ));
        }
        if !field.value.is_empty() {
            *slot = Some(std::mem::take(&mut field.value));
        }
        false
    });
    rest.extend(extracted);
    event.fields = rest;
    let known = recognise::json::recognise(&event, rows.file);
    if known.is_none() && !rows.log {
        event.fields.retain(|field| !field.null);
    }
    if !has_time {
        let known_time = known.as_ref().and_then(|(_, time)| *time);
        event.time = known_time.or_else(|| {
            let known = TIME_KEYS
                .iter()
                .find_map(|key| timestamp::parse(event.get(key)?, rows.zone));
            known.or_else(|| time_in(&event, rows.zone))
        });
    }
    if event.sourcetype.is_none() {
        event.sourcetype = Some(known.map_or(Cow::Borrowed(sourcetype), |(known, _)| known));
    }
    add_fields_of_raw(&mut event);
    (event, problem)
}

/// Finds the time of a row in its values, as Splunk does where no setting names it: first in fields whose names say that
/// they hold a time, then in all.
fn time_in(event: &Event<'_>, zone: Tz) -> Option<i64> {
    const WORDS: [&str; 5] = ["time", "date", "when", "created", "occurred"];
    let says_time = |name: &str| {
        let name = name.to_ascii_lowercase();
        WORDS.iter().any(|word| name.contains(word))
    };
    let named = event.fields.iter().filter(|field| says_time(&field.name));
    timestamp::in_texts(named.map(|field| field.value.as_ref()), zone)
        .or_else(|| {
            let all = event.fields.iter().map(|field| field.value.as_ref());
            timestamp::in_texts(all, zone)
        })
        .or_else(|| timestamp::within(&event.raw, zone, None))
}

/// Extracts the fields of a row that has a Windows event's XML but none of its fields, as exported searches
/// do.
fn add_fields_of_raw(event: &mut Event<'_>) {
    let carries_xml = event.raw.starts_with("<Event ") || event.raw.starts_with("<Event>");
    if !carries_xml || event.get("EventCode").is_some() || event.get("EventID").is_some() {
        return;
    }
    let Ok((inner, _)) = windows_xml::damaged_event(&event.raw) else {
        return;
    };
    let new: Vec<Field<'static>> = inner
        .fields
        .iter()
        .filter(|f| event.get(&f.name).is_none())
        .map(|f| Field::text(f.name.to_string(), f.value.to_string()))
        .collect();
    let (time, host) = (inner.time, inner.host.map(|h| h.into_owned()));
    event.time = event.time.or(time);
    if event.host.is_none() {
        event.host = host.map(Cow::Owned);
    }
    event.fields.extend(new);
}
