//! Loads the data to search: given files, the store, given data model rows.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use polars::prelude::{DataFrame, DataType};

use crate::error::{Error, ErrorKind, Result};
use crate::exec::scan::sources::{DataSources, EventPartition};
use crate::knowledge::shipped;
use crate::read::{self, BadLines, Batch, ReadReport, Skipped};
use crate::session::ingest::partitions::PartitionBuilder;
use crate::session::ingest::replay::ReplayOptions;
use crate::session::ingest::{index_time, line_breaking, parquet_source};
use crate::session::{Progress, Session, lock};

impl Session {
    /// The data, read on the first call.
    ///
    /// # Errors
    /// If files are missing or no data can be read.
    pub(crate) fn data(&self) -> Result<Arc<DataSources>> {
        let known = || self.data.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = known().clone() {
            return Ok(data);
        }
        let data = Arc::new(self.read_data()?);
        let mut known = self.data.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.get_or_insert(data)))
    }

    /// The number of events to search; 0 until they are read.
    pub(in crate::session) fn event_count(&self) -> u64 {
        let known = self.data.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map_or(0, |data| data.event_count())
    }

    fn read_data(&self) -> Result<DataSources> {
        let mut data = DataSources::default();
        if self.options.data.is_empty() {
            self.read_store(&mut data)?;
        } else {
            self.read_files(&mut data)?;
        }
        data.events.extend(lock(&self.registered).iter().cloned());
        for file in &self.options.models {
            let known = self.catalog.models.find(&file.model);
            if let Err(why) = known.and_then(|model| model.find(&file.dataset)) {
                // Rows of an undefined data model can be searched, too.
                let hints: String = why.hints.iter().map(|hint| format!("; {hint}")).collect();
                let (model, dataset) = (&file.model, &file.dataset);
                lock(&self.data_notices).push(format!("--model {model}.{dataset}: {why}{hints}"));
            }
            let (part, notices) = self.model_part(file)?;
            lock(&self.data_notices).extend(notices);
            data.models.push(part);
        }
        Ok(data)
    }

    /// The read options: the session's zone, clock and configuration.
    pub(in crate::session) fn read_options(&self) -> read::Options {
        read::Options {
            zone: self.options.zone,
            now: (self.now() * 1e6) as i64,
            rules: Some(line_breaking::finder(&self.catalog)),
            ..read::Options::default()
        }
    }

    /// Adds events in memory to the data of later searches. Returns their number.
    ///
    /// # Errors
    /// If nothing of the bytes can be read.
    pub fn register_events(
        &self,
        name: &str,
        bytes: &[u8],
        metadata: &ReplayOptions,
    ) -> Result<u64> {
        let options = metadata.over(&self.read_options(), None, None);
        let mut parts = PartitionBuilder::new(&self.catalog.props);
        let mut dropped = 0;
        let mut sink = |batch| self.take_batch(batch, &mut parts, &mut dropped);
        let report = read::read_bytes(name, bytes, &options, &mut |_| (), &mut sink)?;
        self.tell_dropped(dropped);
        lock(&self.data_notices).extend(report_notices(&report, self.options.verbose));
        self.register(parts.finish()?);
        Ok(report.events)
    }

    /// Adds the events of files and folders to the data of later searches. Returns their number.
    ///
    /// # Errors
    /// If a path is missing, or nothing of it can be read.
    pub fn register_files(&self, paths: &[PathBuf]) -> Result<u64> {
        let watch = Watch::new(self, "reading");
        let mut parts = PartitionBuilder::new(&self.catalog.props);
        let report = self.read_watched(paths, &self.read_options(), &mut parts, &watch);
        watch.finish();
        let report = report?;
        lock(&self.data_notices).extend(report_notices(&report, self.options.verbose));
        self.register(parts.finish()?);
        Ok(report.events)
    }

    /// Adds events to the data, which the next search reads again.
    fn register(&self, parts: Vec<EventPartition>) {
        lock(&self.registered).extend(parts);
        *self.data.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn read_files(&self, data: &mut DataSources) -> Result<()> {
        let left_out = lock(&self.left_out).clone();
        if let Some((parts, skipped)) =
            parquet_source::events(&self.options.data, &self.catalog, &left_out)
        {
            lock(&self.data_notices).extend(unread(&[], &skipped, self.options.verbose));
            data.events = parts;
            return Ok(());
        }
        let options = self.read_options();
        let watch = Watch::new(self, "reading");
        let mut parts = PartitionBuilder::new(&self.catalog.props);
        let report = self.read_watched(&self.options.data, &options, &mut parts, &watch);
        watch.finish();
        lock(&self.data_notices).extend(report_notices(&report?, self.options.verbose));
        data.events = parts.finish()?;
        Ok(())
    }

    /// Reads one file, possibly a shipped one, into `parts`, without reporting progress. If nothing in it can
    /// be read, the report says so.
    pub(in crate::session) fn read_into(
        &self,
        path: &Path,
        options: &read::Options,
        parts: &mut PartitionBuilder<'_>,
    ) -> Result<ReadReport> {
        let mut dropped = 0;
        let mut sink = |batch| self.take_batch(batch, parts, &mut dropped);
        let report = match shipped::file(path) {
            Some(file) => {
                let name = path.to_string_lossy();
                read::read_bytes(&name, file.bytes(), options, &mut |_| (), &mut sink)
            }
            None => read::list(path).and_then(|listing| {
                let mut report = ReadReport {
                    skipped: listing.skipped,
                    ..ReadReport::default()
                };
                for file in &listing.files {
                    report.add(read::read_file(file, options, &mut |_| (), &mut sink)?);
                }
                Ok(report)
            }),
        };
        self.tell_dropped(dropped);
        report
    }

    fn read_watched(
        &self,
        paths: &[PathBuf],
        options: &read::Options,
        parts: &mut PartitionBuilder<'_>,
        watch: &Watch,
    ) -> Result<ReadReport> {
        let mut dropped = 0;
        let report = read::read_paths(paths, options, &mut |p| watch.tell(&p), &mut |batch| {
            self.take_batch(batch, parts, &mut dropped)
        });
        self.tell_dropped(dropped);
        report
    }

    fn take_batch(
        &self,
        batch: Batch,
        parts: &mut PartitionBuilder<'_>,
        dropped: &mut u64,
    ) -> Result<()> {
        self.check_cancelled()?;
        let batches = index_time::apply(self, batch, dropped)?;
        batches.into_iter().for_each(|batch| parts.push(batch));
        Ok(())
    }

    /// Adds a notice if index-time rules dropped events.
    fn tell_dropped(&self, events: u64) {
        if events > 0 {
            lock(&self.data_notices).push(dropped(events));
        }
    }

    /// Takes the notices on the data that have not been returned with a result yet.
    pub fn take_data_notices(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.data_notices))
    }

    pub(in crate::session) fn check_cancelled(&self) -> Result<()> {
        if lock(&self.cancelled.0).load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Interrupted));
        }
        Ok(())
    }
}

