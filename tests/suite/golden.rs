//! Runs `tests/cases/**/*.yml`. `UPDATE=1` writes what the program gives into the files; `CASE=x`
//! runs only the cases whose file or id holds `x`.
//!
//! Each case runs several ways, and all must agree: on files in memory; without the rewrites of
//! the plan; through the store; and printed, for parsing what is printed must give the same search.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use spelunk::session::{Session, Stage};
use spelunk_spl::plan::tuning::Tuning;
use tempfile::TempDir;

use crate::golden_case::{self, Case, Entry, Setting};
use crate::support::{self, Row};

/// What a search gave.
#[derive(Clone, PartialEq)]
enum Outcome {
    Rows {
        columns: Vec<String>,
        rows: Vec<Row>,
    },
    Error(String),
}

/// The sessions of a setting.
struct Bench {
    _dir: TempDir,
    memory: Session,
    unoptimized: Session,
    forced: Session,
    store: Option<Session>,
}

impl Bench {
    fn new(setting: &Setting) -> Result<Bench, String> {
        let dir = support::folder();
        let options = setting.options(dir.path());
        let open = |options| Session::open(options).map_err(|e| e.to_string());
        let store = if setting.has_events() {
            let session = open(spelunk::session::Options {
                data: Vec::new(),
                ..options.clone()
            })?;
            session
                .replay(&options.data)
                .map_err(|e| format!("replay: {e}"))?;
            Some(session)
        } else {
            None
        };
        let tuned = |tuning| {
            open(spelunk::session::Options {
                tuning,
                ..options.clone()
            })
        };
        let (unoptimized, forced) = (tuned(Tuning::off())?, tuned(Tuning::forced())?);
        Ok(Bench {
            memory: open(options)?,
            unoptimized,
            forced,
            store,
            _dir: dir,
        })
    }
}

fn run(session: &Session, spl: &str) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| session.search(spl))) {
        Ok(Ok(answer)) => Outcome::Rows {
            columns: answer.rows.names().into_iter().map(str::to_owned).collect(),
            rows: support::rows(&support::ndjson(&answer.rows)),
        },
        Ok(Err(failure)) => Outcome::Error(support::drawn(&failure)),
        Err(_) => Outcome::Error("it panicked".to_owned()),
    }
}

