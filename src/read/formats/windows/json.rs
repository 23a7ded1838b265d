//! Windows events as JSON from four families of shippers, mapped to the fields of Splunk's Windows XML input.
//! Works on flattened fields.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::extract::event::{Event, Field};
use crate::extract::windows::{WindowsFields, keyword_mask, level_number, opcode_number};
use crate::time::timestamp;

/// A JSON layout of Windows events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// One flat object: NXLog, Logstash behind it, and converters that imitate it.
    Flat,
    /// Winlogbeat from version 7 and Elastic Agent: `winlog.*`.
    Winlogbeat,
    /// Winlogbeat before version 7: `event_data.*` next to `log_name`.
    OldWinlogbeat,
    /// The XML tree under `Event`, as `evtx_dump` writes it.
    Tree,
}

/// The prefix of the document in Elasticsearch exports.
const EXPORT: &str = "_source.";

/// Returns the layout of an object, if it is a Windows event.
pub fn flavour(fields: &[Field<'_>]) -> Option<Flavour> {
    let mut seen = Seen::default();
    for field in fields {
        let name = field.name.as_ref();
        let name = name.strip_prefix(EXPORT).unwrap_or(name);
        match name {
            "EventID" => seen.event_id = true,
            "Channel" => seen.channel = true,
            "SourceName" | "ProviderName" | "ProviderGuid" => seen.provider = true,
            "Hostname" | "Computer" | "TimeCreated" | "EventTime" | "RecordNumber"
            | "EventRecordID" => seen.logger = true,
            "_raw" | "sourcetype" => seen.is_row = true,
            "log_name" => seen.log_name = true,
            "event_id" => seen.old_event_id = true,
            _ => {}
        }
        if name.starts_with("Event.System.") {
            return Some(Flavour::Tree);
        }
        if name.starts_with("winlog.") {
            return Some(Flavour::Winlogbeat);
        }
    }
    if seen.log_name && seen.old_event_id {
        return Some(Flavour::OldWinlogbeat);
    }
    // A row with its own `_raw` or sourcetype came from Splunk and names what it is.
    let flat = seen.event_id && !seen.is_row && (seen.channel || (seen.provider && seen.logger));
    flat.then_some(Flavour::Flat)
}

#[derive(Default)]
struct Seen {
    event_id: bool,
    channel: bool,
    provider: bool,
    logger: bool,
    is_row: bool,
    log_name: bool,
    old_event_id: bool,
}

/// Builds the event from the fields of an object of that flavour.
pub fn event<'a>(
    flavour: Flavour,
    mut fields: Vec<Field<'a>>,
    raw: Cow<'a, str>,
    zone: Tz,
) -> Event<'a> {
    if fields.iter().any(|f| f.name.starts_with(EXPORT)) {
        fields.retain_mut(|field| match field.name.strip_prefix(EXPORT) {
            Some(inner) => {
                field.name = Cow::Owned(inner.to_owned());
                true
            }
            None => false,
        });
    }
    let (out, time) = match flavour {
        Flavour::Flat => flat(fields, zone),
        Flavour::Winlogbeat => winlogbeat(fields, "winlog.", zone),
        Flavour::OldWinlogbeat => winlogbeat(fields, "", zone),
        Flavour::Tree => tree(fields),
    };
    out.into_event(time, raw)
}

/// Times in a flat object, the most trusted first.
#[derive(Default)]
struct FlatTimes {
    utc: Option<i64>,
    created: Option<i64>,
    event: Option<i64>,
    shipped: Option<i64>,
}

fn flat<'a>(fields: Vec<Field<'a>>, zone: Tz) -> (WindowsFields<'a>, Option<i64>) {
    let mut out = WindowsFields::new();
    let mut times = FlatTimes::default();
    let has = |name: &str| fields.iter().any(|f| f.name == name);
    let has_computer = has("Computer");
    let has_opcode_value = has("OpcodeValue");
    let mut severity = None;
    for Field { name, value, .. } in fields {
        match name.as_ref() {
            "Hostname" | "ComputerName" if !has_computer => out.add("Computer", value),
            "RecordNumber" | "RecordID" => out.add("EventRecordID", value),
            "SourceName" | "ProviderName" => out.add("Name", value),
            "ProviderGuid" => out.add("Guid", value),
            "ExecutionProcessID" => out.add("ProcessID", value),
            "ExecutionThreadID" => out.add("ThreadID", value),
            "Keywords" => out.add("Keywords", keywords(value)),
            "OpcodeValue" => out.add("Opcode", value),
            "Opcode" => {
                if !has_opcode_value {
                    out.add("Opcode", number_or(value, opcode_number));
                }
            }
            "Level" => out.add("Level", number_or(value, level_number)),
            // NXLog's word for the level. Sysmon's registry and WMI events have a field of the same name with
            // other values; that one is the event's.
            "EventType" if level_number(&value).is_some() => severity = level_number(&value),
            "TimeCreated" => {
                times.created = timestamp::parse(&value, zone);
                out.add("SystemTime", value);
            }
            "UtcTime" => {
                times.utc = timestamp::parse(&value, Tz::UTC);
                out.add(name, value);
            }
            "EventTime" => {
                times.event = timestamp::parse(&value, zone);
                out.add(name, value);
            }
            "@timestamp" => {
                times.shipped = timestamp::parse(&value, Tz::UTC);
                out.add(name, value);
            }
            // These would collide with the columns that name an event's origin.
            "host" | "source" | "sourcetype" | "index" => {}
            _ => out.add(name, value),
        }
    }
    if let Some(level) = severity {
        out.add_if_missing("Level", level);
    }
    // Converters write local time into `TimeCreated` and mark it as UTC; Sysmon's own time is right in all of
    // them.
    let time = times
        .utc
        .or(times.created)
        .or(times.event)
        .or(times.shipped);
    (out, time)
}

