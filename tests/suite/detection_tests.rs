//! The tests of detections, on content of our own in `tests/content`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::drive::{Place, Run, alone};
use crate::support;
use crate::testing::skip;

/// The program on that content, with options before and after.
fn test(place: &Place, more: &[&str]) -> Run {
    let content = support::root().join("tests/content");
    let (content, data) = (
        content.display().to_string(),
        content.join("data").display().to_string(),
    );
    let mut args = vec!["test", "--content", &content, "--attack-data", &data];
    args.extend(more);
    place.run(&args)
}

/// Status and reason by name.
fn results(run: &Run) -> BTreeMap<String, (String, String)> {
    let text = |row: &Json, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    run.out
        .lines()
        .map(|line| {
            let row: Json = serde_json::from_str(line).expect("an object a line");
            (
                text(&row, "name"),
                (text(&row, "status"), text(&row, "reason")),
            )
        })
        .collect()
}

#[test]
fn every_kind_of_outcome_is_told_with_its_reason() {
    let place = Place::new();
    let run = test(&place, &["--format", "ndjson"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let results = results(&run);
    for (name, status, reason) in [
        ("Passes", "passed", ""),
        ("Hunts", "passed", ""),
        ("Correlates", "passed", ""),
        ("Needs Its Baseline", "passed", ""),
        ("Finds Nothing", "failed", "no rows"),
        (
            "Data Is Missing",
            "missing",
            "t1047/gone.log is not downloaded",
        ),
        ("Data Is A Pointer", "missing", "pointer to a large file"),
        (
            "Field Is Missing",
            "failed",
            "`$process$` of the risk message is not in the results",
        ),
        (
            "Risk Object Is Wrong",
            "failed",
            "the risk object `src_user` is not in the results",
        ),
        (
            "Required Field Is Missing",
            "failed",
            "`Processes.no_such_field` is not in the data",
        ),
        ("Does Not Parse", "error", "expected a field name"),
        ("By Hand", "untested", "it needs a second domain"),
    ] {
        let (found, why) = &results[name];
        assert_eq!(found, status, "{name}: {why}");
        assert!(why.contains(reason), "{name}: {why}");
    }
    assert_eq!(results.len(), 12);
}

#[test]
fn failures_decide_the_exit_code_and_are_printed() {
    let place = Place::new();
    let run = test(&place, &["finds_nothing", "passes"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("failed   Finds Nothing"), "{}", run.out);
    assert!(
        run.out.contains("2 tests: 1 passed, 1 failed"),
        "{}",
        run.out
    );
    test(&place, &["passes", "data_is_missing", "by_hand"]).fine();
}

#[test]
fn results_are_kept_until_something_changes() {
    let place = Place::new();
    let content = support::root().join("tests/content");
    let text = |name: &str| std::fs::read_to_string(content.join(name)).expect("it is there");
    for name in [
        "detections/endpoint/passes.yml",
        "macros/wmi_shell.yml",
        "macros/ignore_hosts.yml",
        "data/datasets/t1047/wmi.log",
    ] {
        place.write(&format!("c/{name}"), text(name));
    }
    let args = ["test", "--content", "c", "--attack-data", "c/data"];
    let again = |more: &[&str]| place.run(&[&args, more].concat()).fine().out.clone();
    assert!(!again(&[]).contains("earlier run"));
    assert!(again(&[]).contains("1 as in an earlier run"));
    assert!(!again(&["--no-cache"]).contains("earlier run"));
    place.write(
        "c/macros/ignore_hosts.yml",
        text("macros/ignore_hosts.yml").replace("build-*", "desk-*"),
    );
    let run = again(&[]);
    assert!(
        run.contains("1 passed") && !run.contains("earlier run"),
        "{run}"
    );
    place.write(
        "c/macros/ignore_hosts.yml",
        text("macros/ignore_hosts.yml").replace("build-*", "*"),
    );
    assert_eq!(place.run(&args).code, Some(1));
}

#[test]
fn only_what_changed_is_tested_when_asked() {
    let place = Place::new();
    let content = support::root().join("tests/content");
    let text = |name: &str| std::fs::read_to_string(content.join(name)).expect("it is there");
    for name in [
        "detections/endpoint/passes.yml",
        "detections/endpoint/hunts.yml",
        "macros/wmi_shell.yml",
        "macros/ignore_hosts.yml",
        "macros/sysmon_events.yml",
    ] {
        place.write(&format!("c/{name}"), text(name));
    }
    let git = |args: &[&str]| {
        let done = alone(&mut std::process::Command::new("git"))
            .current_dir(place.path().join("c"))
            .args(["-c", "user.name=t", "-c", "user.email=t@example.test"])
            .args(args)
            .output();
        done.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q"]) {
        skip("git is not there");
        return;
    }
    assert!(git(&["add", "."]) && git(&["commit", "-q", "-m", "first"]));
    let changed = || -> Vec<String> {
        let run = place.run(&[
            "test",
            "--content",
            "c",
            "--changed-since",
            "HEAD",
            "--allow-missing-data",
            "--format",
            "ndjson",
        ]);
        results(run.fine()).into_keys().collect()
    };
    assert!(changed().is_empty());
    place.write(
        "c/macros/wmi_shell.yml",
        text("macros/wmi_shell.yml") + "\n",
    );
    assert_eq!(changed(), ["Passes"]);
    place.write(
        "c/detections/endpoint/hunts.yml",
        text("detections/endpoint/hunts.yml") + "\n",
    );
    assert_eq!(changed(), ["Hunts", "Passes"]);
    place
        .run(&[
            "test",
            "--content",
            "c",
            "--changed-since",
            "no-such-revision",
        ])
        .fails(1, &["no-such-revision"]);
}

#[test]
fn reports_for_build_servers_hold_all_tests() {
    let place = Place::new();
    let junit = test(&place, &["--format", "junit"]);
    for count in [
        "tests=\"12\"",
        "failures=\"4\"",
        "errors=\"1\"",
        "skipped=\"3\"",
    ] {
        assert!(junit.out.contains(count), "{count}: {}", junit.out);
    }
    let sarif = test(&place, &["--format", "sarif"]);
    let log: Json = serde_json::from_str(&sarif.out).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 5);
    let line = &results[0]["locations"][0]["physicalLocation"]["region"]["startLine"];
    assert_eq!(line, 7, "{}", results[0]);
}

#[test]
fn wrong_usage_is_told() {
    let place = Place::new();
    place
        .run(&["test"])
        .fails(2, &["no detections given", "--content"]);
    test(&place, &["--attack-data", "nowhere"]).fails(1, &["nowhere: no such folder"]);
    test(&place, &["no_such_detection"]).fails(1, &["no_such_detection"]);
}

#[test]
fn the_data_of_all_tests_missing_is_no_success() {
    let content = support::root().join("tests/content");
    let place = Place::new();
    for name in ["passes", "data_is_missing", "by_hand"] {
        let file = format!("detections/endpoint/{name}.yml");
        let text = std::fs::read_to_string(content.join(&file)).expect("it is there");
        place.write(&format!("c/{file}"), text);
    }
    std::fs::create_dir(place.path().join("data")).expect("a folder");
    let args = ["test", "--content", "c", "--attack-data", "data"];
    let run = |more: &[&str]| place.run(&[&args, more].concat());
    let failed = run(&[]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    failed.says(&[
        "the data of 2 tests is missing, first data/datasets/",
        "--allow-missing-data",
    ]);
    let junit = run(&["--format", "junit", "--output", "out.xml"]);
    assert_eq!(junit.code, Some(1), "{junit:?}");
    assert!(place.read("out.xml").contains("skipped=\"3\""));
    run(&["--allow-missing-data"])
        .fine()
        .says(&["the data of 2 tests is missing, first data/datasets/"]);
    // To be tested by hand is another thing.
    run(&["by_hand"]).fine();
}

#[test]
fn no_test_selected_is_no_success() {
    let place = Place::new();
    place.write(
        "b.yml",
        "name: B\nid: b\ntype: Baseline\nsearch: '| makeresults'\n",
    );
    for more in [&[][..], &["--allow-missing-data"]] {
        place
            .run(&[&["test", "b.yml"][..], more].concat())
            .says(&["no test was selected"]);
        let run = place.run(&[&["test", "b.yml"][..], more].concat());
        assert_eq!(run.code, Some(1), "{run:?}");
    }
    place
        .run(&["test", "b.yml", "--type", "TTP"])
        .says(&["no test was selected"]);
}
