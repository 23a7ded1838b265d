//! Runs what lies beside the project in `../shared`, where it is there: conformance cases,
//! published detections, real data. Where it is not, the tests say that they are skipped.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use spelunk::internal::is_refusal;
use spelunk::session::{ModelFile, RunChoice, Session, Stage};
use spelunk_spl::knowledge::detection::Detection;
use spelunk_spl::lint::allow::Rules;

use crate::support::{self, Row};
use crate::testing::{say, shared};

#[derive(Deserialize)]
struct Case {
    id: String,
    spl: String,
    input: Option<Vec<Row>>,
    datamodel: Option<Model>,
    lookups: Option<HashMap<String, String>>,
    macros: Option<Vec<Map<String, Json>>>,
    now: Option<f64>,
    expect: Option<Vec<Row>>,
    #[serde(default)]
    ordered: Option<bool>,
    #[serde(default)]
    exact: Option<bool>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Model {
    name: String,
    dataset: String,
    rows: Vec<Row>,
}

/// How a conformance case ended.
enum Ending {
    Passed,
    Unsupported,
    Failed(String),
}

fn session(case: &Case, dir: &Path) -> Result<Session, String> {
    let mut options = support::options(dir);
    options.now = case.now;
    if let Some(rows) = &case.input {
        let path = dir.join("events.ndjson");
        support::write(&path, support::lines(rows));
        options.data.push(path);
    }
    if let Some(model) = &case.datamodel {
        let path = dir.join("model.ndjson");
        support::write(&path, support::lines(&model.rows));
        options.models.push(ModelFile {
            model: model.name.clone(),
            dataset: model.dataset.clone(),
            path,
        });
    }
    if case.lookups.is_some() || case.macros.is_some() {
        let app = dir.join("app");
        let mut transforms = String::new();
        for (name, text) in case.lookups.iter().flatten() {
            support::write(&app.join("lookups").join(name), text);
            let stanza = name
                .rsplit_once('.')
                .map_or(name.as_str(), |(stem, _)| stem);
            transforms += &format!("[{stanza}]\nfilename = {name}\n\n");
        }
        support::write(&app.join("default/transforms.conf"), transforms);
        let mut macros = String::new();
        for stanza in case.macros.iter().flatten() {
            let text = |value: &Json| value.as_str().map_or(value.to_string(), str::to_owned);
            macros += &format!("[{}]\n", stanza.get("name").map(text).unwrap_or_default());
            for (key, value) in stanza.iter().filter(|(key, _)| *key != "name") {
                macros += &format!("{key} = {}\n", text(value));
            }
        }
        support::write(&app.join("default/macros.conf"), macros);
        options.apps.push(app);
    }
    Session::open(options).map_err(|e| e.to_string())
}

fn run(case: &Case) -> Ending {
    let dir = support::folder();
    let session = match session(case, dir.path()) {
        Ok(session) => session,
        Err(why) => return Ending::Failed(why),
    };
    let wanted_error = case.error.as_deref().filter(|e| !e.is_empty());
    match (session.search(&case.spl), wanted_error) {
        (Ok(answer), None) => {
            let rows = support::rows(&support::ndjson(&answer.rows));
            let expected = case.expect.as_deref().unwrap_or_default();
            let exact = case.exact.unwrap_or(false);
            if loosely_same(expected, &rows, case.ordered.unwrap_or(false), exact) {
                Ending::Passed
            } else {
                Ending::Failed(format!(
                    "expected:\n{}got:\n{}",
                    support::lines(expected),
                    support::lines(&rows)
                ))
            }
        }
        (Ok(_), Some(wanted)) => Ending::Failed(format!("should fail with `{wanted}`")),
        (Err(failure), wanted) => {
            let drawn = support::drawn(&failure);
            if wanted.is_some_and(|w| drawn.to_lowercase().contains(&w.to_lowercase())) {
                Ending::Passed
            } else if is_refusal(&failure.error) {
                Ending::Unsupported
            } else {
                Ending::Failed(drawn)
            }
        }
    }
}

/// The comparison of the cases' own runner: numbers and text that reads as one are equal by
/// value, JSON text by content, a list of one value and the value; other fields do not matter
/// unless `exact`.
fn loosely_same(expected: &[Row], actual: &[Row], ordered: bool, exact: bool) -> bool {
    let row = |e: &Row, a: &Row| {
        e.iter()
            .all(|(k, v)| loosely_equal(v, a.get(k).unwrap_or(&Json::Null)))
            && (!exact || a.iter().all(|(k, v)| v.is_null() || e.contains_key(k)))
    };
    if expected.len() != actual.len() {
        return false;
    }
    if ordered {
        return expected.iter().zip(actual).all(|(e, a)| row(e, a));
    }
    let mut left: Vec<&Row> = actual.iter().collect();
    expected.iter().all(|e| {
        let found = left.iter().position(|a| row(e, a));
        found.map(|at| left.remove(at)).is_some()
    })
}

fn loosely_equal(expected: &Json, actual: &Json) -> bool {
    let (a, b) = (simple(expected), simple(actual));
    match (&a, &b) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| loosely_equal(a, b))
        }
        (Json::Number(a), Json::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= (1e-6 * a.abs().max(b.abs())).max(1e-9),
            _ => false,
        },
        (Json::String(x), Json::String(y)) if x.starts_with(['{', '[']) => {
            let parse = |t: &str| serde_json::from_str::<Json>(t);
            x == y || matches!((parse(x), parse(y)), (Ok(x), Ok(y)) if x == y)
        }
        _ => a == b,
    }
}

