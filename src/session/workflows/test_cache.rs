//! A cache of test results, keyed by everything they depend on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::detect::test::{Planned, TestResult, TestStatus};
use crate::error::{Error, Result};
use crate::session::Session;
use crate::store::write_atomic;

/// The cache file in the home folder.
const FILE: &str = "tests.json";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    status: String,
    reasons: Vec<String>,
    rows: usize,
    risk_events: usize,
    seconds: f64,
}

/// The results of earlier runs. A key is a hash of the detection's file, the program's version, the added
/// macros, lookups, baselines and apps, and the size and modification time of the data.
pub(in crate::session) struct TestCache {
    path: PathBuf,
    /// Whether to reuse earlier results; new ones are kept in any case.
    read: bool,
    knowledge: String,
    kept: Mutex<BTreeMap<String, Kept>>,
    /// Keys of the tests in this run, by detection and test.
    keys: Mutex<BTreeMap<(PathBuf, String, String), String>>,
}

impl TestCache {
    pub(in crate::session) fn open(session: &Session, read: bool) -> TestCache {
        let path = session.options.home.join(FILE);
        // An unreadable cache counts as empty.
        let kept = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        TestCache {
            path,
            read,
            knowledge: knowledge(session),
            kept: Mutex::new(kept),
            keys: Mutex::default(),
        }
    }

    /// The result of an earlier run with the same key.
    pub(in crate::session) fn find(&self, planned: &Planned) -> Option<TestResult> {
        let key = self.key(planned);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(&key).filter(|_| self.read).cloned();
        let detection = &planned.detection;
        let place = place(&detection.path, &detection.name, &planned.test.name);
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(place, key);
        let found = found?;
        Some(TestResult {
            rows: found.rows,
            risk_events: found.risk_events,
            seconds: found.seconds,
            cached: true,
            ..TestResult::new(
                &planned.detection,
                &planned.test.name,
                TestStatus::of(&found.status)?,
                found.reasons,
            )
        })
    }

    /// Keeps a result that would be the same next time.
    pub(in crate::session) fn keep(&self, result: &TestResult) {
        if !matches!(result.status, TestStatus::Passed | TestStatus::Failed) {
            return;
        }
        let detection = &result.detection;
        let place = place(&detection.path, &detection.name, &result.test);
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(key) = keys.get(&place) else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(
            key.clone(),
            Kept {
                status: result.status.name().to_owned(),
                reasons: result.reasons.clone(),
                rows: result.rows,
                risk_events: result.risk_events,
                seconds: result.seconds,
            },
        );
    }

    /// Writes the results atomically.
    pub(in crate::session) fn save(&self) -> Result<()> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|why| Error::file(folder, why))?;
        let text = serde_json::to_vec(&*kept).map_err(|why| Error::internal(why.to_string()))?;
        write_atomic(&self.path, &text)
    }

    fn key(&self, planned: &Planned) -> String {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(&self.knowledge);
        hash.update(format!("{:?}", planned.detection));
        hash.update(format!("{:?}{:?}", planned.test, planned.data));
        for data in &planned.data {
            hash.update(stamp(&data.path));
        }
        hex(&hash.finalize())
    }
}

fn place(path: &Path, name: &str, test: &str) -> (PathBuf, String, String) {
    (path.to_owned(), name.to_owned(), test.to_owned())
}

/// The state of all knowledge added to the shipped content, and of the program itself.
fn knowledge(session: &Session) -> String {
    let mut hash = Sha256::new();
    if let Ok(program) = std::env::current_exe() {
        hash.update(stamp(&program));
    }
    let options = &session.options;
    let contents = options
        .content
        .iter()
        .flat_map(|content| ["macros", "lookups", "baselines"].map(|folder| content.join(folder)));
    let folders = contents
        .chain(session.catalog.apps().iter().cloned())
        .chain(options.macros.iter().cloned());
    for folder in folders {
        stamps(&folder, &mut hash);
    }
    hash.update(format!(
        "{:?}{:?}{:?}{:?}",
        options.zone, options.earliest, options.latest, options.now
    ));
    hex(&hash.finalize())
}

fn stamps(folder: &Path, hash: &mut Sha256) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            stamps(&path, hash);
        } else {
            hash.update(stamp(&path));
        }
    }
}

/// Name, size and modification time of a file.
fn stamp(path: &Path) -> String {
    let meta = std::fs::metadata(path).ok();
    let changed = meta
        .as_ref()
        .and_then(|meta| meta.modified().ok())
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    format!(
        "{}:{}:{}",
        path.display(),
        meta.map_or(0, |meta| meta.len()),
        changed.map_or(0, |at| at.as_nanos())
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
