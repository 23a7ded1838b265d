//! Runs the tests of detections, each data set in a session of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, mpsc};
use std::time::{Duration, Instant};

use crate::detect::selection::Selection;
use crate::detect::test::{self, Planned, TestData, TestResult, TestStatus};
use crate::detect::{self, Status};
use crate::error::Failure;
use crate::error::{Error, Result};
use crate::exec::scan::sources::DataSources;
use crate::knowledge::Catalog;
use crate::knowledge::detection::Detection;
use crate::parallel::cores;
use crate::read::{self, ReadReport};
use crate::session::ingest::partitions::PartitionBuilder;
use crate::session::ingest::sources::report_notices;
use crate::session::prepared::Prepared;
use crate::session::workflows::test_cache::TestCache;
use crate::session::{Options, Session, lock};

/// Which tests to run, and where their data is.
#[derive(Clone, Debug, Default)]
pub struct TestChoice {
    /// Filters on the detections.
    pub selection: Selection,
    /// Folders of data sets, in the layout of the public ones.
    pub attack_data: Vec<PathBuf>,
    /// Only detections that changed since this revision of their repository, or whose macros or lookups did.
    pub changed_since: Option<String>,
    /// Whether to reuse results of earlier runs if nothing changed.
    pub cache: bool,
    /// Where to download missing data from: a URL or a folder.
    pub fetch: Option<String>,
}

/// The summary of a run of tests.
#[derive(Debug)]
pub struct TestSummary {
    /// The number of tests.
    pub tests: usize,
    /// The number of detections selected, including unchanged ones.
    pub chosen: usize,
    /// Whether the user stopped the run.
    pub interrupted: bool,
    /// The run time.
    pub elapsed: Duration,
    /// Warnings and other notices.
    pub notices: Vec<String>,
}

impl Session {
    /// Runs the tests of detections and passes on each result, in no particular order.
    ///
    /// Tests on the same data share a session, which reads it once. Each session has a temporary store, so
    /// that the output of baselines is discarded.
    ///
    /// # Errors
    /// If detections are missing; errors of a single test are in its result.
    pub fn test(
        &self,
        selectors: &[String],
        choice: &TestChoice,
        each: &mut dyn FnMut(&TestResult),
    ) -> Result<TestSummary> {
        let started = Instant::now();
        let mut detections = Vec::new();
        for selector in selectors {
            detections.extend(self.catalog.load_detections(selector)?);
        }
        let is_baseline = |d: &Detection| {
            d.kind
                .as_deref()
                .is_some_and(|k| k.eq_ignore_ascii_case("baseline"))
        };
        detections.retain(|d| !is_baseline(d));
        let mut detections = choice.selection.choose(detections)?;
        let chosen = detections.len();
        if let Some(revision) = &choice.changed_since {
            detections = self.changed_since(revision, detections)?;
        }
        let not_fetched = match &choice.fetch {
            Some(base) => self.fetch(&detections, &choice.attack_data, base)?,
            None => BTreeMap::new(),
        };
        let baselines = self.baselines()?;
        let cache = TestCache::open(self, choice.cache);
        let mut notices = Vec::new();
        let mut groups: BTreeMap<Vec<TestData>, Vec<Planned>> = BTreeMap::new();
        let mut tests = 0;
        for detection in detections.into_iter().map(Arc::new) {
            let (planned, ended) = test::plan(&detection, &choice.attack_data, &not_fetched);
            tests += planned.len() + ended.len();
            ended.iter().for_each(&mut *each);
            for planned in planned {
                match cache.find(&planned) {
                    Some(result) => each(&result),
                    None => groups
                        .entry(planned.data.clone())
                        .or_default()
                        .push(planned),
                }
            }
        }
        let groups: Vec<_> = groups.into_iter().collect();
        let next = AtomicUsize::new(0);
        let workers = cores();
        let (sender, results) = mpsc::channel::<Result<TestResult, Vec<String>>>();
        let (next, groups, baselines) = (&next, &groups, &baselines);
        std::thread::scope(|scope| {
            for _ in 0..workers.min(groups.len()) {
                let sender = sender.clone();
                scope.spawn(move || {
                    while let Some((data, planned)) =
                        groups.get(next.fetch_add(1, Ordering::Relaxed))
                        && self.check_cancelled().is_ok()
                    {
                        self.test_group(data, planned, baselines, &sender);
                    }
                });
            }
            drop(sender);
            for result in results {
                match result {
                    Ok(result) => {
                        cache.keep(&result);
                        each(&result);
                    }
                    Err(told) => notices.extend(told),
                }
            }
        });
        cache.save()?;
        notices.sort();
        notices.dedup();
        Ok(TestSummary {
            tests,
            chosen,
            interrupted: self.check_cancelled().is_err(),
            elapsed: started.elapsed(),
            notices,
        })
    }

