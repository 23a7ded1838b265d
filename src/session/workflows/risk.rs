//! Risk events of a run of detections: searched by the later detections, and kept in the store.
//!
//! The store keeps the risk of each detection's last run, by the name of its saved search: another run
//! replaces it, even if it finds nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use indexmap::IndexMap;
use polars::prelude::DataFrame;
use sha2::{Digest as _, Sha256};

use crate::detect::{DetectionResult, Status, makes_risk, risk_index};
use crate::error::{Error, Result};
use crate::exec::frame::{Frame, polars_error};
use crate::exec::scan::sources::DataSources;
use crate::read::Batch;
use crate::session::Session;
use crate::session::ingest::partitions::PartitionBuilder;
use crate::session::ingest::replay::{Summarizer, stored_part};
use crate::store::{RISK_ORIGIN, Store, StoredSource, Writer};

/// Number of retries, and the delay before each, while another process writes to the store.
const PATIENCE: (u32, Duration) = (20, Duration::from_millis(250));

/// How to store the risk events of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RiskRetention {
    /// Replace those of the last run of the same detections.
    #[default]
    Replace,
    /// Add to the existing ones.
    Add,
    /// Do not store them.
    Forget,
}

/// The risk events of a run, by the name of the saved search. A detection that ran and found nothing has an
/// entry without frames.
pub(in crate::session) struct RiskBatch {
    keep: RiskRetention,
    /// Whether anything will read them.
    is_wanted: bool,
    by_search: IndexMap<String, Vec<DataFrame>>,
}

impl RiskBatch {
    /// An empty batch; it stays empty if nothing will read it.
    pub(in crate::session) fn new(keep: RiskRetention, is_wanted: bool) -> RiskBatch {
        RiskBatch {
            keep,
            is_wanted,
            by_search: IndexMap::new(),
        }
    }

    /// Adds the risk events of a detection that ran; the earlier ones of a failed detection stay.
    pub(in crate::session) fn add(
        &mut self,
        session: &Session,
        result: &DetectionResult,
    ) -> Result<()> {
        let ran = matches!(result.status, Status::Rows | Status::Empty);
        if !self.is_wanted || !ran || !makes_risk(&result.detection) {
            return Ok(());
        }
        let name = risk_index::search_name(&result.detection);
        let frames = self.by_search.entry(name).or_default();
        if result.risk.is_empty() {
            return Ok(());
        }
        let clock = session.context()?.clock;
        let table = risk_index::events(result, clock.now, clock.zone);
        let frame = Frame::from_table(table)?.lazy.collect();
        frames.push(frame.map_err(polars_error)?);
        Ok(())
    }

    /// Whether a source of the store contains risk that this run replaces.
    fn replaces(&self, source: &StoredSource) -> bool {
        self.keep != RiskRetention::Add
            && self.by_search.contains_key(&source.source)
            && is_origin_of(&source.origin, &source.source)
    }
}

impl Session {
    /// A session over the same data with the risk of a run. Returns `None` if the run changes nothing.
    pub(in crate::session) fn with_risk(&self, made: &RiskBatch) -> Result<Option<Session>> {
        if made.by_search.is_empty() {
            return Ok(None);
        }
        let now = self.data()?;
        let mut data = DataSources::default();
        if self.options.data.is_empty() {
            self.read_store(&mut data)?;
            let store = Store::open(&self.options.home);
            for part in std::mem::take(&mut data.events) {
                let (gone, left): (Vec<_>, Vec<_>) =
                    part.stored.iter().cloned().partition(|s| made.replaces(s));
                if gone.is_empty() {
                    data.events.push(part);
                } else if !left.is_empty() {
                    data.events.push(stored_part(&store, left)?);
                }
            }
        } else {
            data.events.clone_from(&now.events);
        }
        data.models.clone_from(&now.models);
        let mut parts = PartitionBuilder::new(&self.catalog.props);
        for (name, frames) in &made.by_search {
            for frame in frames {
                parts.push(batch(name, frame.clone(), PathBuf::new()));
            }
        }
        data.events.extend(parts.finish()?);
        Ok(Some(Session {
            options: self.options.clone(),
            catalog: Arc::clone(&self.catalog),
            data: RwLock::new(Some(Arc::new(data))),
            registered: Default::default(),
            data_notices: Default::default(),
            left_out: Arc::clone(&self.left_out),
            cancelled: self.cancelled.clone(),
            batch_mode: AtomicBool::new(self.batch_mode.load(Ordering::Relaxed)),
            progress: RwLock::default(),
        }))
    }

