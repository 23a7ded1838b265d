//! Content in the forms in which it was published over the years.

use crate::drive::{Place, Run};

const NEWEST: &str = "\
name: Newest
id: 5b3c6f0e-0000-4000-8000-0000000000a1
version: 1
creation_date: '2024-01-02'
modification_date: '2026-02-03'
type: TTP
search: |-
  `wall` EventType=ConnectionEvent action=blocked
    | lookup kept_rules rule OUTPUT level
    | stats count by src dest rule level
    | `newest_filter`
finding:
  title: $src$ was kept from $dest$
  entity: {field: src, type: system, score: 50}
intermediate_findings:
  entities:
  - {field: dest, type: other, score: 20, message: nobody reaches $dest$}
threat_objects:
- {field: rule, type: signature}
mitre_attack_id: [T1041]
tests:
- name: Unit
  attack_data:
  - data: https://example.test/attack_data/master/datasets/wall.log
    source: not_applicable
    sourcetype: cisco:sfw:estreamer
  test_type: unit
- name: By hand
  description: it takes a week
  test_type: experimental
";

const FIRST: &str = r#"{
  "name": "First", "id": "5b3c6f0e-0000-4000-8000-0000000000a2", "version": "1.0",
  "detect": {"splunk": {"correlation_rule": {
    "notable": {"rule_title": "seen $src$"},
    "risk": {"risk_object": "src", "risk_object_type": ["system"], "risk_score": 40},
    "search": "`wall` action=blocked | stats count by src"
  }}}
}
"#;

const EVENT: &str = r#"{"EventType":"ConnectionEvent","FirstPacketSecond":1743500734,"DeviceUUID":"d","AC_RuleAction":"Block","InitiatorIP":"10.0.0.5","ResponderIP":"203.0.113.9","ResponderPort":443,"Protocol":"tcp","FirewallRule":"no-web"}"#;

fn place() -> Place {
    let place = Place::new();
    for (name, text) in [
        ("c/detections/network/newest.yml", NEWEST),
        ("c/detections/first.json", FIRST),
        (
            "c/tests/first.test.yml",
            "name: First\nfile: first.yml\nattack_data:\n- data: https://example.test/datasets/wall.log\n  \
             sourcetype: cisco:sfw:estreamer\n",
        ),
        (
            "c/macros/wall.yml",
            "name: wall\ndefinition: sourcetype=cisco:sfw:estreamer\n",
        ),
        (
            "c/lookups/csv/kept_rules.yml",
            "name: kept_rules\nlookup_type: csv\nmatch_type:\n- WILDCARD(rule)\nmin_matches: 1\n",
        ),
        ("c/lookups/csv/kept_rules.csv", "rule,level\nno-*,high\n"),
        (
            "c/lookups/kvstore/seen.yml",
            "name: seen\nlookup_type: kvstore\nfields:\n- _key\n- src\n",
        ),
        ("data/datasets/wall.log", EVENT),
    ] {
        place.write(name, text);
    }
    place
}

/// The run ended well, and its rows and words have all of this.
#[track_caller]
fn shows(run: &Run, texts: &[&str]) {
    run.fine();
    let all = format!("{}\n{}", run.out, run.err);
    for text in texts {
        assert!(all.contains(text), "`{text}` is not shown in:\n{all}");
    }
}

#[test]
fn findings_become_risk_and_lookups_lie_in_folders_by_kind() {
    let place = place();
    let run = ["run", "--content", "c", "--data", "data", "Newest"];
    shows(
        &place.run(&run),
        &[
            "TTP, risk 50, T1041, 1 row",
            "10.0.0.5 was kept from 203.0.113.9",
            "nobody reaches 203.0.113.9",
        ],
    );
    let listed = place.run(&["list", "lookups", "--content", "c"]);
    shows(&listed, &["kept_rules", "seen"]);
}

#[test]
fn the_first_form_is_run_and_tested_by_a_file_beside_it() {
    let place = place();
    let file = "c/detections/first.json";
    let run = place.run(&["run", "--content", "c", "--data", "data", file]);
    shows(&run, &["seen 10.0.0.5"]);
    let tested = place.run(&["test", "--content", "c", "--attack-data", "data", "c"]);
    shows(&tested, &["3 tests: 2 passed", "1 untested"]);
    let checked = place.run(&["check", "--content", "c", "c"]);
    shows(&checked, &["2 fine"]);
}

/// `props.conf`, "HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS".
#[test]
fn names_of_columns_are_cleaned_where_the_sourcetype_is_csv() {
    let place = Place::new();
    place.write(
        "prompts.csv",
        "Subject/Title,Source ID\n\"rules = [a, b]\",7\n",
    );
    let stored = ["replay", "--sourcetype", "csv", "prompts.csv"];
    place.run(&stored).fine();
    let spl = "| (sourcetype=csv) | where match(Subject_Title, \"rules\\s*=\") | table \"Source ID\" Subject*Title";
    let rows = place.rows(&[], spl);
    assert_eq!(
        rows,
        [r#"{"Source ID":"7","Subject_Title":"rules = [a, b]"}"#]
    );
}