/// What is wrong with an outcome.
fn difference(case: &Case, outcome: &Outcome) -> Option<String> {
    let mut text = String::new();
    match (&case.output, &case.error, outcome) {
        (Some(expected), None, Outcome::Rows { rows, columns }) => {
            if !support::same_rows(expected, rows, case.unordered) {
                let _ = write!(
                    text,
                    "expected:\n{}got:\n{}",
                    support::lines(expected),
                    support::lines(rows)
                );
            }
            if let Some(wanted) = &case.columns
                && wanted != columns
            {
                let _ = writeln!(text, "expected the columns {wanted:?}, got {columns:?}");
            }
        }
        (Some(expected), None, Outcome::Error(error)) => {
            let _ = write!(
                text,
                "expected:\n{}got\n{error}\n",
                support::lines(expected)
            );
        }
        (None, Some(wanted), Outcome::Error(error)) => {
            let trimmed = |t: &str| t.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            if !trimmed(error).contains(trimmed(wanted).trim_end()) {
                let _ = write!(text, "expected the error\n{wanted}\ngot\n{error}\n");
            }
        }
        (None, Some(wanted), Outcome::Rows { rows, .. }) => {
            let _ = write!(
                text,
                "expected the error\n{wanted}\ngot:\n{}",
                support::lines(rows)
            );
        }
        (Some(_), Some(_), _) | (None, None, _) => {
            text.push_str("a case has either `output` or `error`\n");
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Runs a case every way; what is wrong, and the outcome in memory when the ways agree.
fn check(case: &Case, bench: &Bench) -> (Option<String>, Outcome) {
    let outcome = run(&bench.memory, &case.spl);
    if let Some(text) = difference(case, &outcome) {
        return (Some(text), outcome);
    }
    let mut text = String::new();
    let mut other_way = |way: &str, session: &Session, spl: &str| {
        if let Some(difference) = difference(case, &run(session, spl)) {
            let _ = write!(text, "{way}:\n{difference}");
        }
    };
    if case.error.is_none() {
        other_way("with every rule off", &bench.unoptimized, &case.spl);
        other_way("with every rule forced", &bench.forced, &case.spl);
        if let Some(store) = &bench.store {
            other_way("through the store", store, &case.spl);
        }
        match support::printed(&bench.memory, &case.spl) {
            Ok(spl) => other_way(&format!("printed as\n  {spl}\n"), &bench.memory, &spl),
            Err(why) => text += &format!("does not print and parse: {why}\n"),
        }
    }
    if case.error.is_none() {
        match support::laid_out(&case.spl) {
            Ok(spl) => {
                let way = format!("laid out as\n{spl}");
                if let Some(difference) = difference(case, &run(&bench.memory, &spl)) {
                    let _ = write!(text, "{way}:\n{difference}");
                }
            }
            Err(why) => text += &format!("is not laid out: {why}\n"),
        }
    }
    for (stage, wanted, session) in [
        (Stage::Plan, &case.plan, &bench.memory),
        (Stage::Optimized, &case.optimized, &bench.memory),
        (Stage::Physical, &case.physical, &bench.forced),
    ] {
        let Some(wanted) = wanted else {
            continue;
        };
        let plan = session
            .explain(&case.spl, stage)
            .unwrap_or_else(|failure| support::drawn(&failure));
        if plan.trim_end() != wanted.trim_end() {
            text += &format!("expected the {stage:?} stage\n{wanted}\ngot\n{plan}\n");
        }
    }
    ((!text.is_empty()).then_some(text), outcome)
}

fn result_lines(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Rows { rows, .. } if rows.is_empty() => vec!["    output: []".to_owned()],
        Outcome::Rows { rows, .. } => std::iter::once("    output:".to_owned())
            .chain(rows.iter().map(|row| {
                let fields: Vec<String> = row
                    .iter()
                    .map(|(name, value)| format!("{}: {value}", serde_json::json!(name)))
                    .collect();
                format!("      - {{{}}}", fields.join(", "))
            }))
            .collect(),
        Outcome::Error(text) => std::iter::once("    error: |-".to_owned())
            .chain(
                text.lines()
                    .map(|line| format!("      {line}").trim_end().to_owned()),
            )
            .collect(),
    }
}

/// Runs a file's cases; how many, and what is wrong.
fn run_file(path: &Path, only: Option<&str>, update: bool) -> (usize, Vec<String>) {
    let name = path
        .strip_prefix(golden_case::folder())
        .unwrap_or(path)
        .display()
        .to_string();
    let entries = match golden_case::read(path) {
        Ok(entries) => entries,
        Err(why) => return (1, vec![format!("== {name}\n{why}\n")]),
    };
    let mut wrong = Vec::new();
    let mut benches: HashMap<String, Result<Bench, String>> = HashMap::new();
    let mut count = 0;
    for Entry { case, key } in &entries {
        let label = format!("{name} {}", case.id);
        if only.is_some_and(|only| !label.contains(only)) {
            continue;
        }
        count += 1;
        let bench = benches
            .entry(key.clone())
            .or_insert_with(|| Bench::new(&case.setting));
        let difference = match bench {
            Ok(bench) => {
                let (difference, outcome) = check(case, bench);
                if difference.is_some() && update {
                    let text = std::fs::read_to_string(path).expect("the file was read before");
                    support::write(
                        path,
                        golden_case::with_result(&text, &case.id, &result_lines(&outcome)),
                    );
                }
                difference
            }
            Err(why) => Some(why.clone()),
        };
        if let Some(text) = difference {
            wrong.push(format!("== {label}\n{}\n{text}", case.spl));
        }
    }
    (count, wrong)
}

#[test]
fn every_case_gives_its_rows_in_every_way() {
    let files: Vec<PathBuf> = golden_case::files();
    let only = std::env::var("CASE").ok();
    let update = std::env::var("UPDATE").is_ok_and(|v| v == "1");
    let next = AtomicUsize::new(0);
    let results = Mutex::new((0, Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (count, wrong) = run_file(path, only.as_deref(), update);
                    let mut results = results.lock().expect("no thread panics");
                    results.0 += count;
                    results.1.extend(wrong);
                }
            });
        }
    });
    let (count, mut wrong) = results.into_inner().expect("no thread panicked");
    wrong.sort();
    assert!(count > 0, "no case was run");
    assert!(
        wrong.is_empty(),
        "{} of {count} cases differ\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
