//! `why`: terms counted, nearest misses, values that almost match, and the command that loses the
//! last row.

use serde_json::{Value as Json, json};

use crate::drive::Place;

const EVENTS: &str = r#"{"_time":1700000000,"method":"GET","status":500,"user":"Bob","path":"C:\\Temp\\a.exe"}
{"_time":1700000001,"method":"GET","status":200,"user":"Bob","path":"C:\\Temp\\b.exe"}
{"_time":1700000002,"method":"POST","status":200,"user":"Eve","path":"C:\\Temp\\b.exe"}
{"_time":1700000003,"method":"PUT","status":200,"user":"Eve"}
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("a.ndjson", EVENTS);
    place
}

fn asked(place: &Place, args: &[&str]) -> Json {
    let mut all = vec!["why", "--data", "a.ndjson", "--format", "json"];
    all.extend(args);
    let run = place.run(&all);
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

#[test]
fn each_term_and_each_combination_is_counted() {
    let found = asked(
        &place(),
        &[
            "--search",
            "status=500 (method=POST OR method=PUT) NOT user=Eve | stats count by user",
        ],
    );
    assert_eq!(
        found["steps"],
        json!([
            {"command": "search status=500 (method=POST OR method=PUT) NOT user=Eve", "rows": 0},
            {"command": "stats count BY user", "rows": 0},
        ])
    );
    assert_eq!(found["lost"], 1);
    let filter = &found["filters"][0];
    assert_eq!((&filter["rows"], &filter["pass"]), (&json!(4), &json!(0)));
    assert_eq!(
        filter["tree"],
        json!({"pass": 0, "all": [
            {"pass": 1, "term": "status=500", "so_far": 1, "only": 0},
            {"pass": 2, "so_far": 0, "only": 1, "any": [
                {"pass": 1, "term": "method=POST"},
                {"pass": 1, "term": "method=PUT"},
            ]},
            {"pass": 2, "term": "NOT user=Eve", "so_far": 0, "only": 0},
        ]})
    );
    // One event fails the method only; of the alternatives the first is told.
    let miss = &filter["nearest_misses"][0];
    assert_eq!((&miss["short"], &miss["rows"]), (&json!(1), &json!(1)));
    assert_eq!(miss["fields"]["method"], "GET");
    assert_eq!(miss["fields"]["status"], "500");
    assert_eq!(
        miss["failing"],
        json!([{"term": "method=POST", "field": "method", "alternatives": 1}])
    );
}

#[test]
fn not_before_a_group_is_moved_to_its_terms() {
    let found = asked(&place(), &["--search", "NOT (status=200 OR user=Bob)"]);
    assert_eq!(
        found["filters"][0]["tree"],
        json!({"pass": 0, "all": [
            {"pass": 1, "term": "NOT status=200", "so_far": 1, "only": 2},
            {"pass": 2, "term": "NOT user=Bob", "so_far": 0, "only": 1},
        ]})
    );
}

#[test]
fn a_later_condition_is_taken_apart_too() {
    let found = asked(
        &place(),
        &[
            "--search",
            "status=200 | where user=\"eve\" AND like(method, \"P%\") | table user",
        ],
    );
    assert_eq!(found["lost"], 2);
    assert_eq!(found["filters"][0]["pass"], 3);
    let filter = &found["filters"][1];
    assert_eq!(filter["tree"]["all"][0]["pass"], 0);
    assert_eq!(filter["tree"]["all"][1]["pass"], 2);
    assert_eq!(
        filter["written_otherwise"],
        json!([{"term": "user = \"eve\"", "field": "user", "value": "Eve", "rows": 2, "differs": "case"}])
    );
    assert_eq!(
        filter["values"]["user"][0],
        json!({"value": "Eve", "rows": 2})
    );
}

#[test]
fn slashes_blanks_and_quotes_are_told() {
    for (search, value, differs) in [
        (r#"path="c:/temp/a.exe""#, r"C:\Temp\a.exe", "slashes"),
        (
            r#"path="C:\\Temp\\\\ a.exe""#,
            r"C:\Temp\a.exe",
            "blanks and slashes",
        ),
        (
            r#"| where path="'c:\\temp\\a.exe'""#,
            r"C:\Temp\a.exe",
            "case and quotes",
        ),
    ] {
        let search = search
            .strip_prefix("| ")
            .map_or(search.to_owned(), |s| format!("* | {s}"));
        let found = asked(&place(), &["--search", &search]);
        let filters = found["filters"].as_array().expect("filters");
        let near = &filters[filters.len() - 1]["written_otherwise"][0];
        assert_eq!(near["value"], value, "{search}: {found:#}");
        assert_eq!(near["differs"], differs, "{search}");
    }
}

#[test]
fn fields_that_no_row_has_are_told_with_the_nearest() {
    let found = asked(&place(), &["--search", "methd=GET"]);
    assert_eq!(
        found["filters"][0]["no_row_has"],
        json!([{"field": "methd", "near": "method"}])
    );
}

#[test]
fn rows_lost_to_a_missing_group_are_explained() {
    let found = asked(&place(), &["--search", "status=200 | stats count by usr"]);
    assert_eq!(found["lost"], 2);
    assert_eq!(
        found["notes"],
        json!(["rows without a field of `by` are left out, and none of 3 has `usr`"])
    );
    let found = asked(
        &place(),
        &[
            "--search",
            "status=200 | join user [| makeresults | eval user=\"Zoe\"]",
        ],
    );
    assert_eq!(
        found["notes"],
        json!(["no row has a partner by `user` among those of the subsearch, which gives 1"])
    );
}

#[test]
fn only_chosen_events_are_looked_at() {
    let found = asked(
        &place(),
        &[
            "--search",
            "status=500 method=GET",
            "--where",
            "user=Eve method=P*",
        ],
    );
    let filter = &found["filters"][0];
    assert_eq!((&filter["rows"], &filter["pass"]), (&json!(2), &json!(0)));
    assert_eq!(filter["nearest_misses"][0]["short"], 2);
    let found = asked(
        &place(),
        &["--search", "status=500", "--where", "user=Nobody"],
    );
    assert_eq!(found["notes"], json!(["--where matches no events"]));
}

#[test]
fn data_models_are_looked_at_by_their_fields() {
    let place = Place::new();
    place.write(
        "p.ndjson",
        "{\"dest\":\"dc1\",\"process_name\":\"wmic.exe\",\"process\":\"wmic /node:x process list\"}\n\
         {\"dest\":\"dc2\",\"process_name\":\"cmd.exe\",\"process\":\"cmd /c dir\"}\n",
    );
    let search = "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=wmic.exe \
                  Processes.process=\"*/node:*\" Processes.process=\"*create*\" by Processes.dest";
    let run = place.run(&[
        "why",
        "--model",
        "Endpoint.Processes=p.ndjson",
        "--search",
        search,
        "--where",
        "dest=dc1",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for has in [
        "   0  tstats count FROM datamodel=Endpoint.Processes",
        "<- no rows left after this",
        "the condition of command 1 (tstats): 0 of 1 rows of Endpoint.Processes pass",
        "     1      1           Processes.process_name=wmic.exe",
        "     0      0      1    Processes.process=\"*create*\"",
        "  1 term short",
        "    x Processes.process       wmic /node:x process list",
        "fails Processes.process=\"*create*\"",
    ] {
        assert!(run.out.contains(has), "{has}:\n{}", run.out);
    }
}

#[test]
fn a_shipped_detection_is_asked_on_its_own_data() {
    let place = Place::new();
    let run = place.run(&[
        "why",
        "Remote Process Instantiation via WMI",
        "--format",
        "json",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let found: Json = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(found["lost"], Json::Null);
    let filter = &found["filters"][0];
    let (rows, pass) = (filter["rows"].as_u64(), filter["pass"].as_u64());
    assert!(rows > pass && pass > Some(0), "{filter:#}");
    assert!(
        filter["nearest_misses"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
}

#[test]
fn the_prompt_asks_for_the_last_search() {
    let place = place();
    let run = place.feed(
        &["repl", "--data", "a.ndjson", "--quiet"],
        b"status=404\n.why\n.why status=500 method=POST\n",
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("0 of 4 events pass"), "{}", run.out);
    assert!(run.out.contains("status: 200 (3), 500 (1)"), "{}", run.out);
    assert!(run.out.contains("fails method=POST"), "{}", run.out);
}

#[test]
fn wrong_questions_are_refused() {
    let place = place();
    place.run(&["why"]).fails(2, &["DETECTION"]);
    place
        .run(&[
            "why", "--search", "a=1", "--data", "a.ndjson", "--format", "csv",
        ])
        .fails(2, &["why writes text, json or ndjson"]);
    place
        .run(&[
            "why", "--search", "a=1", "--data", "a.ndjson", "--where", "(a",
        ])
        .fails(1, &["(a"]);
}
