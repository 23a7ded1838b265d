//! The detection that ships, run as a user runs it: by the program, on the data that ships.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::drive::alone;
use crate::support::{self, Row};

const NAME: &str = "remote_process_instantiation_via_wmi";
const DATA: &str = "datasets/attack_techniques/T1047/wmi_lateral_movement/wmi_lateral_movement.yml";

#[derive(Deserialize)]
struct Described {
    expected: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    rows: Vec<Row>,
}

/// What the data set's description says that the detection finds.
fn expected() -> Vec<Row> {
    let text = std::fs::read_to_string(support::root().join(DATA)).expect("the data set is there");
    let described: Described = support::yaml(&text).expect("its description is YAML");
    described
        .expected
        .into_iter()
        .next()
        .expect("it names one detection")
        .rows
}

/// Standard output of the program, which must succeed.
fn spelunk(home: &Path, args: &[&str]) -> String {
    let output = alone(&mut Command::new(env!("CARGO_BIN_EXE_spelunk")))
        .current_dir(home)
        .arg("--home")
        .arg(home.join("store"))
        .args(args)
        .output()
        .expect("the program runs");
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the program writes UTF-8")
}

/// The result of the one detection that was run, as NDJSON gives it.
fn run(home: &Path, more: &[&str]) -> Json {
    let text = spelunk(home, &[&["run", NAME, "--format", "ndjson"], more].concat());
    let results = support::rows(&text);
    assert_eq!(results.len(), 1, "{text}");
    Json::Object(results.into_iter().next().expect("there is one"))
}

fn rows_of(result: &Json, key: &str) -> Vec<Row> {
    serde_json::from_value(result[key].clone()).expect("a list of rows")
}

fn assert_rows(result: &Json) {
    assert_eq!(result["status"], "rows");
    let rows = rows_of(result, "rows");
    assert!(
        support::same_rows(&expected(), &rows, false),
        "expected:\n{}got:\n{}",
        support::lines(&expected()),
        support::lines(&rows)
    );
}

#[test]
fn the_shipped_detection_finds_what_its_data_set_says() {
    let home = support::folder();
    let first = run(home.path(), &[]);
    assert_rows(&first);
    let risk = rows_of(&first, "risk_events");
    assert_eq!(risk.len(), 18, "a row has a host and a user");
    for event in &risk {
        assert_eq!(event["risk_score"].as_f64(), Some(49.0));
    }
    let row = &expected()[0];
    let text = |key: &str| row[key].as_str().expect("text").to_owned();
    let message = format!(
        "A wmic.exe process {} contain process spawn commandline {} in host {}",
        text("process"),
        text("process"),
        text("dest")
    );
    for (object, kind) in [("dest", "system"), ("user", "user")] {
        let found = risk.iter().any(|event| {
            event["risk_object"] == row[object]
                && event["risk_object_type"] == kind
                && event["risk_message"] == message
        });
        assert!(found, "{object}: {}", support::lines(&risk));
    }

    // Again, now that the store has the events.
    let second = run(home.path(), &[]);
    assert_eq!(first["rows"], second["rows"]);
    assert_eq!(first["risk_events"], second["risk_events"]);
}

#[test]
fn people_are_told_rows_risk_events_and_the_time_it_took() {
    let home = support::folder();
    let text = spelunk(home.path(), &["run", NAME]);
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("no `{part}` in\n{text}"))
    };
    assert!(at("lblsvc.exe") < at("Risk events:"));
    assert!(at("Risk events:") < at("655 events"));
    let last = text
        .trim_end()
        .lines()
        .last()
        .expect("something is written");
    assert!(last.contains("655 events") && last.ends_with('s'), "{last}");
}

#[test]
fn rows_of_the_data_model_can_be_given_directly() {
    let home = support::folder();
    spelunk(
        home.path(),
        &[
            "replay",
            support::root().join(DATA).to_str().expect("a path"),
        ],
    );
    let fields = [
        "dest",
        "user",
        "parent_process_name",
        "process_name",
        "process",
        "process_id",
        "parent_process_id",
        "original_file_name",
    ];
    let by: Vec<String> = fields.iter().map(|f| format!("Processes.{f}")).collect();
    let spl = format!(
        "| tstats count from datamodel=Endpoint.Processes by _time {} \
         | rename Processes.* AS * | fields - count",
        by.join(" ")
    );
    for format in ["ndjson", "csv", "parquet"] {
        let file = home.path().join(format!("processes.{format}"));
        let path = file.to_str().expect("a path");
        spelunk(
            home.path(),
            &["search", &spl, "--format", format, "--output", path],
        );
        let empty = support::folder();
        let model = format!("Endpoint.Processes={path}");
        assert_rows(&run(empty.path(), &["--model", &model]));
    }
}