/// A value with the differences removed that do not count.
fn simple(value: &Json) -> Json {
    match value {
        Json::Array(items) if items.is_empty() => Json::Null,
        Json::Array(items) if items.len() == 1 => simple(&items[0]),
        Json::Array(items) => Json::Array(items.iter().map(simple).collect()),
        Json::Bool(b) => Json::String(if *b { "True" } else { "False" }.to_owned()),
        Json::String(text) => match text.trim().parse::<f64>() {
            Ok(n) if n.is_finite() => serde_json::json!(n),
            _ => value.clone(),
        },
        Json::Null | Json::Number(_) | Json::Object(_) => value.clone(),
    }
}

#[test]
fn conformance_cases_pass_unless_a_command_is_not_there_yet() {
    let Some(dir) = shared("conformance") else {
        return;
    };
    let mut cases: Vec<(String, Case)> = Vec::new();
    for entry in std::fs::read_dir(dir).expect("the cases can be read") {
        let path = entry.expect("the cases can be read").path();
        if path.extension().is_none_or(|e| e != "yml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a case file can be read");
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let read: Vec<Case> = support::yaml(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        cases.extend(read.into_iter().map(|case| (name.clone(), case)));
    }
    let next = AtomicUsize::new(0);
    let (passed, unsupported) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((file, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match run(case) {
                        Ending::Passed => passed.fetch_add(1, Ordering::Relaxed),
                        Ending::Unsupported => unsupported.fetch_add(1, Ordering::Relaxed),
                        Ending::Failed(why) => {
                            let mut failed = failed.lock().expect("no thread panics");
                            failed.push(format!("== {file} {}\n{}\n{why}", case.id, case.spl));
                            0
                        }
                    };
                }
            });
        }
    });
    let mut failed = failed.into_inner().expect("no thread panicked");
    failed.sort();
    say(&format!(
        "conformance: {} passed, {} need what is not there yet, {} failed",
        passed.into_inner(),
        unsupported.into_inner(),
        failed.len()
    ));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_detection_finds_the_one_attack_in_real_logs() {
    let Some(path) = shared("data/attack_data/T1047/attack_data.tar.gz") else {
        return;
    };
    let dir = support::folder();
    let mut options = support::options(dir.path());
    options.data.push(path);
    let session = Session::open(options).expect("a session opens");
    let mut found = Vec::new();
    let summary = session
        .run(
            &["remote_process_instantiation_via_wmi".to_owned()],
            &RunChoice::default(),
            &mut |result| {
                let rows = result
                    .rows
                    .as_ref()
                    .map(support::ndjson)
                    .unwrap_or_default();
                found.extend(support::rows(&rows));
            },
        )
        .unwrap_or_else(|failure| panic!("{}", support::drawn(&failure)));
    assert_eq!(summary.searched, 8220);
    assert_eq!(found.len(), 1, "{}", support::lines(&found));
    let is = |field: &str, value: &str| assert_eq!(found[0][field], value, "{field}");
    is("dest", "win-dc-6178966.attackrange.local");
    is(
        "process",
        "wmic  /node:\"127.0.0.1\" process call create notepad.exe ",
    );
    is("parent_process_name", "cmd.exe");
}

#[test]
fn all_published_searches_print_and_parse_to_the_same_plan() {
    let Some(content) = shared("content") else {
        return;
    };
    let dir = support::folder();
    let mut options = support::options(dir.path());
    options.content.push(content.clone());
    let session = Session::open(options).expect("a session opens");
    let detections = content.join("detections").display().to_string();
    let found = session
        .catalog()
        .find_detections(&detections)
        .expect("the detections can be read");
    let mut wrong = Vec::new();
    for path in &found {
        let detection = Detection::load(path).expect("a detection can be read");
        let tree = |spl: &str| {
            // Templates of `foreach` and `map` stand in the tree as they are typed.
            let tree = session.explain(spl, Stage::Ast);
            tree.map(|tree| tree.split_whitespace().collect::<String>())
                .map_err(|failure| support::drawn(&failure))
        };
        let judged = support::printed(&session, &detection.search).and_then(|_| {
            let laid_out = support::laid_out(&detection.search)?;
            if tree(&detection.search)? != tree(&laid_out)? {
                return Err(format!("reads differently when laid out:\n{laid_out}"));
            }
            Ok(())
        });
        if let Err(why) = judged {
            wrong.push(format!("== {}\n{why}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        found.len(),
        wrong.join("\n")
    );
}

#[test]
fn all_published_searches_are_understood() {
    let Some(content) = shared("content") else {
        return;
    };
    let dir = support::folder();
    let mut options = support::options(dir.path());
    options.content.push(content.clone());
    let session = Session::open(options).expect("a session opens");
    let detections = content.join("detections").display().to_string();
    let report = session
        .check(&[detections], &[], &Rules::default())
        .expect("the detections can be read");
    let text = report.render(false);
    say(text.lines().last().unwrap_or_default());
    // Some searches use lookups and models that they say the user must bring.
    let theirs = [
        "error[SPL003]: unknown lookup ",
        "error[SPL004]: unknown data model ",
    ];
    let ours: Vec<&str> = text
        .lines()
        .filter(|l| l.starts_with("error") && !theirs.iter().any(|t| l.starts_with(t)))
        .collect();
    assert!(ours.is_empty(), "{}\n\n{text}", ours.join("\n"));
}
