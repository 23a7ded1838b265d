//! Apps with one fault each: all open, each warns, and the searches around the fault give their
//! rows. The apps are in `tests/faults/apps.yml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::drive::{Place, Run};
use crate::support::{self, Row};

#[derive(Deserialize)]
struct File {
    events: Vec<Row>,
    apps: Vec<App>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    name: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Files in which `\xfc` is one byte.
    #[serde(default)]
    bytes: BTreeMap<String, String>,
    /// A text log that is searched instead of the events.
    text: Option<Text>,
    /// A part of a warning; none for what is no fault.
    warning: Option<String>,
    spl: String,
    output: Option<Vec<Row>>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    file: String,
    sourcetype: String,
    lines: String,
}

fn file() -> File {
    let path = support::root().join("tests/faults/apps.yml");
    let text = std::fs::read_to_string(path).expect("the file is there");
    support::yaml(&text).expect("the file is YAML")
}

fn bytes_of(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        bytes.extend(rest[..at].bytes());
        bytes.push(u8::from_str_radix(&rest[at + 2..at + 4], 16).expect("two hex digits"));
        rest = &rest[at + 4..];
    }
    bytes.extend(rest.bytes());
    bytes
}

/// Writes an app below `apps`.
fn write(place: &Place, app: &App) {
    for (path, text) in &app.files {
        place.write(&format!("apps/{}/{path}", app.name), text);
    }
    for (path, text) in &app.bytes {
        place.write(&format!("apps/{}/{path}", app.name), bytes_of(text));
    }
    // An app whose only files are elsewhere is one by this.
    place.write(&format!("apps/{}/metadata/default.meta", app.name), "");
}

/// What is wrong with a run of an app's search.
fn difference(app: &App, run: &Run) -> Option<String> {
    let shown = || format!("out:\n{}err:\n{}", run.out, run.err);
    match (&app.output, &app.error) {
        (Some(expected), None) => {
            let rows = support::rows(&run.out);
            let is_right = run.code == Some(0) && support::same_rows(expected, &rows, false);
            (!is_right).then(|| format!("expected {expected:?}\n{}", shown()))
        }
        (None, Some(error)) => {
            let is_right = run.code == Some(1) && run.err.contains(error.as_str());
            (!is_right).then(|| format!("expected the error {error}\n{}", shown()))
        }
        (Some(_), Some(_)) | (None, None) => Some("`output` or `error` is needed".to_owned()),
    }
}

