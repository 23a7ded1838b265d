//! `diff`: two versions of a detection, from files and from revisions, on the same data.

use serde_json::{Value as Json, json};

use crate::drive::{Place, alone};
use crate::testing::skip;

const EVENTS: &str = "{\"_time\":1700000000,\"user\":\"bob\",\"action\":\"logon\"}\n\
                      {\"_time\":1700000001,\"user\":\"eve\",\"action\":\"logon\"}\n\
                      {\"_time\":1700000002,\"user\":\"eve\",\"action\":\"logoff\"}\n";

fn detection(search: &str) -> String {
    format!("name: Users\nid: u\ntype: TTP\nsearch: |-\n  {search}\n")
}

fn place() -> Place {
    let place = Place::new();
    place.write("a.ndjson", EVENTS);
    place
}

fn compared(place: &Place, before: &str, after: &str) -> Json {
    let run = place.run(&[
        "diff", "--data", "a.ndjson", "--format", "json", before, after,
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

#[test]
fn rows_are_gained_and_lost() {
    let place = place();
    place.write("old.yml", detection("action=logon | stats count by user"));
    place.write("new.yml", detection("action=* | stats count by user"));
    let found = compared(&place, "old.yml", "new.yml");
    assert_eq!(found["differs"], true);
    assert_eq!(found["rows_same"], 1);
    assert_eq!(found["lost"], json!([{"user": "eve", "count": 1}]));
    assert_eq!(found["gained"], json!([{"user": "eve", "count": 2}]));
    assert_eq!(
        found["search"],
        json!([
            {"op": "lost", "line": "action=logon"},
            {"op": "gained", "line": "action=*"},
            {"op": "same", "line": "| stats count by user"},
        ])
    );
    let run = place.run(&["diff", "--data", "a.ndjson", "old.yml", "new.yml"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for has in [
        "--- old.yml\n+++ new.yml\n- action=logon\n+ action=*\n  | stats count by user\n",
        "2 rows before, 2 after: 1 the same, 1 lost, 1 gained",
        "\nlost:\n",
        "\ngained:\n",
    ] {
        assert!(run.out.contains(has), "{has}:\n{}", run.out);
    }
}

#[test]
fn the_exit_code_is_asked_for() {
    let place = place();
    place.write("old.yml", detection("action=logon | stats count by user"));
    place.write("new.yml", detection("action=logon | stats count by action"));
    let code = |args: &[&str]| {
        let mut all = vec!["diff", "--data", "a.ndjson", "--quiet"];
        all.extend(args);
        place.run(&all).code
    };
    assert_eq!(code(&["old.yml", "new.yml"]), Some(0));
    assert_eq!(code(&["old.yml", "new.yml", "--exit-code"]), Some(1));
    assert_eq!(code(&["old.yml", "old.yml", "--exit-code"]), Some(0));
}

#[test]
fn a_new_column_does_not_make_every_row_another() {
    let place = place();
    place.write("old.yml", detection("* | stats count by user"));
    place.write(
        "new.yml",
        detection("* | stats count values(action) as actions by user"),
    );
    let found = compared(&place, "old.yml", "new.yml");
    assert_eq!(found["columns_gained"], json!(["actions"]));
    assert_eq!(found["columns_lost"], json!([]));
    assert_eq!(found["rows_same"], 2);
    assert_eq!((&found["lost"], &found["gained"]), (&json!([]), &json!([])));
    assert_eq!(found["differs"], true);
}

#[test]
fn a_missing_version_is_named() {
    let place = place();
    place.write("a.yml", detection("*"));
    place
        .run(&["diff", "a.yml", "nosuch.yml", "--data", "a.ndjson"])
        .fails(1, &["nosuch"]);
    place
        .run(&[
            "diff", "a.yml", "a.yml", "--data", "a.ndjson", "--format", "csv",
        ])
        .fails(2, &["diff writes text, json or ndjson"]);
}

/// Runs git in a folder; false where there is none.
fn git(place: &Place, args: &[&str]) -> bool {
    let run = alone(&mut std::process::Command::new("git"))
        .args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.org",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .current_dir(place.path())
        .output();
    match run {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "git {args:?}: {said}");
            true
        }
        Err(why) => {
            skip(&format!("git is not there: {why}"));
            false
        }
    }
}

#[test]
fn revisions_bring_their_macros_and_lookups() {
    let place = place();
    if !git(&place, &["init", "-q", "content"]) {
        return;
    }
    let file = "content/detections/x/users.yml";
    place.write(
        file,
        detection("`seen` | lookup roles user | stats count by user role"),
    );
    place.write(
        "content/macros/seen.yml",
        "name: seen\ndefinition: action=logon\n",
    );
    place.write(
        "content/lookups/roles.yml",
        "name: roles\nfilename: roles.csv\n",
    );
    place.write(
        "content/lookups/roles.csv",
        "user,role\nbob,admin\neve,guest\n",
    );
    assert!(git(&place, &["-C", "content", "add", "."]));
    assert!(git(&place, &["-C", "content", "commit", "-qm", "first"]));
    place.write(
        "content/macros/seen.yml",
        "name: seen\ndefinition: action=logoff\n",
    );
    place.write(
        "content/lookups/roles.csv",
        "user,role\nbob,admin\neve,admin\n",
    );
    // The search is as it was; the macro and the table are not.
    let run = place.run(&[
        "diff",
        "--data",
        "a.ndjson",
        "--content",
        "content",
        "--format",
        "json",
        "HEAD:detections/x/users.yml",
        file,
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let found: Json = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(found["macros_differ"], true, "{found:#}");
    let of = |user: &str, role: &str| json!({"user": user, "role": role, "count": 1});
    assert_eq!(
        found["lost"],
        json!([of("bob", "admin"), of("eve", "guest")])
    );
    assert_eq!(found["gained"], json!([of("eve", "admin")]));
    // Two revisions, named from inside the repository, without --content.
    assert!(git(&place, &["-C", "content", "commit", "-qam", "second"]));
    let absolute = place.path().join(file);
    let versions = ["HEAD~1", "HEAD"].map(|rev| format!("{rev}:{}", absolute.display()));
    let [before, after] = &versions;
    let found = compared(&place, before, after);
    assert_eq!(found["lost"].as_array().map(Vec::len), Some(2), "{found:#}");
    assert_eq!(found["gained"], json!([of("eve", "admin")]));
    place
        .run(&[
            "diff",
            "--data",
            "a.ndjson",
            "--content",
            "content",
            "HEAD:nosuch.yml",
            file,
        ])
        .fails(1, &["HEAD has no file nosuch.yml"]);
    place
        .run(&[
            "diff",
            "--data",
            "a.ndjson",
            "--content",
            "content",
            "NOREV:detections/x/users.yml",
            file,
        ])
        .fails(1, &["NOREV"]);
}
