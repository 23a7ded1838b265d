//! The lints of `check`: each with its page and its examples, what switches them off, and how often
//! they find something in published detections.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value as Json;
use spelunk::internal::CheckReport;
use spelunk::session::Session;
use spelunk_spl::lint::allow::Rules;
use spelunk_spl::lint::{self, Lint, LintInput};

use crate::drive::Place;
use crate::support;
use crate::testing::{say, shared};

/// The page that the table makes.
fn page() -> String {
    let mut out = String::from(
        "# Lints\n\n\
`spelunk check` plans searches and detections without running them, tells what would not run, and looks for what is most\n\
likely not meant, or dear. It looks at what is written in the search; what a macro brings is the macro's.\n\n\
- ```` ```spelunk: allow SPL103``` ```` in a search switches lints off for it (codes or names, a reason after ` -- `), as\n  \
`# spelunk: allow SPL103` does in the file of a detection.\n\
- `spelunk.conf` in a folder of content, in `default/` or `local/` of an app, or in the folder of the store switches them\n  \
off for all searches, or has the check fail on them: stanza `[lint]`, settings `allow` and `deny`, lists of codes or\n  \
names; `deny = warnings` means all warnings.\n\
- `--allow` and `--deny` do so for one run. Without them, only errors make the check fail.\n\
- `--format json`, `ndjson` and `sarif` are for programs; `spelunk help SPL103` shows what stands here.\n\n\
| code | name | severity | finds |\n|---|---|---|---|\n",
    );
    for lint in lint::all() {
        let anchor = format!("{} {}", lint.code, lint.name).to_lowercase();
        let _ = writeln!(
            out,
            "| [{}](#{}) | {} | {} | {} |",
            lint.code,
            anchor.replace(' ', "-"),
            lint.name,
            severity(lint),
            lint.finds.replace('|', "\\|"),
        );
    }
    for lint in lint::all() {
        let _ = write!(
            out,
            "\n## {} {}\n\n{}: {}.\n\n{}\n\nFound in:\n\n{}\nNot found in:\n\n{}",
            lint.code,
            lint.name,
            capital(&severity(lint)),
            lint.finds,
            lint.why,
            block(lint.bad),
            block(lint.good),
        );
    }
    out
}

fn severity(lint: &Lint) -> String {
    match lint.by {
        LintInput::OnRequest(_) => format!("{}, only when denied", lint.severity.name()),
        LintInput::Look(_) | LintInput::Error(_) | LintInput::Fault(_) => {
            lint.severity.name().to_owned()
        }
    }
}

fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

fn block(example: &str) -> String {
    let kind = match example {
        _ if example.starts_with("name:") => "yaml",
        _ if example.starts_with(FILE) => "ini",
        _ => "spl",
    };
    format!("```{kind}\n{}\n```\n", example.trim_end())
}

#[test]
fn the_page_is_what_the_table_says() {
    let path = support::root().join("docs/lints.md");
    if std::env::var_os("UPDATE").is_some() {
        support::write(&path, page());
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/lints.md differs from the table; UPDATE=1 cargo test --release --test suite lints writes it"
    );
}

#[test]
fn codes_and_names_are_unique_and_sound() {
    let mut seen = BTreeSet::new();
    for lint in lint::all() {
        assert!(
            seen.insert(lint.code) && seen.insert(lint.name),
            "{}",
            lint.code
        );
        let digits = lint.code.strip_prefix("SPL").unwrap_or_default();
        assert!(
            digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()),
            "{}",
            lint.code
        );
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(lint.name.chars().all(plain), "{}", lint.name);
        assert!(
            !lint.finds.ends_with('.') && lint.why.ends_with(['.', ')']),
            "{}",
            lint.code
        );
        assert_eq!(lint::lint(lint.name).map(|l| l.code), Some(lint.code));
    }
}

/// Before the path of a file of an app, in the examples that are apps.
const FILE: &str = "# default/";

