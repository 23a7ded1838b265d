//! The threads of a replay: readers parse files, writers store the batches and summarise them.
//!
//! Full batches are handed over directly, without a queue, so memory stays bounded for any file size. A file
//! is committed only when it is completely written.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use polars::prelude::IntoLazy as _;

use crate::error::{Error, ErrorKind, Result, caught};
use crate::exec::Executor;
use crate::exec::scan::sources::{DataSources, EventPartition};
use crate::knowledge::shipped;
use crate::parallel::cores;
use crate::plan::context::QueryContext;
use crate::read::{self, Batch, Skipped};
use crate::session::ingest::index_time;
use crate::session::ingest::partitions::event_part;
use crate::session::ingest::replay::discover::{Source, WriteJobs};
use crate::session::ingest::replay::stats::Tally;
use crate::session::ingest::replay::stored_part;
use crate::session::{Progress, ReplaySummary, Session, lock};
use crate::store::{Damage, Rows, Store, Writer};

/// Interval between commits of finished files: a commit waits for the disk.
const BETWEEN_COMMITS: Duration = Duration::from_secs(1);

/// A batch on its way to the store.
struct WriteJob {
    unit: usize,
    place: (usize, usize),
    batch: Batch,
}

struct Work<'w, 's> {
    session: &'w Session,
    writer: &'w Writer<'s>,
    units: &'w [Vec<Source>],
    /// The number of unwritten batches per unit, plus one while the unit is being read.
    left: Vec<AtomicUsize>,
    next: AtomicUsize,
    stopped: AtomicBool,
    failure: Mutex<Option<Error>>,
    finished: Mutex<(Vec<PathBuf>, Instant)>,
    tally: Mutex<Tally>,
    /// Summarises the events, unless the knowledge is faulty.
    summarizer: &'w Summarizer,
    progress: Option<Arc<dyn Progress>>,
}

/// Replays units and commits them. Returns their statistics.
pub(super) fn replay(
    session: &Session,
    units: WriteJobs,
    writer: &Writer<'_>,
    summarizer: &Summarizer,
) -> Result<ReplaySummary> {
    let WriteJobs { units, missing } = units;
    let progress = session
        .progress
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let total = units.iter().flatten().map(|s| s.file.bytes).sum();
    if let Some(progress) = &progress {
        progress.start("replaying", Some(total));
    }
    let work = Work {
        session,
        writer,
        units: &units,
        left: units.iter().map(|_| AtomicUsize::new(1)).collect(),
        next: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
        failure: Mutex::default(),
        finished: Mutex::new((Vec::new(), Instant::now())),
        tally: Mutex::default(),
        summarizer,
        progress,
    };
    let cores = cores();
    thread::scope(|scope| {
        // No queue: batches are large, and a writer is soon free.
        let (sender, receiver) = sync_channel::<WriteJob>(0);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..cores {
            let receiver = Arc::clone(&receiver);
            let work = &work;
            scope.spawn(move || work.guarded(|| work.write(&receiver)));
        }
        for _ in 0..cores.min(units.len()) {
            let sender = sender.clone();
            let work = &work;
            scope.spawn(move || work.guarded(|| work.read(&sender)));
        }
    });
    if let Some(progress) = &work.progress {
        progress.finish();
    }
    if let Some(failure) = lock(&work.failure).take() {
        return Err(failure);
    }
    work.commit(true)?;
    let mut tally = std::mem::take(&mut *lock(&work.tally));
    missing.into_iter().for_each(|file| tally.skip(file));
    if let Some(why) = work.summarizer.refused() {
        tally.notice(why);
    }
    let summary = tally.summary();
    match Skipped::error(&summary.skipped) {
        Some(why) if summary.files == 0 => Err(why),
        Some(_) | None => Ok(summary),
    }
}

impl Work<'_, '_> {
    /// Runs the work of a thread; a failure stops the other threads too.
    fn guarded(&self, work: impl FnOnce() -> Result<()>) {
        // A panic in one thread must not block the others.
        let done = caught(work).unwrap_or_else(|panic| {
            Err(Error::internal(format!(
                "a thread of the replay failed: {panic}"
            )))
        });
        if let Err(why) = done {
            self.stopped.store(true, Ordering::SeqCst);
            lock(&self.failure).get_or_insert(why);
        }
    }

    /// Reads units until none is left.
    fn read(&self, sender: &SyncSender<WriteJob>) -> Result<()> {
        loop {
            let unit = self.next.fetch_add(1, Ordering::SeqCst);
            let Some(sources) = self.units.get(unit) else {
                return Ok(());
            };
            let mut whole = true;
            for (number, source) in sources.iter().enumerate() {
                whole &= self.read_source(source, unit, number, sender)?;
            }
            // If nothing of a source could be read, the unit's stored events stay.
            if whole {
                self.release(unit)?;
            }
        }
    }

    /// Reads a source. Returns false if nothing could be read.
    fn read_source(
        &self,
        source: &Source,
        unit: usize,
        number: usize,
        sender: &SyncSender<WriteJob>,
    ) -> Result<bool> {
        let mut count = 0;
        let mut sink = |batch: Batch| {
            self.session.check_cancelled()?;
            self.left[unit].fetch_add(1, Ordering::SeqCst);
            let place = (number, count);
            count += 1;
            let parcel = WriteJob { unit, place, batch };
            if self.stopped.load(Ordering::SeqCst) || sender.send(parcel).is_err() {
                return Err(Error::new(ErrorKind::Interrupted));
            }
            Ok(())
        };
        let mut seen = (0, 0);
        let mut tell = |at: read::Progress| {
            if let Some(progress) = &self.progress {
                progress.advance(at.bytes - seen.0, at.events - seen.1);
                seen = (at.bytes, at.events);
            }
        };
        let report = match shipped::file(&source.file.path) {
            Some(file) => read::read_bytes(
                &source.file.path.to_string_lossy(),
                file.bytes(),
                &source.options,
                &mut tell,
                &mut sink,
            )?,
            None => read::read_file(&source.file, &source.options, &mut tell, &mut sink)?,
        };
        let is_read = report.files > 0;
        lock(&self.tally).read(report);
        Ok(is_read)
    }

