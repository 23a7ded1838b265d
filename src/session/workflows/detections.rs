//! Runs detections one after the other, over rows from a shared scan.

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use crate::detect::selection::Selection;
use crate::detect::{self, DetectionResult};
use crate::error::Failure;
use crate::error::Result;
use crate::knowledge::detection::Detection;
use crate::session::large_stack::with_large_stack;
use crate::session::prepared::{Prepared, Times};
use crate::session::workflows::risk::{RiskBatch, RiskRetention};
use crate::session::{RunSummary, Session};

/// Which detections to run, and how.
#[derive(Clone, Debug, Default)]
pub struct RunChoice {
    /// Filters on the named detections.
    pub selection: Selection,
    /// Whether a saved search uses the time range of its schedule rather than all data.
    pub as_scheduled: bool,
    /// How to store the risk events.
    pub risk: RiskRetention,
    /// Whether each detection scans the data separately instead of sharing a scan.
    pub separately: bool,
}

/// Maximum number of results waiting for the consumer: some are large.
const AHEAD: usize = 1;

impl Session {
    /// Runs detections one after the other and passes on each result. Without any data, first replays the
    /// shipped data sets that the detections' tests name.
    ///
    /// Detections that read risk events run last: they see the risk of the others, and the stored risk of
    /// detections that did not run. Then the risk is written to the store, if the store was searched.
    ///
    /// # Errors
    /// If detections are missing, the data can't be read, or the user stopped the run; errors of a single
    /// detection are in its result.
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
        self.data()?;
        self.batch_mode.store(true, Ordering::Relaxed);
        let mut notices = self.take_data_notices();
        let (last, first): (Vec<_>, Vec<_>) = detections.into_iter().partition(detect::reads_risk);
        let mut made = RiskBatch::new(
            choice.risk,
            !last.is_empty() || self.keeps_risk(choice.risk),
        );
        let first: Vec<_> = first.into_iter().map(Arc::new).collect();
        let mut prepared = match choice.separately {
            true => Vec::new(),
            false => self.prepare_detections(&first, choice)?,
        };
        prepared.resize_with(first.len(), || None);
        notices.extend(self.run_ahead(&first, prepared, choice, &mut |result| {
            made.add(self, &result)?;
            each(&result);
            Ok(())
        })?);
        if !last.is_empty() {
            let with_risk = self.with_risk(&made)?;
            let session = with_risk.as_ref().unwrap_or(self);
            for detection in last.into_iter().map(Arc::new) {
                let result = session.run_one(&detection, None, choice, &mut notices)?;
                made.add(self, &result)?;
                each(&result);
            }
        }
        notices.extend(self.keep_risk(made));
        notices.sort();
        notices.dedup();
        Ok(RunSummary {
            searched: self.event_count(),
            elapsed: started.elapsed(),
            notices,
        })
    }

    fn prepare_detections(
        &self,
        detections: &[Arc<Detection>],
        choice: &RunChoice,
    ) -> Result<Vec<Option<Prepared>>> {
        let searches: Vec<_> = detections
            .iter()
            .map(|detection| (detection.search.as_str(), choice.times(detection)))
            .collect();
        self.prepare_batch(&searches)
    }

    /// Runs detections one after the other while earlier results are consumed; returns the notices.
    fn run_ahead(
        &self,
        detections: &[Arc<Detection>],
        prepared: Vec<Option<Prepared>>,
        choice: &RunChoice,
        take: &mut dyn FnMut(DetectionResult) -> Result<()>,
    ) -> Result<Vec<String>> {
        let (results, ran) = mpsc::sync_channel(AHEAD);
        thread::scope(|scope| {
            let run = move || {
                let mut notices = Vec::new();
                for (detection, prepared) in detections.iter().zip(prepared) {
                    let result = self.run_one(detection, prepared, choice, &mut notices)?;
                    if results.send(result).is_err() {
                        // The consumer failed and has reported it.
                        break;
                    }
                }
                Ok(notices)
            };
            let running = scope.spawn(|| with_large_stack(run));
            for result in ran {
                take(result)?;
            }
            let notices = running.join();
            notices.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn run_one(
        &self,
        detection: &Arc<Detection>,
        prepared: Option<Prepared>,
        choice: &RunChoice,
        notices: &mut Vec<String>,
    ) -> Result<DetectionResult> {
        let result = detect::run(detection, |spl| {
            let answer = match prepared {
                Some(prepared) => self.run_prepared(&prepared)?,
                None => self.search_between(spl, choice.times(detection))?,
            };
            notices.extend(answer.warnings.into_iter().map(|warning| warning.message));
            Ok(answer.rows)
        });
        self.check_cancelled()?;
        Ok(result)
    }
}

impl RunChoice {
    /// The time range of a detection.
    fn times<'d>(&self, detection: &'d Detection) -> Times<'d> {
        match self.as_scheduled {
            true => (detection.earliest.as_deref(), detection.latest.as_deref()),
            false => (None, None),
        }
    }
}
