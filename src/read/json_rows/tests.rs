use std::path::Path;

use chrono_tz::Tz;

use crate::error::Result;
use crate::read::event::{Event, EventSink};
use crate::read::input::Input;
use crate::read::json_rows::{Rows, event, looks_like, read};

#[derive(Default)]
struct Seen {
    events: Vec<String>,
    bad: Vec<(u64, String)>,
}

impl EventSink for Seen {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let fields: Vec<String> = event
            .fields
            .iter()
            .map(|f| format!("{}={}", f.name, f.value))
            .collect();
        self.events
            .push(format!("{:?} {}", event.time, fields.join(" ")));
        Ok(())
    }

    fn bad(&mut self, line: u64, why: &str) {
        self.bad.push((line, why.to_owned()));
    }
}

fn read_text(text: &str) -> Seen {
    let mut bytes = text.as_bytes();
    let mut input = Input::new(Path::new("x.json"), &mut bytes);
    let mut seen = Seen::default();
    let rows = Rows {
        zone: Tz::UTC,
        make: event,
    };
    read(&mut input, rows, &mut seen).expect("readable");
    seen
}

#[test]
fn rows_come_by_line_in_an_array_or_over_several_lines() {
    let rows = ["Some(5000000) a=1", "None a=2"];
    for text in [
        "{\"_time\":5,\"a\":1}\n\n{\"a\":2}",
        "[{\"_time\":5,\"a\":1},{\"a\":2}]",
        "[\n {\n  \"_time\": 5, \"a\": 1\n },\n {\"a\": 2}\n]\n",
        "{\n\"_time\":\"1970-01-01T00:00:05Z\",\n\"a\":1}\n{\n\"a\":2}",
        "Record 1\n{\n\"_time\":5,\n\"a\":1}\nRecord 2\n{\n\"a\":2}",
    ] {
        assert!(looks_like(text), "{text}");
        let seen = read_text(text);
        assert_eq!(seen.events, rows, "{text}");
        assert_eq!(seen.bad, [], "{text}");
    }
}

#[test]
fn bad_lines_are_counted_and_passed() {
    let seen =
        read_text("{\"a\":\n{\"a\":2}\nrubbish\n{\"a\":3}\n{\"_time\":\"x\",\"a\":4}\n{\"a\"");
    assert_eq!(seen.events, ["None a=2", "None a=3", "None a=4"]);
    let lines: Vec<u64> = seen.bad.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 3, 5, 6]);
    let seen = read_text("[{\"a\":1},\n{\"a\":");
    assert_eq!(seen.events.len(), 1);
    assert_eq!(seen.bad.len(), 1);
}

#[test]
fn logs_in_brackets_are_no_json() {
    assert!(!looks_like("[2020-01-01 00:00:00] x"));
    assert!(!looks_like("[info] {\"a\":1}"));
    assert!(!looks_like("{not json}"));
    assert!(looks_like("[]"));
}

#[test]
fn xml_in_raw_gives_its_fields() {
    let seen = read_text(
        "{\"_raw\":\"<Event><System><EventID>4</EventID><Computer>c</Computer></System></Event>\",\"x\":1}",
    );
    assert_eq!(seen.events, ["None x=1 EventCode=4 EventID=4 Computer=c"]);
}