/// Writes the files of an example: each begins with a comment that is its path.
fn write_app(example: &str, app: &Path) {
    let mut path = app.to_owned();
    let mut text = String::new();
    for line in example.lines() {
        match line.strip_prefix("# ").filter(|name| name.contains('/')) {
            Some(name) => {
                if !text.is_empty() {
                    support::write(&path, std::mem::take(&mut text));
                }
                path = app.join(name);
            }
            None => text += &format!("{line}\n"),
        }
    }
    support::write(&path, text);
}

fn check(example: &str, rules: &Rules) -> CheckReport {
    let dir = support::folder();
    let mut options = support::options(dir.path());
    if example.starts_with(FILE) {
        let app = dir.path().join("app");
        write_app(example, &app);
        options.apps.push(app);
        let session = Session::open(options).expect("a session opens");
        return session.check_knowledge(rules).expect("it can be checked");
    }
    let session = Session::open(options).expect("a session opens");
    let what = if example.starts_with("name:") {
        let path = dir.path().join("example.yml");
        support::write(&path, example);
        path.display().to_string()
    } else {
        example.to_owned()
    };
    session
        .check(&[what], &[], rules)
        .expect("the example is there")
}

#[test]
fn examples_show_what_is_found_and_what_is_not() {
    for lint in lint::all() {
        let mut rules = Rules::default();
        if matches!(lint.by, LintInput::OnRequest(_)) {
            rules
                .deny(&[lint.code.to_owned()])
                .expect("the lint is known");
        }
        let bad = check(lint.bad, &rules);
        let found = bad.counts();
        assert!(
            found.contains_key(lint.code),
            "{}: not found:\n{}",
            lint.code,
            bad.render(false)
        );
        let good = check(lint.good, &rules);
        let found = good.counts();
        assert!(
            !found.contains_key(lint.code) && good.is_ok(),
            "{}: found in the good example:\n{}",
            lint.code,
            good.render(false)
        );
    }
}