/// Converts progress to increments.
struct Watch {
    progress: Option<Arc<dyn Progress>>,
    seen: std::cell::Cell<(u64, u64)>,
    started: std::cell::Cell<bool>,
    what: String,
}

impl Watch {
    fn new(session: &Session, what: &str) -> Watch {
        Watch {
            progress: session
                .progress
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            seen: std::cell::Cell::new((0, 0)),
            started: std::cell::Cell::new(false),
            what: what.to_owned(),
        }
    }

    fn tell(&self, at: &read::Progress) {
        let Some(progress) = &self.progress else {
            return;
        };
        if !self.started.replace(true) {
            progress.start(&self.what, (at.total > 0).then_some(at.total));
        }
        let (bytes, events) = self.seen.replace((at.bytes, at.events));
        progress.advance(
            at.bytes.saturating_sub(bytes),
            at.events.saturating_sub(events),
        );
    }

    fn finish(&self) {
        if let Some(progress) = &self.progress {
            progress.finish();
        }
    }
}

/// The notice that index-time rules dropped events.
pub(in crate::session) fn dropped(events: u64) -> String {
    format!("{events} events were dropped: TRANSFORMS rules sent them to nullQueue")
}

/// Minimum and maximum of `_time`, in microseconds since 1970 UTC.
pub(in crate::session) fn span(frame: &DataFrame) -> Option<(i64, i64)> {
    let times = frame.column("_time").ok()?.cast(&DataType::Int64).ok()?;
    let times = times.i64().ok()?;
    times.iter().flatten().fold(None, |span, time| {
        let (first, last) = span.unwrap_or((time, time));
        Some((first.min(time), last.max(time)))
    })
}

/// Lines reported per file, unless all are requested.
const LINES: usize = 2;

/// The parts that a reader could not read, one line each.
pub(in crate::session) fn report_notices(report: &ReadReport, all: bool) -> Vec<String> {
    unread(&report.bad, &report.skipped, all)
}

/// Unreadable files, one line each; unreadable places in files, one line per reason; and last the files that
/// contain no data. Unless `all` is set, many lines of a kind are summed up in one.
pub(in crate::session) fn unread(bad: &[BadLines], skipped: &[Skipped], all: bool) -> Vec<String> {
    let (unknown, damaged): (Vec<&Skipped>, _) = skipped.iter().partition(|file| file.is_unknown);
    let mut lines: Vec<String> = damaged.into_iter().map(skip).collect();
    for of_file in bad.chunk_by(|a, b| a.file == b.file) {
        let (said, summed) = match of_file.len() {
            n if n > LINES && !all => of_file.split_at(LINES - 1),
            n => of_file.split_at(n),
        };
        lines.extend(said.iter().map(places));
        if let Some(first) = summed.first() {
            let others = match summed.len() {
                2 => "1 other reason".to_owned(),
                n => format!("{} other reasons", n - 1),
            };
            lines.push(places(&BadLines {
                count: summed.iter().map(|bad| bad.count).sum(),
                why: format!("{}, and {others}", first.why),
                ..first.clone()
            }));
        }
    }
    match unknown.as_slice() {
        [first, _, ..] if !all => lines.push(format!(
            "{} files of no known format were skipped, the first is {}",
            unknown.len(),
            first.file.display()
        )),
        unknown => lines.extend(unknown.iter().map(|file| skip(file))),
    }
    lines
}

fn skip(skipped: &Skipped) -> String {
    let line = match skipped.line {
        0 => String::new(),
        line => format!("line {line}: "),
    };
    format!("{}: skipped: {line}{}", skipped.file.display(), skipped.why)
}

fn places(bad: &BadLines) -> String {
    let places = if bad.count == 1 { "place" } else { "places" };
    let first = match bad.first {
        0 => String::new(),
        first => format!(", the first at {} {first}", bad.unit),
    };
    format!(
        "{}: {} {places} could not be read{first}: {}",
        bad.file.display(),
        bad.count,
        bad.why
    )
}
