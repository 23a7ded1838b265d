use std::path::Path;

use chrono_tz::Tz;

use crate::read::batch::row_events::{Rows, event};
use crate::read::collect::Collect;
use crate::read::formats::json_rows::{looks_like, read};
use crate::read::input::buffer::Input;

fn read_text(text: &str) -> Collect {
    read_as(text, false)
}

fn read_as(text: &str, log: bool) -> Collect {
    let mut bytes = text.as_bytes();
    let mut input = Input::new(Path::new("x.json"), &mut bytes);
    let mut seen = Collect::default();
    let rows = Rows {
        log,
        zone: Tz::UTC,
        file: "x.json",
        unwrap: true,
        keep_lines: false,
        trim_braces: false,
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
        assert_eq!(seen.shown(), rows, "{text}");
        assert_eq!(seen.bad, [], "{text}");
    }
}

#[test]
fn bad_lines_are_counted_and_passed() {
    let seen =
        read_text("{\"a\":\n{\"a\":2}\nrubbish\n{\"a\":3}\n{\"_time\":\"x\",\"a\":4}\n{\"a\"");
    assert_eq!(seen.shown(), ["None a=2", "None a=3", "None a=4"]);
    assert_eq!(seen.bad_lines(), [1, 3, 5, 6]);
    let seen = read_text("[{\"a\":1},\n{\"a\":");
    assert_eq!(seen.events.len(), 1);
    assert_eq!(seen.bad.len(), 1);
}

#[test]
fn a_damaged_object_costs_none_of_those_after_it() {
    let damaged = [
        "{\"a\":2,\"b\":\"x}",
        "{\"a\":2,\"b\":{\"c\":1}",
        "{\"a\":2 \"b\":3}",
        "{\"a\":2,\"b\":[1,}",
        "{\"a\":2,\"b\"",
    ];
    for damaged in damaged {
        for text in [
            format!("[{{\"a\":1}},\n{damaged},\n{{\"a\":3}},\n{{\"a\":4}}]"),
            format!(
                "[\n  {{\n    \"a\": 1\n  }},\n  {damaged},\n  {{\n    \"a\": 3\n  }},\n  {{\"a\": 4}}\n]"
            ),
            format!("[\n{{\"a\":1}}\n,{damaged}\n,{{\"a\":3}}\n,{{\"a\":4}}\n]"),
            format!("{{\"Records\":[\n{{\"a\":1}},\n{damaged},\n{{\"a\":3}},\n{{\"a\":4}}]}}"),
        ] {
            let seen = read_text(&text);
            assert_eq!(seen.shown(), ["None a=1", "None a=3", "None a=4"], "{text}");
            assert_eq!(seen.bad.len(), 1, "{text}: {:?}", seen.bad);
        }
    }
}

#[test]
fn many_damaged_objects_are_read_in_time() {
    let text = format!("[{{\"a\":1}},\n{}", "{\"a\":\n".repeat(300_000));
    let seen = read_text(&text);
    assert_eq!(seen.shown(), ["None a=1"]);
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
    assert_eq!(seen.shown(), ["None x=1|EventCode=4|EventID=4|Computer=c"]);
}

#[test]
fn records_in_an_envelope_are_events() {
    let rows = ["Some(5000000) eventTime=5|a{}=]", "None b=2"];
    let records = "{\"eventTime\":5,\"a\":[\"]\"]}, {\"b\":2}";
    for (text, times) in [
        (format!("{{\"Records\":[{records}]}}"), 1),
        (
            format!("{{\"Records\":[{records}]}}\n{{\"records\":[{records}]}}\n"),
            2,
        ),
        (
            format!("{{\n \"value\": [\n{records}\n ],\n \"@odata.nextLink\": \"x\"\n}}\n"),
            1,
        ),
        (
            format!("{{\n\"Records\": [\n{records}\n]\n}}\n{{\n\"Records\": [\n{records}\n]\n}}\n"),
            2,
        ),
    ] {
        let seen = read_text(&text);
        assert_eq!(seen.shown(), rows.repeat(times), "{text}");
        assert_eq!(seen.bad, [], "{text}");
    }
    assert!(read_text("{\"Records\":[]}").events.is_empty());
    // A cut costs only the record that it is in.
    let seen = read_text("{\"Records\":[{\"b\":2},{\"b\":");
    assert_eq!((seen.events.len(), seen.bad.len()), (1, 1));
    // In a log's record it costs what comes after the cut.
    let seen = read_as("{\"a\":1,\"b\":\"x\",\"c\":{\"d\":\"hal", true);
    assert_eq!(
        (seen.shown(), seen.bad.len()),
        (vec!["None a=1|b=x".to_owned()], 1)
    );
    let seen = read_as("{\"a\":1,\"b\":\"x\n{\"a\":2}\n", true);
    assert_eq!(
        (seen.shown(), seen.bad.len()),
        (vec!["None a=1".to_owned(), "None a=2".to_owned()], 1)
    );
    // An event may contain a list of its own.
    let seen = read_text("{\n\"items\":[{\"a\":1},{\"a\":2}],\n\"total\":2}");
    assert_eq!(seen.shown(), ["None items{}.a=1|items{}.a=2|total=2"]);
}

#[test]
fn a_list_longer_than_a_block_is_read_on() {
    let mut text = String::from("{\"Records\":[");
    for number in 0..60_000 {
        text.push_str(&format!("{{\"number\":{number}}},"));
    }
    text.pop();
    text.push_str("]}");
    let seen = read_text(&text);
    assert_eq!((seen.events.len(), seen.bad.len()), (60_000, 0));
}