#[test]
fn what_is_found_is_shown_with_its_place() {
    let place = Place::new();
    place.write(
        "d/risk.yml",
        "name: Risk\nid: a\ntype: TTP\nsearch: \"| tstats count from datamodel=Endpoint.Processes\\\n  \\ where \
         Processes.process_name=a AND\n  Processes.process_name=b by Processes.dest\"\nrba:\n  message: On $host$\n  \
         risk_objects:\n  - field: dest\n    type: system\n    score: 5\n",
    );
    let run = place.run(&["check", "d"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for has in [
        "d/risk.yml:4:",
        "warning[SPL401]: this searches events that are not summarised, too",
        "d/risk.yml:6:3",
        "warning[SPL103]: `Processes.process_name` can't be `a` and `b` at once",
        "^^^^^^^^^^^^^^^^^^^^^^^^",
        "d/risk.yml:10:1",
        "warning[SPL206]: the field `dest` of a risk object is not in the results",
        "there are: Processes.dest, count",
        "d/risk.yml:8:1",
        "warning[SPL207]: `$host$` of the risk message",
        "1 checked: 0 fine, 1 with warnings, 0 unsupported, 0 wrong",
    ] {
        assert!(run.out.contains(has), "{has}:\n{}", run.out);
    }
}

#[test]
fn lints_are_switched_off_and_denied() {
    let place = Place::new();
    let bad = "index=main | where a=null";
    let found = |args: &[&str]| {
        let run = place.run(args);
        (run.code, run.out.contains("SPL105"))
    };
    assert_eq!(found(&["check", bad]), (Some(0), true));
    assert_eq!(found(&["check", bad, "--deny", "SPL105"]), (Some(1), true));
    assert_eq!(
        found(&["check", bad, "--deny", "compared-with-null"]),
        (Some(1), true)
    );
    assert_eq!(
        found(&["check", bad, "--deny", "warnings"]),
        (Some(1), true)
    );
    assert_eq!(found(&["check", bad, "--deny", "SPL402"]), (Some(0), true));
    assert_eq!(
        found(&["check", bad, "--allow", "SPL105"]),
        (Some(0), false)
    );
    let commented = format!("{bad} ```spelunk: allow SPL105 -- the field is called so```");
    assert_eq!(
        found(&["check", &commented, "--deny", "warnings"]),
        (Some(0), false)
    );
    place.write(
        "a.yml",
        format!("# spelunk: allow SPL105\nname: A\nid: a\nsearch: {bad}\n"),
    );
    place.write("b.yml", format!("name: B\nid: b\nsearch: {bad}\n"));
    assert_eq!(found(&["check", "a.yml"]), (Some(0), false));
    assert_eq!(found(&["check", "b.yml"]), (Some(0), true));
    place.write(
        "content/spelunk.conf",
        "[lint]\ndeny = compared-with-null\n",
    );
    assert_eq!(
        found(&["check", "b.yml", "--content", "content"]),
        (Some(1), true)
    );
    place.write(
        "content/spelunk.conf",
        "[lint]\nallow = compared-with-null\n",
    );
    assert_eq!(
        found(&["check", "b.yml", "--content", "content"]),
        (Some(0), false)
    );
    place
        .run(&["check", bad, "--deny", "compared-with-nul"])
        .fails(2, &["did you mean `compared-with-null`?"]);
    place.write("content/spelunk.conf", "[lint]\nallow = SPL999\n");
    place
        .run(&["check", bad, "--content", "content"])
        .says(&["spelunk.conf:2: [lint] allow: unknown lint `SPL999`"]);
}

#[test]
fn programs_read_what_is_found() {
    let place = Place::new();
    place.write(
        "b.yml",
        "name: B\nid: b\nsearch: |-\n  index=main\n  | where a=null\n",
    );
    let run = place.run(&["check", "b.yml", "--format", "ndjson"]);
    let row: Json = serde_json::from_str(run.out.trim()).expect("one object");
    assert_eq!(row["file"], "b.yml");
    assert_eq!(
        (&row["line"], &row["column"]),
        (&Json::from(5), &Json::from(11))
    );
    assert_eq!(row["code"], "SPL105");
    assert_eq!(row["text"], "a=null");
    assert_eq!(row["fails"], false);
    let run = place.run(&["check", "b.yml", "--format", "json"]);
    let rows: Json = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(rows[0]["lint"], "compared-with-null");
    let run = place.run(&["check", "b.yml", "--format", "sarif"]);
    let log: Json = serde_json::from_str(&run.out).expect("JSON");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "SPL105");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 5);
    place
        .run(&["check", "b.yml", "--format", "csv"])
        .fails(2, &["check writes text, json, ndjson or sarif"]);
}

#[test]
fn saved_searches_are_checked() {
    let place = Place::new();
    place.write(
        "app/default/savedsearches.conf",
        "[Nothing]\nsearch = index=main | where a=null\n[Fine]\nsearch = index=main | stats count\n",
    );
    for what in ["app", "app/default/savedsearches.conf"] {
        let run = place.run(&["check", what]);
        assert_eq!(run.code, Some(0), "{run:?}");
        for has in ["[Nothing]", "SPL105", "2 checked: 1 fine, 1 with warnings"] {
            assert!(run.out.contains(has), "{what}: {has}: {}", run.out);
        }
    }
}

#[test]
fn what_a_macro_brings_is_not_told() {
    let place = Place::new();
    place.write("macros/m.yml", "name: m\ndefinition: where a=null\n");
    let run = place.run(&["check", "index=main | `m`", "--macros", "macros"]);
    assert!(run.out.contains("1 checked: 1 fine"), "{}", run.out);
}

/// Lints that find something in every third detection would be read by nobody.
#[test]
fn published_detections_are_not_drowned() {
    let (Some(content), Some(detections)) = (shared("content"), shared("content/detections"))
    else {
        return;
    };
    let dir = support::folder();
    let mut options = support::options(dir.path());
    options.content = vec![content];
    let session = Session::open(options).expect("the content is read");
    let what = [detections.display().to_string()];
    let report = session
        .check(&what, &[], &Rules::default())
        .expect("the detections are there");
    say(&format!(
        "lints of published detections: {:?}",
        report.counts()
    ));
    for (code, count) in report.counts() {
        assert!(count <= 80, "{code} finds {count}");
    }
}
