//! Risk events of a run: kept in the store, seen by correlations, shown by `risk`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::drive::{Place, Run};

/// Logins of two users on two hosts.
const EVENTS: &str = r#"{"_time":1709287200,"sourcetype":"auth","user":"ann","dest":"web-1","action":"failure"}
{"_time":1709287260,"sourcetype":"auth","user":"ann","dest":"web-1","action":"success"}
{"_time":1709290800,"sourcetype":"auth","user":"bob","dest":"WEB-2","action":"failure"}
"#;

/// A detection whose rows have the fields `user` and `dest`.
fn detection(name: &str, kind: &str, spl: &str, technique: &str) -> String {
    format!(
        "name: {name}\nid: {name}\ntype: {kind}\nstatus: production\nsearch: '{spl}'\n\
         rba:\n  message: $user$ on $dest$\n  risk_objects:\n  - field: dest\n    type: system\n    \
         score: 30\n  - field: user\n    type: user\n    score: 12\n  threat_objects:\n  \
         - field: action\n    type: action\ntags:\n  analytic_story: [Logins]\n  \
         mitre_attack_id: [{technique}]\n"
    )
}

/// Two detections, and a correlation that comes first by its name.
fn place() -> Place {
    let place = Place::new();
    place.write("events.ndjson", EVENTS);
    let failures = "search sourcetype=auth action=failure | table _time user dest action";
    let successes = "search sourcetype=auth action=success \
        | stats min(_time) as firstTime max(_time) as lastTime by user dest action";
    let correlation = "| tstats sum(All_Risk.calculated_risk_score) as score \
        dc(source) as sources values(source) as source from datamodel=Risk.All_Risk \
        where All_Risk.analyticstories=Logins All_Risk.risk_object_type=system \
        by All_Risk.risk_object All_Risk.annotations.mitre_attack.mitre_tactic \
        | rename All_Risk.* as * | where sources >= 2";
    for (name, kind, spl, technique) in [
        ("Failures", "TTP", failures, "T1110.003"),
        ("Successes", "Anomaly", successes, "T1110"),
        ("Both", "Correlation", correlation, "T1110"),
    ] {
        place.write(
            &format!("d/{name}.yml"),
            detection(name, kind, spl, technique),
        );
    }
    place
}

fn objects(run: &Run) -> Vec<Json> {
    let lines = run.fine().out.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect()
}

/// Runs the detections; gives the rows of the correlation.
fn run(place: &Place, more: &[&str]) -> Json {
    let args = [&["run", "d", "--format", "ndjson"], more].concat();
    let results = objects(&place.run(&args));
    let last = results.last().expect("three results");
    assert_eq!(last["name"], "Both", "correlations come last");
    last["rows"].clone()
}

/// Scores by object, as `risk` shows them.
fn scores(place: &Place, more: &[&str]) -> BTreeMap<String, f64> {
    let args = [&["risk", "--format", "ndjson"], more].concat();
    let rows = objects(&place.run(&args));
    let score = |row: &Json| row["risk_score"].as_f64().expect("a number");
    rows.iter()
        .map(|row| {
            (
                row["risk_object"].as_str().unwrap_or("").to_owned(),
                score(row),
            )
        })
        .collect()
}

#[test]
fn risk_is_kept_once_however_often_detections_run() {
    let place = place();
    place.run(&["replay", "events.ndjson"]).fine();
    let found = run(&place, &[]);
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found[0]["risk_object"], "web-1");
    assert_eq!(
        found[0]["annotations.mitre_attack.mitre_tactic"],
        "credential-access"
    );
    assert_eq!(
        found[0]["source"],
        serde_json::json!(["ESCU - Failures - Rule", "ESCU - Successes - Rule"])
    );
    let once = scores(&place, &[]);
    let wanted = [
        ("WEB-2", 30.0),
        ("ann", 24.0),
        ("bob", 12.0),
        ("web-1", 60.0),
    ];
    let wanted: BTreeMap<String, f64> = wanted.map(|(k, v)| (k.to_owned(), v)).into();
    assert_eq!(once, wanted);
    assert_eq!(run(&place, &[]), found);
    assert_eq!(scores(&place, &[]), once);
    // What other detections made stays; what this one made goes when it finds nothing.
    let quiet = detection("Failures", "TTP", "search sourcetype=none", "T1110");
    place.write("d/Failures.yml", quiet);
    place.run(&["run", "d/Failures.yml"]).fine();
    let left = scores(&place, &[]);
    assert_eq!(left.get("web-1"), Some(&30.0), "{left:?}");
    assert!(!left.contains_key("bob"), "{left:?}");
}

#[test]
fn risk_is_added_or_forgotten_on_demand() {
    let place = place();
    place.run(&["replay", "events.ndjson"]).fine();
    assert_eq!(run(&place, &["--no-risk"])[0]["risk_object"], "web-1");
    assert!(scores(&place, &[]).is_empty());
    run(&place, &[]);
    run(&place, &["--keep-risk"]);
    run(&place, &["--keep-risk"]);
    assert_eq!(
        scores(&place, &["--min-score", "100"]).get("web-1"),
        Some(&180.0)
    );
    run(&place, &[]);
    assert_eq!(
        scores(&place, &["--min-score", "50"]).get("web-1"),
        Some(&60.0)
    );
    // With files, nothing is kept, and correlations see the risk all the same.
    let other = self::place();
    let found = run(&other, &["--data", "events.ndjson"]);
    assert_eq!(found[0]["risk_object"], "web-1");
    assert!(scores(&other, &[]).is_empty());
}