    /// Writes and summarises batches until no reader is left.
    fn write(&self, receiver: &Mutex<Receiver<WriteJob>>) -> Result<()> {
        loop {
            let parcel = lock(receiver).recv();
            let Ok(WriteJob { unit, place, batch }) = parcel else {
                return Ok(());
            };
            if self.stopped.load(Ordering::SeqCst) {
                // Received anyway, so that no reader blocks.
                continue;
            }
            let mut dropped = 0;
            let batches = index_time::apply(self.session, batch, &mut dropped)?;
            lock(&self.tally).dropped(dropped);
            for (part, batch) in batches.into_iter().enumerate() {
                lock(&self.tally).batch(&batch);
                // The parts of a batch split by rules are numbered within the batch's place.
                let place = (place.0, place.1 * 4096 + part);
                let rows = self.summarizer.rows_of(&batch);
                let key = self.writer.add(place, batch)?;
                if let Some((knowledge, rows)) = rows {
                    self.writer.add_rows(place, &key, knowledge, rows)?;
                }
            }
            self.release(unit)?;
        }
    }

    /// Marks one step of a unit as done; after the last one the unit can be committed.
    fn release(&self, unit: usize) -> Result<()> {
        if self.left[unit].fetch_sub(1, Ordering::SeqCst) > 1 {
            return Ok(());
        }
        let files = self.units[unit].iter().map(|s| s.file.path.clone());
        lock(&self.finished).0.extend(files);
        self.commit(false)
    }

    fn commit(&self, now: bool) -> Result<()> {
        let ready = {
            let mut finished = lock(&self.finished);
            if !now && finished.1.elapsed() < BETWEEN_COMMITS {
                return Ok(());
            }
            finished.1 = Instant::now();
            std::mem::take(&mut finished.0)
        };
        let committed = self.writer.commit(&ready)?;
        lock(&self.tally).committed(committed);
        Ok(())
    }
}

/// Builds data model rows from events.
pub(in crate::session) struct Summarizer {
    knowledge: String,
    context: QueryContext,
    refused: Mutex<Option<String>>,
}

impl Summarizer {
    /// A summarizer with the session's knowledge.
    ///
    /// # Errors
    /// If the session's time range is invalid.
    pub(in crate::session) fn new(session: &Session) -> Result<Summarizer> {
        let mut context = session.context()?;
        // All events are summarised, whatever the session's time range.
        (context.earliest, context.latest) = (None, None);
        context.warn_missing_fields = false;
        Ok(Summarizer {
            knowledge: session.knowledge()(),
            context,
            refused: Mutex::default(),
        })
    }

    /// The rows of every data set. Returns `None` if a rule or a model can't be applied; searches will report
    /// where.
    fn rows(&self, part: EventPartition) -> Option<(&str, Vec<Rows>)> {
        if lock(&self.refused).is_some() {
            return None;
        }
        let mut data = DataSources::default();
        data.events.push(part);
        match Executor::new(&self.context, &data).build_summaries() {
            Ok(rows) => Some((&self.knowledge, rows)),
            Err(why) => {
                lock(&self.refused).get_or_insert(format!(
                    "the data models were not summarised, searches will read the events: {why}"
                ));
                None
            }
        }
    }

    /// The rows of a batch for every data set, with the identifier of the knowledge.
    pub(in crate::session) fn rows_of(&self, batch: &Batch) -> Option<(&str, Vec<Rows>)> {
        self.rows(event_part(batch.clone(), None))
    }

    fn refused(&self) -> Option<String> {
        lock(&self.refused).clone()
    }
}

/// Summarises the store's sources whose summaries are missing or out of date. Returns how many.
pub(super) fn refresh_stale(
    session: &Session,
    store: &Store,
    writer: &Writer<'_>,
    summarizer: &Summarizer,
    notices: &mut Vec<String>,
) -> Result<u64> {
    let (summaries, _) = store.readable_summaries();
    let mut count = 0;
    for source in store.sources()? {
        if summaries.is_current(&source, Some(&summarizer.knowledge)) {
            continue;
        }
        session.check_cancelled()?;
        let mut whole = true;
        for (number, batch) in source.split().into_iter().enumerate() {
            let key = batch.key.clone();
            let mut part = stored_part(store, vec![batch.clone()])?;
            let lazy = part.frame.lazy;
            let Ok(Ok(frame)) = caught(|| lazy.collect()) else {
                // Searches read the remaining readable events.
                notices.extend(batch.damage().iter().map(Damage::notice));
                writer.discard(&key);
                whole = false;
                break;
            };
            part.frame.lazy = frame.lazy();
            part.stored.clear();
            match summarizer.rows(part) {
                Some((knowledge, rows)) => writer.add_rows((0, number), &key, knowledge, rows)?,
                None => whole = false,
            }
        }
        count += u64::from(whole);
    }
    if let Some(why) = summarizer.refused()
        && !notices.contains(&why)
    {
        notices.push(why);
    }
    writer.commit(&[])?;
    Ok(count)
}
