//! Tests of detections: the data in which each must match, and the fields that its rows must have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Result;
use crate::exec::frame::result::Rows;
use crate::knowledge::dataset;
use crate::knowledge::detection::{AttackData, Detection, DetectionTest};
use crate::knowledge::risk::message_fields;
use crate::knowledge::shipped;

/// The outcome of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestStatus {
    /// It returned rows with all fields.
    Passed,
    /// It returned no rows, or its rows lack fields.
    Failed,
    /// Its data is missing.
    Missing,
    /// The detection has no test, or asks for manual testing.
    Untested,
    /// It needs something unsupported.
    Refused,
    /// Its search or its data is wrong.
    Error,
}

impl TestStatus {
    /// `passed`, `failed`, `missing`, ...
    pub fn name(self) -> &'static str {
        match self {
            TestStatus::Passed => "passed",
            TestStatus::Failed => "failed",
            TestStatus::Missing => "missing",
            TestStatus::Untested => "untested",
            TestStatus::Refused => "refused",
            TestStatus::Error => "error",
        }
    }

    /// The status of that name.
    pub fn of(name: &str) -> Option<TestStatus> {
        [
            TestStatus::Passed,
            TestStatus::Failed,
            TestStatus::Missing,
            TestStatus::Untested,
            TestStatus::Refused,
            TestStatus::Error,
        ]
        .into_iter()
        .find(|status| status.name() == name)
    }
}

/// The result of one test of one detection.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// The detection.
    pub detection: Arc<Detection>,
    /// The test's name.
    pub test: String,
    /// The outcome.
    pub status: TestStatus,
    /// Why it failed, or why it did not run.
    pub reasons: Vec<String>,
    /// Number of rows.
    pub rows: usize,
    /// Number of risk events.
    pub risk_events: usize,
    /// The run time of the search, without reading the data.
    pub seconds: f64,
    /// Whether it was cached by an earlier run with the same search, knowledge and data.
    pub cached: bool,
    /// The expected places of missing data: paths, or references if no folder is given for them.
    pub missing: Vec<String>,
}

impl TestResult {
    /// A result without rows.
    pub fn new(
        detection: &Arc<Detection>,
        test: &str,
        status: TestStatus,
        reasons: Vec<String>,
    ) -> TestResult {
        TestResult {
            detection: Arc::clone(detection),
            test: test.to_owned(),
            status,
            reasons,
            rows: 0,
            risk_events: 0,
            seconds: 0.0,
            cached: false,
            missing: Vec::new(),
        }
    }
}

/// An available data file of a test, and the metadata of its events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TestData {
    /// The file.
    pub path: PathBuf,
    /// Their source.
    pub source: Option<String>,
    /// Their sourcetype.
    pub sourcetype: Option<String>,
    /// Their host.
    pub host: Option<String>,
    /// Their index.
    pub index: Option<String>,
}

/// A runnable test.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The detection.
    pub detection: Arc<Detection>,
    /// The test.
    pub test: DetectionTest,
    /// Its data.
    pub data: Vec<TestData>,
}

/// Plans a detection's tests: those that can run, and the results of those that can't. `not_fetched` has the
/// reasons why data could not be fetched.
pub fn plan(
    detection: &Arc<Detection>,
    roots: &[PathBuf],
    not_fetched: &BTreeMap<String, String>,
) -> (Vec<Planned>, Vec<TestResult>) {
    let (mut planned, mut ended) = (Vec::new(), Vec::new());
    if let Some(why) = &detection.broken {
        let why = vec![why.to_string()];
        ended.push(TestResult::new(detection, "", TestStatus::Error, why));
        return (planned, ended);
    }
    if let Some(why) = &detection.tags.manual_test {
        let why = vec![format!("to be tested by hand: {why}")];
        ended.push(TestResult::new(detection, "", TestStatus::Untested, why));
        return (planned, ended);
    }
    if detection.tests.is_empty() {
        let why = vec!["it has no test".to_owned()];
        ended.push(TestResult::new(detection, "", TestStatus::Untested, why));
    }
    for test in &detection.tests {
        if let Some(why) = by_hand(test) {
            let status = TestStatus::Untested;
            ended.push(TestResult::new(detection, &test.name, status, vec![why]));
            continue;
        }
        let mut missing = Vec::new();
        let mut reasons = Vec::new();
        let mut data = Vec::new();
        for wanted in &test.attack_data {
            match locate(wanted, &detection.path, roots) {
                Ok(path) => data.push(TestData {
                    path,
                    source: wanted.source.clone(),
                    sourcetype: wanted.sourcetype.clone(),
                    host: wanted.host.clone(),
                    index: wanted.custom_index.clone(),
                }),
                Err(absent) => {
                    missing.push(absent.path);
                    reasons.push(match not_fetched.get(&wanted.data) {
                        Some(why) => format!("{} could not be fetched: {why}", wanted.data),
                        None => absent.why,
                    });
                }
            }
        }
        if missing.is_empty() {
            planned.push(Planned {
                detection: Arc::clone(detection),
                test: test.clone(),
                data,
            });
        } else {
            ended.push(TestResult {
                missing,
                ..TestResult::new(detection, &test.name, TestStatus::Missing, reasons)
            });
        }
    }
    (planned, ended)
}

