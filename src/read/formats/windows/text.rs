//! Splunk's classic `WinEventLog` text: a timestamp, `Key=Value` lines, and a message of many lines.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::extract::event::Event;
use crate::extract::windows::{WindowsFields, keyword_mask};
use crate::read::formats::windows::messages;
use crate::time::timestamp;
use crate::word;

/// Whether a line starts an event: a date and a time of day and nothing else.
pub fn is_start(line: &str) -> bool {
    let line = line.trim_end();
    // Dates such as `01/14/2021 11:41:39.000 PM` are no longer than that.
    line.len() <= 32
        && line.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && line.contains('/')
        && timestamp::prefix(line, Tz::UTC, None).is_some_and(|(_, length)| length == line.len())
}

/// Returns the event of one block, or `None` if it has no `EventCode`.
pub fn event<'a>(block: &'a str, zone: Tz) -> Option<Event<'a>> {
    let (first, mut rest) = block.split_once('\n')?;
    let time = timestamp::prefix(first.trim_end(), zone, None).map(|(time, _)| time);
    let mut out = WindowsFields::new();
    let mut user = "";
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if let Some((key, value)) = line.trim_end_matches('\r').split_once('=') {
            if key == "Message" {
                let message = &rest["Message=".len()..];
                out.add("Message", message);
                message_fields(message, &mut out);
                break;
            }
            if key == "User" {
                user = value;
            } else {
                header_field(key, value, &mut out);
            }
        }
        rest = after;
    }
    // The account that logged the event; its data may have the same name.
    out.add_if_missing("User", user);
    out.has_event_id()
        .then(|| out.into_event(time, Cow::Borrowed(block)))
}

/// Adds a line before the message, under its name in XML.
fn header_field<'a>(key: &'a str, value: &'a str, out: &mut WindowsFields<'a>) {
    match key {
        "LogName" => {
            out.add("Channel", value);
            out.add("LogName", value);
        }
        "SourceName" => {
            out.add("Name", value);
            out.add("SourceName", value);
        }
        "EventCode" => out.add("EventID", value),
        "ComputerName" => {
            out.add("Computer", value);
            out.add("ComputerName", value);
        }
        "RecordNumber" => {
            out.add("EventRecordID", value);
            out.add("RecordNumber", value);
        }
        "Sid" => {
            out.add("UserID", value);
            out.add("Sid", value);
        }
        // Here it is the level: 1 error, 2 warning, 4 information, 8 and 16 audits, 0 the level's own number.
        "EventType" => {
            let level = match value {
                "1" => "2",
                "2" => "3",
                "0" | "8" | "16" => "0",
                other => other,
            };
            out.add("Level", level);
        }
        "Keywords" => out.add("Keywords", keyword_mask(value).unwrap_or(value)),
        _ => out.add(key, value),
    }
}

/// Adds the message's `Name: value` lines: under Splunk's names (blanks become `_`; a repeated name adds a
/// value), and under the XML data names if the message is known.
fn message_fields<'a>(message: &'a str, out: &mut WindowsFields<'a>) {
    let data = out
        .event_id()
        .and_then(|id| messages::template_data(id, message));
    if let Some(data) = data {
        for (name, value) in data {
            out.add(name, value.trim_end());
        }
        return;
    }
    let mut heading = "";
    // The names of the previous value, for further values on lines of their own.
    let mut last: Option<(Cow<'a, str>, Option<&'static str>)> = None;
    for line in message.lines().skip(1) {
        let Some((name, value)) = line.trim().split_once(':') else {
            match &last {
                Some((name, known)) if line.starts_with("\t\t") && !line.trim().is_empty() => {
                    out.add(name.clone(), line.trim());
                    if let Some(known) = known {
                        out.add(*known, line.trim());
                    }
                }
                _ => last = None,
            }
            continue;
        };
        last = None;
        let value = value.trim();
        let named = !name.is_empty()
            && name.len() <= 64
            && name.starts_with(char::is_alphabetic)
            && name
                .chars()
                .all(|c| word::is_part(c) || matches!(c, ' ' | '-' | '(' | ')'));
        if !named {
            continue;
        }
        if value.is_empty() {
            heading = name;
            continue;
        }
        let known = messages::data_name(heading, name);
        let name = field_name(name);
        let known = known.filter(|known| *known != name);
        if let Some(known) = known {
            out.add(known, value);
        }
        out.add(name.clone(), value);
        last = Some((name, known));
    }
}

fn field_name(name: &str) -> Cow<'_, str> {
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Cow::Borrowed(name);
    }
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    Cow::Owned(name.trim_matches('_').to_owned())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::{event, is_start};

    #[test]
    fn a_block_gives_the_names_of_xml_and_those_of_its_message() {
        let block = "01/14/2021 11:41:39 PM\nLogName=Security\nSourceName=Microsoft Windows security auditing.\n\
            EventCode=4688\nEventType=0\nComputerName=dc.example\nSid=S-1-0-0\nRecordNumber=7\nMessage=A new process has been created.\n\n\
            Subject:\n\tAccount Name:\t\tbob\nTarget Subject:\n\tAccount Name:\t\talice\n\tNew Process Name:\tC:\\a.exe";
        let event = event(block, Tz::UTC).expect("an event");
        assert_eq!(event.time, Some(1_610_667_699_000_000));
        assert_eq!(event.source.as_deref(), Some("XmlWinEventLog:Security"));
        assert_eq!(event.host.as_deref(), Some("dc.example"));
        for (name, value) in [
            ("EventID", "4688"),
            ("EventCode", "4688"),
            ("EventRecordID", "7"),
            ("Account_Name", "bob"),
            ("SubjectUserName", "bob"),
            ("TargetUserName", "alice"),
            ("NewProcessName", "C:\\a.exe"),
            ("New_Process_Name", "C:\\a.exe"),
        ] {
            assert_eq!(event.get(name), Some(value), "{name}");
        }
    }

    #[test]
    fn names_of_a_message_in_another_language_are_names() {
        let block = "01/14/2021 11:41:39 PM\nEventCode=4688\nMessage=Ein Prozess.\n\nAntragsteller:\n\tKontodomäne:\tCORP\n";
        let event = event(block, Tz::UTC).expect("an event");
        assert_eq!(event.get("Kontodom_ne"), Some("CORP"));
    }

    #[test]
    fn a_start_is_a_time_alone() {
        assert!(is_start("01/14/2021 11:41:39 PM"));
        assert!(is_start("01/14/2021 11:41:39.123 PM\r"));
        assert!(!is_start("01/14/2021 11:41:39 PM x"));
        assert!(!is_start("2021-01-14 11:41:39"));
    }
}