#[test]
fn an_object_shows_its_events_and_clear_asks() {
    let place = place();
    place.run(&["replay", "events.ndjson"]).fine();
    run(&place, &[]);
    let events = objects(&place.run(&["risk", "WEB-1", "--format", "ndjson"]));
    let times: Vec<&str> = events.iter().filter_map(|e| e["time"].as_str()).collect();
    assert_eq!(
        times,
        ["2024-03-01T10:00:00+00:00", "2024-03-01T10:01:00+00:00"]
    );
    assert_eq!(events[0]["risk_message"], "ann on web-1");
    assert_eq!(events[0]["threat_object"], "failure");
    assert_eq!(events[1]["techniques"], "T1110");
    let later = scores(&place, &["--since", "2024-03-01T10:30:00"]);
    assert_eq!(later.len(), 2, "{later:?}");
    // Searches that name no index are not told of risk, those that do are.
    let count = |spl: &str| place.rows(&[], &format!("{spl} | stats count"));
    assert_eq!(count("web-1"), ["{\"count\":2}"]);
    assert_eq!(count("index=risk"), ["{\"count\":6}"]);
    place
        .run(&["risk", "clear"])
        .fails(2, &["delete 6 risk events?", "--yes"]);
    assert_eq!(scores(&place, &[]).len(), 4);
    place.run(&["risk", "clear", "--yes"]).fine();
    assert!(scores(&place, &[]).is_empty());
    assert_eq!(count("sourcetype=auth"), ["{\"count\":3}"]);
}

#[test]
fn exported_risk_events_lie_in_the_index_and_get_their_tactics() {
    let place = place();
    place.write(
        "risk.log",
        "1662627669, search_name=\"ESCU - A - Rule\", analyticstories=\"Logins\", \
         annotations.mitre_attack=\"T1078.004\", annotations.mitre_attack=\"T1110\", \
         risk_message=\"a \\\"b\\\", c\", risk_object=\"h\", risk_object_type=\"system\", \
         risk_score=\"15\"\n",
    );
    place
        .run(&["replay", "--sourcetype", "stash", "risk.log"])
        .fine();
    assert_eq!(scores(&place, &[]).get("h"), Some(&15.0));
    let rows = place.rows(
        &[],
        "| tstats count from datamodel=Risk.All_Risk by All_Risk.risk_object \
         All_Risk.annotations.mitre_attack.mitre_tactic | rename All_Risk.annotations.mitre_attack.* as * \
         | stats values(mitre_tactic) as tactics sum(count) as n",
    );
    assert_eq!(
        rows,
        [
            "{\"tactics\":[\"credential-access\",\"defense-evasion\",\"initial-access\",\"persistence\",\"privilege-escalation\"],\"n\":5}"
        ]
    );
}

#[test]
fn a_lookup_that_nobody_brought_is_a_refusal() {
    let place = place();
    let spl = "search sourcetype=auth | lookup not_there user OUTPUT x";
    place.write("d/Failures.yml", detection("Failures", "TTP", spl, "T1110"));
    let results = objects(&place.run(&[
        "run",
        "d/Failures.yml",
        "--data",
        "events.ndjson",
        "--format",
        "ndjson",
    ]));
    assert_eq!(results[0]["status"], "refused");
    assert_eq!(results[0]["reason"], "unknown lookup `not_there`");
    // In a test of a detection it is an error.
    let with_test = detection("Failures", "TTP", spl, "T1110")
        + "tests:\n- name: t\n  attack_data:\n  - data: events.ndjson\n";
    place.write("t.yml", with_test);
    let run = place.run(&["test", "t.yml", "--format", "csv"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.out.contains("error,unknown lookup `not_there`"),
        "{run:?}"
    );
}

#[test]
fn alerts_on_quiet_data_are_counted_by_day_and_host() {
    let place = place();
    let args = [
        "test",
        "d",
        "--against-benign",
        "events.ndjson",
        "--format",
        "ndjson",
    ];
    let rows = objects(&place.run(&args));
    let of = |name: &str, host: &str| {
        let mut rows = rows.iter();
        let row = rows.find(|row| row["name"] == name && row["host"] == host);
        row.map(|row| {
            (
                row["day"].as_str().unwrap_or("").to_owned(),
                row["alerts"].as_f64(),
            )
        })
    };
    let day = || "2024-03-01".to_owned();
    assert_eq!(of("Failures", "web-1"), Some((day(), Some(1.0))));
    assert_eq!(of("Failures", "WEB-2"), Some((day(), Some(1.0))));
    assert_eq!(of("Successes", "web-1"), Some((day(), Some(1.0))));
    assert!(scores(&place, &[]).is_empty(), "nothing is kept");
    let most = |n: &'static str| place.run(&[&args[..], &["--max-per-day", n]].concat());
    most("2").fine();
    let over = most("1");
    assert_eq!(over.code, Some(1), "{over:?}");
    assert!(
        over.err.contains("Failures: 2 alerts on 2024-03-01"),
        "{over:?}"
    );
}

#[test]
fn one_broken_file_of_a_folder_does_not_hide_the_others() {
    let place = place();
    place.write("d/Broken.yml", "name: Broken\nid: [\nsearch: x\n");
    place.write("d/playbook.yml", "name: Playbook\nplaybook: p\n");
    let run = place.run(&["run", "d", "--data", "events.ndjson", "--format", "ndjson"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let statuses: BTreeMap<String, String> = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .map(|row: Json| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            (text("name"), text("status"))
        })
        .collect();
    let wanted = [
        ("Both", "rows"),
        ("Broken", "error"),
        ("Failures", "rows"),
        ("Successes", "rows"),
    ];
    let wanted = wanted.map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(statuses, wanted.into());
}