/// Why a test needs a person, or `None` if it runs by itself.
fn by_hand(test: &DetectionTest) -> Option<String> {
    let kind = test.test_type.as_deref()?;
    if kind.eq_ignore_ascii_case("unit") {
        return None;
    }
    Some(match &test.description {
        Some(why) => format!("to be tested by hand ({kind}): {}", why.trim()),
        None => format!("to be tested by hand: its test is {kind}"),
    })
}

/// Missing data.
struct Absent {
    /// The expected path.
    path: String,
    why: String,
}

/// The data's file, or why it is not available.
fn locate(wanted: &AttackData, beside: &Path, roots: &[PathBuf]) -> Result<PathBuf, Absent> {
    let Some(path) = dataset::locate(&wanted.data, beside, roots) else {
        let below = dataset::relative_path(&wanted.data);
        let expected = roots
            .first()
            .zip(below)
            .map(|(root, below)| into(root, &below));
        return Err(Absent {
            path: expected.map_or(wanted.data.clone(), |path| path.display().to_string()),
            why: format!("{} is not downloaded", wanted.data),
        });
    };
    if shipped::file(&path).is_none() && is_pointer(&path) {
        let path = path.display().to_string();
        let why = format!(
            "{path} is not downloaded: it is the pointer to a large file (git lfs pull fetches it)"
        );
        return Err(Absent { path, why });
    }
    Ok(path)
}

/// The path of a data set's file in a folder of data sets.
pub fn into(root: &Path, below: &Path) -> PathBuf {
    if root.ends_with("datasets") {
        root.join(below)
    } else {
        root.join("datasets").join(below)
    }
}

/// Whether a file is a Git LFS pointer rather than the file itself.
pub fn is_pointer(path: &Path) -> bool {
    use std::io::Read as _;
    const START: &[u8] = b"version https://git-lfs.github.com/spec/";
    let mut start = [0; START.len()];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok_and(|()| start == START)
}

/// Requirements that a detection's rows fail: rows at all, the fields of its risk objects, the fields of its
/// risk message.
pub fn complaints(detection: &Detection, rows: &Rows) -> Vec<String> {
    if rows.is_empty() {
        return vec!["no rows".to_owned()];
    }
    let names = rows.names();
    let lacks = |field: &str| -> Option<&'static str> {
        let Some(column) = names.iter().position(|name| *name == field) else {
            return Some("is not in the results");
        };
        let empty = (0..rows.len()).all(|row| rows.value(row, column).into_values().is_empty());
        empty.then_some("is empty in all rows")
    };
    let kind = detection.kind.as_deref().unwrap_or_default();
    if kind.eq_ignore_ascii_case("hunting") {
        return Vec::new();
    }
    let risk = detection.risk();
    let mut found: Vec<String> = risk
        .objects
        .iter()
        .filter_map(|object| {
            let lack = lacks(&object.field)?;
            Some(format!("the risk object `{}` {lack}", object.field))
        })
        .collect();
    let fields: BTreeSet<&str> = risk.messages().flat_map(message_fields).collect();
    for field in fields {
        if let Some(lack) = lacks(field) {
            found.push(format!("`${field}$` of the risk message {lack}"));
        }
    }
    found
}