/// `Keywords` as in XML: NXLog writes the mask as a signed number.
fn keywords(value: Cow<'_, str>) -> Cow<'_, str> {
    match value.parse::<i64>() {
        Ok(mask) => Cow::Owned(format!("{mask:#x}")),
        Err(_) => match value.parse::<u64>() {
            Ok(mask) => Cow::Owned(format!("{mask:#x}")),
            Err(_) => value,
        },
    }
}

/// Returns the value if it is a number, else the number for its word, else an empty value.
fn number_or<'a>(value: Cow<'a, str>, of_word: fn(&str) -> Option<&'static str>) -> Cow<'a, str> {
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return value;
    }
    Cow::Borrowed(of_word(&value).unwrap_or(""))
}

fn winlogbeat<'a>(
    fields: Vec<Field<'a>>,
    prefix: &str,
    zone: Tz,
) -> (WindowsFields<'a>, Option<i64>) {
    let mut out = WindowsFields::new();
    let mut time = None;
    let mut event_code = None;
    for Field { name, value, .. } in fields {
        match name.as_ref() {
            "@timestamp" => {
                time = timestamp::parse(&value, zone);
                out.add("SystemTime", value);
                continue;
            }
            "message" => {
                out.add("Message", value);
                continue;
            }
            "log.level" => {
                out.add_if_missing("Level", number_or(value, level_number));
                continue;
            }
            "event.code" => {
                event_code = Some(value);
                continue;
            }
            _ => {}
        }
        let Some(inner) = name.strip_prefix(prefix) else {
            continue;
        };
        match inner {
            "channel" | "log_name" => out.add("Channel", value),
            "computer_name" => out.add("Computer", value),
            "event_id" => out.add("EventID", value),
            "provider_name" | "source_name" => out.add("Name", value),
            "provider_guid" => out.add("Guid", value),
            "record_id" | "record_number" => out.add("EventRecordID", value),
            "process.pid" | "process_id" => out.add("ProcessID", value),
            "process.thread.id" | "thread_id" => out.add("ThreadID", value),
            "task" => out.add("TaskCategory", value),
            "opcode" => out.add("Opcode", number_or(value, opcode_number)),
            "keywords{}" => {
                if let Some(mask) = keyword_mask(&value) {
                    out.add("Keywords", mask);
                }
            }
            "version" => out.add("Version", value),
            "user.identifier" => out.add("UserID", value),
            "activity_id" => out.add("ActivityID", value),
            "related_activity_id" => out.add("RelatedActivityID", value),
            "level" => out.add_if_missing("Level", number_or(value, level_number)),
            _ => {
                let data = inner.strip_prefix("event_data.");
                let user = || {
                    inner
                        .strip_prefix("user_data.")
                        .filter(|n| *n != "xml_name")
                };
                if let Some(data) = data.or_else(user) {
                    out.add(data.trim_end_matches("{}").to_owned(), value);
                }
            }
        }
    }
    if let Some(code) = event_code
        && !out.has_event_id()
    {
        out.add("EventID", code);
    }
    (out, time)
}

