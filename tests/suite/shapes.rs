//! Shapes of exported data: where events begin and end, and where their time is.

use crate::drive::Place;

/// The rows of a file: `_time`, sourcetype and another field.
fn rows(name: &str, content: &str, field: &str) -> Vec<String> {
    let place = Place::new();
    place.write(name, content);
    let search = format!(
        "index=* | eval t=strftime(_time, \"%F %T\") | reverse | table t sourcetype {field}"
    );
    let run = place.run(&["search", "--data", name, "--format", "csv", &search]);
    assert_eq!(run.code, Some(0), "{name}: {run:?}");
    run.out.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn times_are_found_where_no_known_column_has_them() {
    let expected = "2024-05-01 10:00:00";
    for (name, content) in [
        (
            "a.json",
            "{\"CreationDate\":\"2024-05-01T10:00:00Z\",\"n\":1}\n",
        ),
        (
            "b.json",
            "{\"n\":1,\"TimeGenerated [UTC]\":\"5/1/2024, 10:00:00.123 AM\"}\n",
        ),
        (
            "c.json",
            "{\"n\":1,\"x\":{\"occurred\":\"Wed, 01 May 2024 10:00:00 GMT\"}}\n",
        ),
        (
            "d.json",
            "{\"n\":1,\"note\":\"from 2024-05-01 10:00:00 on\"}\n",
        ),
        ("e.csv", "n,Date and Time\n1,2024-05-01 10:00:00\n"),
        ("f.csv", "n,Date (UTC)\n1,2024-05-01T10:00:00Z\n"),
        ("g.csv", "n,when\n1,\"May 1, 2024 10:00:00 AM\"\n"),
        // A field that says it is a time comes before one that only looks like one.
        (
            "h.csv",
            "n,born,seen date\n1,1999-01-01 07:00:00,2024-05-01 10:00:00\n",
        ),
    ] {
        let found = rows(name, content, "n");
        assert!(found[0].starts_with(expected), "{name}: {found:?}");
        assert!(found[0].ends_with(",1"), "{name}: {found:?}");
    }
    // A number alone is no time.
    let found = rows("n.json", "{\"uptime\":1714557600,\"n\":1}\n", "n");
    assert_eq!(found, [",_json,1"]);
}

#[test]
fn objects_are_events_however_they_are_separated() {
    let object = |n: u8| format!("{{\"n\":{n},\"time\":\"2024-05-01T10:00:0{n}Z\"}}");
    let (one, two, three) = (object(1), object(2), object(3));
    let lines = |n: u8| format!("{{\n  \"n\": {n},\n  \"time\": \"2024-05-01T10:00:0{n}Z\"\n}}");
    for (name, content) in [
        ("side.json", format!("{one}{two}\n{three}\n")),
        ("blank.json", format!("{one} {two} {three}")),
        ("comma.json", format!("{one},\n{two},\n{three}\n")),
        ("mixed.json", format!("{one}\n{two}{three}\n")),
        (
            "lines.json",
            format!("{},\n{}\n{three}\n", lines(1), lines(2)),
        ),
        (
            "sequence.json",
            format!("\u{1e}{one}\n\u{1e}{two}\n\u{1e}{three}\n"),
        ),
        (
            "hits.json",
            format!(
                "{{\"took\":3,\"hits\":{{\"total\":{{\"value\":3}},\"hits\":[{{\"_index\":\"i\",\"_source\":{one}}},{{\"_id\":\"2\",\"_source\":{two}}},{{\"_id\":\"3\",\"_source\":{three}}}]}}}}"
            ),
        ),
        (
            "export.json",
            format!(
                "{{\"preview\":false,\"result\":{one}}}\n{{\"preview\":false,\"result\":{two}}}\n{{\"preview\":false,\"lastrow\":true,\"result\":{three}}}\n"
            ),
        ),
        (
            "results.json",
            format!("{{\"preview\":false,\"results\":[{one},{two},{three}],\"highlighted\":{{}}}}"),
        ),
    ] {
        let found = rows(name, &content, "n");
        let expected: Vec<String> = (1..4)
            .map(|n| format!("2024-05-01 10:00:0{n},_json,{n}"))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_line_that_is_no_json_among_json_lines_is_an_event() {
    let content = "{\"n\":1,\"time\":\"2024-05-01T10:00:01Z\"}\n\
        restarted at 2024-05-01 10:00:02 n=2\n\
        {\"n\":3,\"time\":\"2024-05-01T10:00:03Z\"}\n\
        {\"n\":4,\"time\":\"2024-05-01T10:00:04Z\",\"cut\":\"her\n";
    let found = rows("a.json", content, "n");
    let expected: Vec<String> = (1..5)
        .map(|n| format!("2024-05-01 10:00:0{n},_json,{n}"))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn exports_of_services_are_unwrapped() {
    let trail = r#"{"Events":[{"EventId":"e","EventName":"ConsoleLogin","CloudTrailEvent":"{\"eventVersion\":\"1.08\",\"eventTime\":\"2024-05-01T10:00:00Z\",\"eventSource\":\"signin.amazonaws.com\",\"eventName\":\"ConsoleLogin\"}"}],"NextToken":"x"}"#;
    assert_eq!(
        rows("a.json", trail, "eventName"),
        ["2024-05-01 10:00:00,aws:cloudtrail,ConsoleLogin"]
    );
    let snapshot = r#"{"snapshot":[{"pid":"1"},{"pid":"2"}],"action":"snapshot","name":"p","hostIdentifier":"h","calendarTime":"Wed May  1 10:00:00 2024 UTC","unixTime":1714557600}"#;
    let mut found = rows("b.json", snapshot, "columns.pid");
    found.sort();
    assert_eq!(
        found,
        [
            "2024-05-01 10:00:00,osquery:snapshots,1",
            "2024-05-01 10:00:00,osquery:snapshots,2"
        ]
    );
}

#[test]
fn zeek_fills_the_same_fields_with_any_scope_separator() {
    for separator in [".", "_", ":"] {
        let name = |part: &str| format!("id{separator}{part}");
        let json = format!(
            "{{\"ts\":1714557600.5,\"uid\":\"C1\",\"{}\":\"10.0.0.1\",\"{}\":1234,\"{}\":\"10.0.0.2\",\"{}\":53,\"query\":\"a.example\"}}\n",
            name("orig_h"),
            name("orig_p"),
            name("resp_h"),
            name("resp_p")
        );
        assert_eq!(
            rows("dns.log", &json, "src dest dest_port query"),
            ["2024-05-01 10:00:00,zeek:dns:json,10.0.0.1,10.0.0.2,53,a.example"],
            "{separator}"
        );
    }
}