    /// Runs the tests on one data set.
    fn test_group(
        &self,
        data: &[TestData],
        planned: &[Planned],
        baselines: &[Arc<Detection>],
        sender: &mpsc::Sender<Result<TestResult, Vec<String>>>,
    ) {
        // The receiver is dropped only when the run is over.
        let tell = |result| {
            let _ = sender.send(result);
        };
        let session = match self.scratch_session(data) {
            Ok((session, told)) => {
                tell(Err(told));
                session
            }
            Err(why) => {
                for planned in planned {
                    let why = vec![why.to_string()];
                    let (detection, name) = (&planned.detection, &planned.test.name);
                    tell(Ok(TestResult::new(detection, name, TestStatus::Error, why)));
                }
                return;
            }
        };
        let wanted = |planned: &Planned| -> Vec<&Arc<Detection>> {
            let of_it = |names: &[String]| names.contains(&planned.detection.name);
            let wanted = baselines.iter().filter(|b| of_it(&b.tags.detections));
            wanted.collect()
        };
        // Output of a baseline may change the plans of searches, so they are planned after it.
        let (together, places): (Vec<_>, Vec<_>) = planned
            .iter()
            .enumerate()
            .filter(|(_, planned)| wanted(planned).is_empty())
            .map(|(at, planned)| ((planned.detection.search.as_str(), (None, None)), at))
            .unzip();
        let mut prepared: Vec<Option<Prepared>> = Vec::new();
        prepared.resize_with(planned.len(), || None);
        // Any error is reported by the search that causes it.
        let found = session.0.prepare_batch(&together).unwrap_or_default();
        for (at, search) in places.into_iter().zip(found) {
            prepared[at] = search;
        }
        for (planned, prepared) in planned.iter().zip(prepared) {
            if self.check_cancelled().is_err() {
                return;
            }
            let failed = wanted(planned).into_iter().filter_map(|baseline| {
                let failure = session.0.search(&baseline.search).err()?;
                Some(format!(
                    "the baseline `{}`: {}",
                    baseline.name, failure.error
                ))
            });
            let failed: Vec<String> = failed.collect();
            tell(Ok(if failed.is_empty() {
                session.0.test_one(planned, prepared)
            } else {
                let (detection, name) = (&planned.detection, &planned.test.name);
                TestResult::new(detection, name, TestStatus::Error, failed)
            }));
        }
    }

    fn test_one(&self, planned: &Planned, prepared: Option<Prepared>) -> TestResult {
        let Planned {
            detection, test, ..
        } = planned;
        let found = detect::run(detection, |spl| {
            let answer = match prepared {
                Some(prepared) => self.run_prepared(&prepared)?,
                None => self.search(spl)?,
            };
            Ok(answer.rows)
        });
        let rows = found.rows.as_ref();
        let mut reasons: Vec<String> = found.reason.iter().cloned().collect();
        let status = match found.status {
            // A tested detection should have its lookups and models, so the name is misspelt.
            Status::Refused if lacks(found.failure.as_ref()) => TestStatus::Error,
            Status::Refused => TestStatus::Refused,
            Status::Error => TestStatus::Error,
            Status::Rows | Status::Empty => {
                reasons.extend(
                    rows.map(|rows| test::complaints(detection, rows))
                        .unwrap_or_default(),
                );
                reasons.extend(
                    self.required_fields_missing(detection, rows.is_some_and(|r| !r.is_empty())),
                );
                match self.pass_condition(detection, test.pass_condition.as_deref()) {
                    Ok(None) => {}
                    Ok(Some(why)) => reasons.push(why),
                    Err(failure) => reasons.push(failure.error.to_string()),
                }
                if reasons.is_empty() {
                    TestStatus::Passed
                } else {
                    TestStatus::Failed
                }
            }
        };
        TestResult {
            detection: Arc::clone(detection),
            test: test.name.clone(),
            status,
            reasons,
            rows: rows.map_or(0, crate::exec::frame::result::Rows::len),
            risk_events: found.risk.len(),
            seconds: found.seconds,
            cached: false,
            missing: Vec::new(),
        }
    }

    /// The older format's condition on the rows: a second search that must return a row.
    fn pass_condition(
        &self,
        detection: &Detection,
        condition: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        let Some(condition) = condition.map(str::trim).filter(|c| !c.is_empty()) else {
            return Ok(None);
        };
        let words: String = condition.split_whitespace().collect();
        if words == "|statscount|wherecount>0" {
            return Ok(None);
        }
        let answer = self.search(&format!("{} {condition}", detection.search))?;
        Ok(answer
            .rows
            .is_empty()
            .then(|| format!("the pass condition `{condition}` gives no row")))
    }

