//! Many searches at once: detections run, searches checked.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::detect::check::CheckReport;
use crate::detect::selection::Selection;
use crate::detect::{self, DetectionResult, Failure};
use crate::error::{Error, Result};
use crate::knowledge::detection::Detection;
use crate::session::deep::deep;
use crate::session::{RunSummary, Session, failure};

/// Which detections are run, and how.
#[derive(Clone, Debug, Default)]
pub struct RunChoice {
    /// Which of those that are named.
    pub selection: Selection,
    /// Whether a saved search sees the time range of its schedule only, rather than all data.
    pub as_scheduled: bool,
}

impl Session {
    /// Parses, resolves and plans searches, detections and folders of them, without running them.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn check(&self, what: &[String]) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        for item in what {
            let looks_like_spl =
                item.contains(['|', '=', '`', ' ']) && !PathBuf::from(item).exists();
            if looks_like_spl {
                report.add(item.clone(), self.check_one(item));
                continue;
            }
            if item.ends_with(".spl") {
                let path = PathBuf::from(item);
                let text = std::fs::read_to_string(&path).map_err(|why| Error::file(&path, why))?;
                report.add(item.clone(), self.check_one(&text));
                continue;
            }
            for path in self.catalog.find_detections(item)? {
                let name = path.display().to_string();
                let outcome = Detection::load(&path)
                    .map_err(Failure::from)
                    .and_then(|d| self.check_one(&d.search));
                report.add(name, outcome);
            }
        }
        Ok(report)
    }

    fn check_one(&self, spl: &str) -> Result<(), Failure> {
        deep(|| {
            let compiled = self.compile(spl)?;
            self.plan(&compiled, &compiled.pipeline)
                .map(|_| ())
                .map_err(|error| failure(&compiled.context, error))
        })
    }

    /// Runs detections one after the other and hands on what each gave. Without data of any kind,
    /// the shipped data sets that the detections name as their tests are replayed first.
    ///
    /// # Errors
    /// Detections that are not there, data that can't be read, or that the user asked to stop;
    /// what is wrong with a single detection is in its result.
    pub fn run(
        &self,
        selectors: &[String],
        choice: &RunChoice,
        each: &mut dyn FnMut(&DetectionResult),
    ) -> Result<RunSummary, Failure> {
        let started = Instant::now();
        let mut detections = Vec::new();
        for selector in selectors {
            detections.extend(self.catalog.load_detections(selector)?);
        }
        let detections = choice.selection.choose(detections)?;
        self.replay_tests_into_empty_store(&detections)?;
        let data = self.data()?;
        self.many.store(true, Ordering::Relaxed);
        let mut notices = self.take_data_notices();
        for detection in detections.into_iter().map(Arc::new) {
            let times = if choice.as_scheduled {
                (detection.earliest.as_deref(), detection.latest.as_deref())
            } else {
                (None, None)
            };
            let result = detect::run(&detection, |spl| {
                let answer = self.search_between(spl, times)?;
                notices.extend(answer.notices);
                Ok(answer.rows)
            });
            self.check_cancelled()?;
            each(&result);
        }
        notices.sort();
        notices.dedup();
        Ok(RunSummary {
            searched: data.event_count(),
            elapsed: started.elapsed(),
            notices,
        })
    }
}