fn tree<'a>(fields: Vec<Field<'a>>) -> (WindowsFields<'a>, Option<i64>) {
    let mut out = WindowsFields::new();
    let mut time = None;
    for Field { name, value, .. } in fields {
        let Some(path) = name.strip_prefix("Event.") else {
            continue;
        };
        let path = path.trim_end_matches("{}");
        let path = path.strip_suffix(".#text").unwrap_or(path);
        let Some((section, path)) = path.split_once('.') else {
            continue;
        };
        let is_attribute = path.contains("#attributes") || path.contains("_attributes.");
        let last = path.rsplit('.').next().unwrap_or(path);
        match section {
            "System" => {
                if last == "SystemTime" {
                    time = timestamp::parse(&value, Tz::UTC);
                }
                if last != "xmlns" {
                    out.add(last.to_owned(), value);
                }
            }
            "EventData" if !is_attribute => out.add(path.to_owned(), value),
            "UserData" if !is_attribute => out.add(last.to_owned(), value),
            "RenderingInfo" if last == "Message" => out.add("Message", value),
            _ => {}
        }
    }
    (out, time)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use chrono_tz::Tz;

    use super::{Flavour, event, flavour};
    use crate::extract::event::Event;
    use crate::extract::json::object_fields;

    fn read(text: &str) -> (Flavour, Event<'_>) {
        let fields = object_fields(text).expect("JSON");
        let flavour = flavour(&fields).expect("a Windows event");
        (
            flavour,
            event(flavour, fields, Cow::Borrowed(text), Tz::Europe__Vienna),
        )
    }

    #[test]
    fn nxlog_names_become_those_of_xml() {
        let (flavour, event) = read(
            r#"{"EventTime":"2020-08-01 09:53:24","Hostname":"dc","Keywords":-9223372036854775808,"EventType":"INFO","EventID":1,
                "SourceName":"Microsoft-Windows-Sysmon","ProviderGuid":"{5}","OpcodeValue":0,"Opcode":"Info","RecordNumber":1099,
                "ProcessID":2804,"Channel":"Microsoft-Windows-Sysmon/Operational","RuleName":"",
                "UtcTime":"2020-08-01 07:53:13.181","ProcessId":"2964","host":"collector"}"#,
        );
        assert_eq!(flavour, Flavour::Flat);
        assert_eq!(event.time, Some(1_596_268_393_181_000));
        assert_eq!(event.host.as_deref(), Some("dc"));
        for (name, value) in [
            ("Computer", Some("dc")),
            ("EventCode", Some("1")),
            ("Keywords", Some("0x8000000000000000")),
            ("Opcode", Some("0")),
            ("Level", Some("4")),
            ("EventRecordID", Some("1099")),
            ("ProcessID", Some("2804")),
            ("ProcessId", Some("2964")),
            ("EventType", None),
            ("RuleName", None),
            ("host", None),
        ] {
            assert_eq!(event.get(name), value, "{name}");
        }
    }

    #[test]
    fn without_a_utc_time_the_logger_s_is_taken_in_the_zone() {
        let (_, event) =
            read(r#"{"EventTime":"2020-08-01 09:53:24","EventID":4624,"Channel":"Security"}"#);
        assert_eq!(event.time, Some(1_596_268_404_000_000));
    }

    #[test]
    fn winlogbeat_and_trees_come_out_alike() {
        let (beat, a) = read(
            r#"{"@timestamp":"2020-08-01T07:53:13.181Z","winlog":{"channel":"Security","computer_name":"dc","event_id":"4688",
                "provider_name":"P","record_id":7,"process":{"pid":4,"thread":{"id":8}},"opcode":"Info","keywords":["Audit Success"],
                "event_data":{"NewProcessName":"a.exe"}},"host":{"name":"x"},"log":{"level":"information"}}"#,
        );
        let (tree, b) = read(
            r##"{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#text":4688},
                "Level":4,"Opcode":0,"Keywords":"0x8020000000000000","TimeCreated":{"#attributes":{"SystemTime":"2020-08-01T07:53:13.181Z"}},
                "EventRecordID":7,"Execution":{"#attributes":{"ProcessID":4,"ThreadID":8}},"Channel":"Security","Computer":"dc"},
                "EventData":{"NewProcessName":"a.exe"}}}"##,
        );
        assert_eq!((beat, tree), (Flavour::Winlogbeat, Flavour::Tree));
        let sorted = |event: &Event<'_>| {
            let mut fields: Vec<(String, String)> = event
                .fields
                .iter()
                .map(|f| (f.name.to_string(), f.value.to_string()))
                .collect();
            fields.sort();
            fields
        };
        assert_eq!(sorted(&a), sorted(&b));
        assert_eq!((a.time, &a.source), (b.time, &b.source));
    }

    #[test]
    fn plain_rows_are_no_windows_events() {
        for row in [
            r#"{"EventID":1,"user":"x"}"#,
            r#"{"EventID":1,"Channel":"Security","sourcetype":"XmlWinEventLog"}"#,
            r#"{"Event":"x","a":1}"#,
        ] {
            let fields = object_fields(row).expect("JSON");
            assert_eq!(flavour(&fields), None, "{row}");
        }
    }
}