    /// Required fields that neither the data model nor the events of the test have.
    fn required_fields_missing(&self, detection: &Detection, has_rows: bool) -> Vec<String> {
        let fields = &detection.tags.required_fields;
        if fields.is_empty() || !has_rows {
            return Vec::new();
        }
        let (in_models, plain): (Vec<&String>, Vec<&String>) = fields.iter().partition(|field| {
            field.contains('.') && {
                let dataset = field.split('.').next().unwrap_or_default();
                self.catalog
                    .models
                    .iter()
                    .any(|model| model.find(dataset).is_ok())
            }
        });
        let mut missing: Vec<&String> = in_models
            .into_iter()
            .filter(|field| {
                let (dataset, name) = field.split_once('.').unwrap_or_default();
                let mut of_models = self
                    .catalog
                    .models
                    .iter()
                    .filter_map(|m| m.find(dataset).ok());
                !of_models.any(|found| found.field(name).is_some())
            })
            .collect();
        // Fields of a model are also written without its name, so the result's fields count too.
        let counted: Vec<String> = plain
            .iter()
            .filter(|field| field.as_str() != "_time" && field.as_str() != "_raw")
            .enumerate()
            .map(|(at, field)| format!("count('{}') as c{at}", field.replace('\'', "")))
            .collect();
        if !counted.is_empty() && selection_reads_events(detection) {
            let spl = format!("search index=* | stats {}", counted.join(" "));
            if let Ok(answer) = self.search(&spl) {
                let names = answer.rows.names();
                let kept = plain
                    .iter()
                    .filter(|field| field.as_str() != "_time" && field.as_str() != "_raw");
                for (at, field) in kept.enumerate() {
                    let column = names.iter().position(|name| *name == format!("c{at}"));
                    let zero = column.is_none_or(|column| {
                        answer.rows.value(0, column).into_values().concat() == "0"
                    });
                    if zero {
                        missing.push(field);
                    }
                }
            }
        }
        missing
            .into_iter()
            .map(|field| format!("the required field `{field}` is not in the data"))
            .collect()
    }

    /// A session over this data with a temporary store.
    fn scratch_session(&self, data: &[TestData]) -> Result<(Scratch, Vec<String>)> {
        let home = tempfile::tempdir()
            .map_err(|why| Error::data(format!("there is no room for a test's store: {why}")))?;
        let mut parts = PartitionBuilder::new(&self.catalog.props);
        let mut read = ReadReport::default();
        for file in data {
            let options = read::Options {
                index: file.index.clone(),
                source: file.source.clone(),
                sourcetype: file.sourcetype.clone(),
                host: file.host.clone(),
                ..self.read_options()
            };
            read.add(self.read_into(&file.path, &options, &mut parts)?);
        }
        if let Some(why) = read.failure() {
            return Err(why);
        }
        let mut told = report_notices(&read, self.options.verbose);
        let mut found = DataSources::default();
        found.events = parts.finish()?;
        let mut catalog = Catalog::clone(&self.catalog);
        catalog.add_home(home.path());
        let session = Session {
            options: Options {
                home: home.path().to_owned(),
                data: Vec::new(),
                ..self.options.clone()
            },
            catalog: Arc::new(catalog),
            data: RwLock::new(Some(Arc::new(found))),
            registered: Default::default(),
            data_notices: Default::default(),
            left_out: Arc::default(),
            cancelled: self.cancelled.clone(),
            batch_mode: AtomicBool::new(true),
            progress: RwLock::default(),
        };
        told.extend(std::mem::take(&mut *lock(&self.data_notices)));
        Ok((Scratch(session, home), told))
    }

    /// The baselines of the content folders.
    fn baselines(&self) -> Result<Vec<Arc<Detection>>> {
        let mut found = Vec::new();
        for content in &self.options.content {
            let folder = content.join("baselines");
            if folder.is_dir() {
                let all = self.catalog.load_detections(&folder.to_string_lossy())?;
                found.extend(all.into_iter().map(Arc::new));
            }
        }
        Ok(found)
    }
}

/// A session, and the folder of its store, removed with it.
struct Scratch(
    Session,
    #[expect(dead_code, reason = "it removes the folder when dropped")] tempfile::TempDir,
);

/// Whether a search failed because a lookup or a data model is missing.
fn lacks(failure: Option<&Failure>) -> bool {
    failure.is_some_and(|failure| detect::lacks_knowledge(&failure.error))
}

/// Whether a search reads events rather than a data model.
fn selection_reads_events(detection: &Detection) -> bool {
    crate::detect::selection::models_of(detection).is_empty()
}
