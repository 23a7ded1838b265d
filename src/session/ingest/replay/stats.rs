//! Statistics of a running replay.

use std::collections::BTreeMap;

use crate::read::{BadLines, Batch, ReadReport, Skipped};
use crate::session::ReplaySummary;
use crate::session::ingest::sources::span;
use crate::store::Committed;

/// Counts shared by all threads.
#[derive(Default)]
pub(super) struct Tally {
    files: u64,
    bytes: u64,
    events: u64,
    dropped: u64,
    span: Option<(i64, i64)>,
    sourcetypes: BTreeMap<String, u64>,
    models: BTreeMap<String, u64>,
    bad: Vec<BadLines>,
    skipped: Vec<Skipped>,
    notices: Vec<String>,
}

impl Tally {
    /// Counts a batch that goes into the store.
    pub fn batch(&mut self, batch: &Batch) {
        let rows = batch.frame.height() as u64;
        *self
            .sourcetypes
            .entry(batch.sourcetype.clone())
            .or_default() += rows;
        if let Some((earliest, latest)) = span(&batch.frame) {
            let (first, last) = self.span.unwrap_or((earliest, latest));
            self.span = Some((first.min(earliest), last.max(latest)));
        }
    }

    /// Counts events that index-time rules dropped.
    pub fn dropped(&mut self, events: u64) {
        self.dropped += events;
    }

    /// Counts a file that was read.
    pub fn read(&mut self, report: ReadReport) {
        self.files += report.files;
        self.bytes += report.bytes;
        self.bad.extend(report.bad);
        self.skipped.extend(report.skipped);
    }

    /// Counts a file that was not read.
    pub fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    /// Adds a notice, unless it is there already.
    pub fn notice(&mut self, text: String) {
        if !self.notices.contains(&text) {
            self.notices.push(text);
        }
    }

    /// Counts committed files.
    pub fn committed(&mut self, committed: Committed) {
        self.events += committed.events;
        for (dataset, rows) in committed.rows {
            *self.models.entry(dataset).or_default() += rows;
        }
    }

    /// The totals, in an order independent of thread timing.
    pub fn summary(mut self) -> ReplaySummary {
        self.bad
            .sort_by(|a, b| (&a.file, a.first).cmp(&(&b.file, b.first)));
        self.skipped.sort_by(|a, b| a.file.cmp(&b.file));
        ReplaySummary {
            events: self.events,
            files: self.files,
            bytes: self.bytes,
            dropped: self.dropped,
            span: self.span,
            sourcetypes: self.sourcetypes,
            models: self.models,
            bad: self.bad,
            skipped: self.skipped,
            elapsed: std::time::Duration::ZERO,
            notices: self.notices,
        }
    }
}