#[test]
fn the_search_around_a_fault_gives_its_rows() {
    let File { events, apps } = file();
    assert!(apps.len() >= 50);
    let mut wrong = Vec::new();
    for app in &apps {
        let place = Place::new();
        write(&place, app);
        place.write("events.ndjson", support::lines(&events));
        let dir = format!("apps/{}", app.name);
        let mut args = vec!["search", &app.spl, "--app", &dir, "--format", "ndjson"];
        let conf;
        match &app.text {
            Some(text) => {
                place.write(&text.file, &text.lines);
                // The file's source gives it the sourcetype.
                conf = format!(
                    "[source::...{}]\nsourcetype = {}\n",
                    text.file, text.sourcetype
                );
                place.write(&format!("{dir}/local/props.conf"), &conf);
                args.extend(["--data", &text.file]);
            }
            None => args.extend(["--data", "events.ndjson"]),
        }
        let run = place.run(&args);
        if let Some(text) = difference(app, &run) {
            wrong.push(format!("== {}: {text}", app.name));
        }
        if let Some(warning) = &app.warning
            && !run.err.contains(&format!("warning: {dir}/{warning}"))
        {
            wrong.push(format!(
                "== {}: no warning\n{warning}\n{}",
                app.name, run.err
            ));
        }
        let warned = run.err.contains("warning: ");
        if app.warning.is_none() && app.error.is_none() && warned {
            let is_wanted = ["fails", "faulty", "hard"]
                .iter()
                .any(|w| app.name.contains(w));
            if !is_wanted {
                wrong.push(format!("== {}: a warning\n{}", app.name, run.err));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_apps_open_together_and_check_lists_their_faults() {
    let File { events, apps } = file();
    let place = Place::new();
    apps.iter().for_each(|app| write(&place, app));
    place.write("events.ndjson", support::lines(&events));
    place.write("apps/notes/readme.txt", "no app");
    let args = [
        "search",
        "* | stats count",
        "--apps",
        "apps",
        "--data",
        "events.ndjson",
    ];
    let run = place.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let warnings = run.err.lines().filter(|line| line.starts_with("warning: "));
    assert_eq!(warnings.count(), 6, "{}", run.err);
    assert!(
        run.err
            .contains(" more; `spelunk check --app DIR` lists them"),
        "{}",
        run.err
    );

    let mut wrong = Vec::new();
    for app in &apps {
        let dir = format!("apps/{}", app.name);
        let run = place.run(&["check", "--app", &dir, "--format", "ndjson"]);
        assert_eq!(run.code, Some(0), "{}: {}", app.name, run.err);
        let Some(warning) = &app.warning else {
            continue;
        };
        let found = support::rows(&run.out).iter().any(|row| {
            let text = |key: &str| {
                row.get(key)
                    .map(|value| value.to_string().trim_matches('"').to_owned())
            };
            let line = text("line").map_or(String::new(), |line| format!(":{line}"));
            let file = text("file").unwrap_or_default();
            let message = row["message"].as_str().unwrap_or_default();
            let shown = format!("{file}{line}: {message}");
            let has_code = text("code").is_some_and(|code| code.starts_with("SPL6"));
            has_code && shown.contains(&format!("{dir}/{warning}"))
        });
        // Only a search knows what a rule does in its rows.
        if !found {
            wrong.push(format!("== {}: {warning}\n{}", app.name, run.out));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let run = place.run(&["check", "--apps", "apps", "--format", "sarif"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("\"ruleId\": \"SPL604\""), "{}", run.out);
    let run = place.run(&["check", "--apps", "apps", "--deny", "warnings"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
}

#[test]
fn a_folder_that_is_no_app_says_so() {
    let place = Place::new();
    place.write("apps/one/default/app.conf", "[ui]\nlabel = One\n");
    place.write("lonely/readme.txt", "nothing");
    let run = place.run(&["search", "| makeresults", "--app", "lonely"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("lonely: no Splunk app"), "{}", run.err);
    let run = place.run(&["search", "| makeresults", "--app", "apps"]);
    assert!(run.err.contains("name it with --apps"), "{}", run.err);
    let run = place.run(&["search", "| makeresults", "--apps", "apps/one"]);
    assert!(run.err.contains("name it with --app"), "{}", run.err);
    let run = place.run(&["search", "| makeresults", "--apps", "nowhere"]);
    assert!(run.err.contains("no such folder of apps"), "{}", run.err);
    let run = place.run(&["check"]);
    assert_eq!(run.code, Some(2), "{}", run.err);
}

#[test]
fn one_broken_file_of_content_costs_itself() {
    let place = Place::new();
    let detection = "name: Full Ships\nid: 6f3c7a52-5a0e-4a57-9f59-0d1f4c9f7a11\nversion: 1\n\
        search: '`ferries` | lookup owners ship OUTPUT owner | table ship owner'\n";
    place.write("c/detections/full.yml", detection);
    place.write("c/detections/broken.yml", "name: Broken\nsearch: [\n");
    place.write(
        "c/detections/odd.yml",
        "name: Odd Metadata\nid: 2\nsearch: '`ferries` | table ship'\ntests:\n- name: T\n  attack_data:\n  \
         - data: x\n    update_timestamp: trues\ntags:\n  impact: high\n",
    );
    place.write(
        "c/macros/ferries.yml",
        "name: ferries\ndefinition: search ship=Alma\n",
    );
    place.write("c/macros/broken.yml", "name: [\n");
    place.write(
        "c/lookups/owners.yml",
        "name: owners\nfilename: owners.csv\n",
    );
    place.write("c/lookups/owners.csv", "ship,owner\nAlma,Norra\n");
    place.write("c/lookups/broken.yml", "filename: x.csv\n");
    place.write("c/stories/broken.yml", "name: [\n");
    place.write("events.ndjson", "{\"_time\":10,\"ship\":\"Alma\"}\n");
    let data = ["--content", "c", "--data", "events.ndjson", "--no-risk"];
    let run = place.run(&[&["run", "c/detections"], &data[..]].concat());
    assert!(
        run.err.contains("warning: c/macros/broken.yml:"),
        "{}",
        run.err
    );
    assert!(
        run.err.contains("warning: c/lookups/broken.yml:"),
        "{}",
        run.err
    );
    assert!(run.out.contains("Norra"), "{}{}", run.out, run.err);
    for name in ["Full Ships", "Odd Metadata"] {
        assert!(run.out.contains(name), "{name}: {}{}", run.out, run.err);
    }
    let run = place.run(&["check", "c/detections/odd.yml", "--content", "c"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(run.out.contains("c/detections/odd.yml:8:"), "{}", run.out);
    assert!(run.out.contains("SPL610"), "{}", run.out);
    assert!(
        run.out.contains("tests[0].attack_data[0].update_timestamp"),
        "{}",
        run.out
    );
    assert!(run.out.contains("tags.impact"), "{}", run.out);
}