    /// Whether the risk of a run is kept: only in the store, and only if it was searched.
    pub(in crate::session) fn keeps_risk(&self, keep: RiskRetention) -> bool {
        let searched_store = self.options.data.is_empty() && self.options.models.is_empty();
        keep != RiskRetention::Forget && searched_store
    }

    /// Writes the risk of a run to the store, if the store was searched. Returns a failure as a notice,
    /// because the rows of the run are valid without it.
    pub(in crate::session) fn keep_risk(&self, made: RiskBatch) -> Option<String> {
        if !self.keeps_risk(made.keep) {
            return None;
        }
        let why = self.write_risk(made).err()?;
        Some(format!("the risk events were not kept: {why}"))
    }

    fn write_risk(&self, made: RiskBatch) -> Result<()> {
        let store = Store::open(&self.options.home);
        let sources = store.sources()?;
        let mut origins: BTreeSet<PathBuf> = sources
            .iter()
            .filter(|source| made.replaces(source))
            .map(|source| PathBuf::from(&source.origin))
            .collect();
        let is_new = |frames: &Vec<DataFrame>| !frames.is_empty();
        if origins.is_empty() && !made.by_search.values().any(is_new) {
            return Ok(());
        }
        let writer = self.patient_writer(&store)?;
        let summarizer = Summarizer::new(self)?;
        for (name, frames) in made.by_search {
            let origin = match made.keep {
                RiskRetention::Replace | RiskRetention::Forget => origin(&name),
                RiskRetention::Add => next_origin(&name, &sources),
            };
            for (number, frame) in frames.into_iter().enumerate() {
                self.check_cancelled()?;
                let batch = batch(&name, frame, origin.clone());
                let rows = summarizer.rows_of(&batch);
                let key = writer.add((0, number), batch)?;
                if let Some((knowledge, rows)) = rows {
                    writer.add_rows((0, number), &key, knowledge, rows)?;
                }
                origins.insert(origin.clone());
            }
        }
        let origins: Vec<PathBuf> = origins.into_iter().collect();
        writer.commit(&origins).map(|_| ())
    }

    /// The store's writer; waits for another process to finish writing.
    fn patient_writer<'s>(&self, store: &'s Store) -> Result<Writer<'s>> {
        let (times, pause) = PATIENCE;
        let mut failed: Result<Writer<'s>> = store.writer();
        for _ in 0..times {
            if failed.is_ok() {
                break;
            }
            self.check_cancelled()?;
            std::thread::sleep(pause);
            failed = store.writer();
        }
        failed
    }

    /// Deletes all events of the index `risk` from the store if `sure` confirms their number. Returns how
    /// many.
    ///
    /// # Errors
    /// If the store can't be read or written.
    pub fn clear_risk<E: From<Error>>(
        &self,
        sure: impl FnOnce(u64) -> Result<bool, E>,
    ) -> Result<u64, E> {
        let store = Store::open(&self.options.home);
        let mut sources = store.sources()?;
        sources.retain(|source| source.index == risk_index::INDEX);
        let events = sources.iter().map(|s| s.events).sum();
        if events == 0 || !sure(events)? {
            return Ok(0);
        }
        store.delete(&sources)?;
        Ok(events)
    }
}

fn batch(name: &str, frame: DataFrame, origin: PathBuf) -> Batch {
    Batch {
        source: name.to_owned(),
        sourcetype: risk_index::SOURCETYPE.to_owned(),
        host: Some(risk_index::HOST.to_owned()),
        index: risk_index::INDEX.to_owned(),
        origin,
        frame,
    }
}

/// The store's origin of a search's risk. A digest, because origins are treated as file paths.
fn origin(name: &str) -> PathBuf {
    let digest = Sha256::digest(name.as_bytes());
    let digest: String = digest[..12].iter().map(|b| format!("{b:02x}")).collect();
    PathBuf::from(format!("{RISK_ORIGIN}{digest}"))
}

/// Whether an origin belongs to a search's risk, including added runs.
fn is_origin_of(text: &str, name: &str) -> bool {
    let first = origin(name);
    let rest = text.strip_prefix(first.to_string_lossy().as_ref());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The next origin for adding risk to the existing one.
fn next_origin(name: &str, sources: &[StoredSource]) -> PathBuf {
    let first = origin(name);
    let number = sources
        .iter()
        .filter(|s| is_origin_of(&s.origin, name))
        .map(|s| s.origin.rsplit('-').next().and_then(|n| n.parse().ok()))
        .map(|number: Option<u64>| number.unwrap_or(1))
        .max();
    match number {
        None => first,
        Some(number) => PathBuf::from(format!("{}-{}", first.display(), number + 1)),
    }
}
