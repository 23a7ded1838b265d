//! Writes logs into the store, and reads the store back.

mod discover;
mod stats;
mod workers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use indexmap::IndexMap;

use crate::error::{Error, ErrorKind, Result};
use crate::exec::frame::Frame;
use crate::exec::scan::sources::{DataSources, EventPartition, StoreSnapshot};
use crate::knowledge::dataset;
use crate::knowledge::detection::Detection;
use crate::knowledge::shipped;
use crate::read;
use crate::session::ingest::partitions::MIN_ROWS;
use crate::session::ingest::replay::discover::{Source, WriteJobs};
use crate::session::{ReplaySummary, Session, lock};
use crate::store::{Damage, Store, StoredSource};

pub(in crate::session) use crate::session::ingest::replay::workers::Summarizer;

/// Metadata of all events that are replayed or registered, overriding that of files and descriptions.
#[derive(Clone, Debug, Default)]
pub struct ReplayOptions {
    /// The index; without it, as the data says, or `main`.
    pub index: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// The sourcetype.
    pub sourcetype: Option<String>,
    /// The host.
    pub host: Option<String>,
}

impl ReplayOptions {
    /// The read options with this metadata; `sourcetype` and `source` apply where it has none.
    pub(in crate::session) fn over(
        &self,
        plain: &read::Options,
        sourcetype: Option<&String>,
        source: Option<&String>,
    ) -> read::Options {
        read::Options {
            index: self.index.clone(),
            source: self.source.as_ref().or(source).cloned(),
            sourcetype: self.sourcetype.as_ref().or(sourcetype).cloned(),
            host: self.host.clone(),
            ..plain.clone()
        }
    }
}

impl Session {
    /// Writes logs into the store and builds their data model summaries: files, folders, archives, and the
    /// files that data set descriptions (YAML) name. Replaying a file again replaces its events in the store.
    ///
    /// # Errors
    /// If files can't be read or the store can't be written; the previous contents stay.
    pub fn replay(&self, paths: &[PathBuf]) -> Result<ReplaySummary> {
        self.replay_as(paths, &ReplayOptions::default())
    }

    /// As [`Session::replay`], with metadata for all events.
    ///
    /// # Errors
    /// As [`Session::replay`].
    pub fn replay_as(&self, paths: &[PathBuf], options: &ReplayOptions) -> Result<ReplaySummary> {
        let units = WriteJobs::find(self, paths, options)?;
        self.replay_units(units)
    }

    fn replay_units(&self, units: WriteJobs) -> Result<ReplaySummary> {
        let started = Instant::now();
        let store = Store::open(&self.options.home);
        let writer = store.writer()?;
        let summarizer = Summarizer::new(self)?;
        let mut summary = workers::replay(self, units, &writer, &summarizer)?;
        workers::refresh_stale(self, &store, &writer, &summarizer, &mut summary.notices)?;
        summary.notices.extend(self.take_data_notices());
        summary.elapsed = started.elapsed();
        Ok(summary)
    }

    /// The number of rows in the store's summaries, by data set (`Endpoint.Processes`).
    ///
    /// # Errors
    /// If the store can't be read.
    pub fn summarised_rows(&self) -> Result<BTreeMap<String, u64>> {
        let (summaries, _) = Store::open(&self.options.home).readable_summaries();
        let rows = summaries
            .datasets()
            .into_iter()
            .map(|s| (s.dataset, s.rows));
        Ok(rows.collect())
    }

    /// Rebuilds data model summaries that are missing or out of date. Returns the number of sources
    /// summarised.
    ///
    /// # Errors
    /// If the store can't be read or written.
    pub fn summarize(&self) -> Result<(u64, Vec<String>)> {
        let store = Store::open(&self.options.home);
        let mut notices = Vec::new();
        let (writer, summarizer) = (store.writer()?, Summarizer::new(self)?);
        let count = workers::refresh_stale(self, &store, &writer, &summarizer, &mut notices)?;
        Ok((count, notices))
    }

    /// If there is no data at all, replays the shipped data sets that the detections' tests name, so that
    /// detections can be tried at once.
    pub(in crate::session) fn replay_tests_into_empty_store(
        &self,
        detections: &[Detection],
    ) -> Result<()> {
        let options = &self.options;
        if !options.data.is_empty()
            || !options.models.is_empty()
            || !Store::open(&options.home).is_empty()?
        {
            return Ok(());
        }
        let mut sources: Vec<Source> = Vec::new();
        for test in detections.iter().flat_map(|d| &d.tests) {
            for data in &test.attack_data {
                let Some(path) = dataset::locate(&data.data, Path::new(shipped::PREFIX), &[])
                else {
                    continue;
                };
                if sources.iter().all(|s| s.file.path != path) {
                    let said = read::Options {
                        sourcetype: data.sourcetype.clone(),
                        source: data.source.clone(),
                        ..self.read_options()
                    };
                    sources.push(Source::new(path, said));
                }
            }
        }
        if sources.is_empty() {
            return Err(Error::new(ErrorKind::Data(format!(
                "no data to search: the store {} is empty",
                options.home.display()
            )))
            .hint(
                "name files with --data, or replay them into the store: spelunk replay FILE...",
            ));
        }
        let names: Vec<String> = sources
            .iter()
            .map(|s| s.file.path.display().to_string())
            .collect();
        let summary = self.replay_units(WriteJobs::of(sources))?;
        lock(&self.data_notices).push(format!(
            "the store {} was empty: replayed {} events of {}",
            options.home.display(),
            summary.events,
            names.join(", ")
        ));
        Ok(())
    }

    /// Scans the store's events lazily; events of one source and sourcetype form one partition, from however
    /// many files.
    pub(in crate::session) fn read_store(&self, data: &mut DataSources) -> Result<()> {
        let store = Store::open(&self.options.home);
        let reading = store.reading();
        let mut groups: IndexMap<(String, String, String), Vec<StoredSource>> = IndexMap::new();
        let (sources, mut damage) = store.contents()?;
        let mut left_out: BTreeSet<PathBuf> = lock(&self.left_out).keys().cloned().collect();
        for source in &sources {
            let missing = source.missing();
            left_out.extend(missing.iter().map(|damage| damage.path.clone()));
            damage.extend(missing);
        }
        for source in sources.iter().filter_map(|s| s.without(&left_out)) {
            let key = (
                source.index.clone(),
                source.sourcetype.clone(),
                source.source.clone(),
            );
            groups.entry(key).or_default().push(source);
        }
        if groups.is_empty()
            && let Some((first, others)) = damage.split_first()
        {
            return Err(first.error(others.len()));
        }
        for sources in self.fewer_groups(groups.into_values()) {
            data.events.push(stored_part(&store, sources)?);
        }
        let (summaries, unreadable) = store.readable_summaries();
        damage.extend(unreadable);
        lock(&self.data_notices).extend(damage.iter().map(Damage::notice));
        data.stored = Some(StoreSnapshot {
            summaries: summaries.without(&left_out),
            knowledge: LazyLock::new(self.knowledge()),
            store,
            reading,
        });
        Ok(())
    }

    /// Merges small groups that differ only in their source, if no stanza distinguishes it from an unknown
    /// one, because a search has a fixed cost per partition.
    fn fewer_groups(
        &self,
        groups: impl Iterator<Item = Vec<StoredSource>>,
    ) -> Vec<Vec<StoredSource>> {
        let mut fewer: Vec<Vec<StoredSource>> = Vec::new();
        let mut small: HashMap<(String, String, bool), usize> = HashMap::new();
        for group in groups {
            let first = &group[0];
            if group.iter().map(|s| s.events).sum::<u64>() > MIN_ROWS
                || self.catalog.props.tells_apart(&first.source, "")
            {
                fewer.push(group);
                continue;
            }
            let is_risk = group.iter().all(StoredSource::is_made_risk);
            let key = (first.index.clone(), first.sourcetype.clone(), is_risk);
            match small.get(&key) {
                Some(at) => fewer[*at].extend(group),
                None => {
                    small.insert(key, fewer.len());
                    fewer.push(group);
                }
            }
        }
        fewer
    }

    /// Computes an identifier of the knowledge that summaries depend on.
    pub(in crate::session) fn knowledge(&self) -> Box<dyn FnOnce() -> String + Send> {
        let (catalog, zone) = (Arc::clone(&self.catalog), self.options.zone);
        // Times without a zone, and times as text, depend on it.
        Box::new(move || format!("{} {zone}", catalog.identity()))
    }
}

/// A partition of stored events with one index and sourcetype.
pub(in crate::session) fn stored_part(
    store: &Store,
    sources: Vec<StoredSource>,
) -> Result<EventPartition> {
    let (lazy, schema) = store.scan(&sources, (None, None))?;
    let first = &sources[0];
    let earliest = sources.iter().filter_map(|s| s.earliest).min();
    let latest = sources.iter().filter_map(|s| s.latest).max();
    Ok(EventPartition {
        frame: Frame::lazy(lazy, &schema),
        sourcetype: first.sourcetype.clone(),
        source: match sources.iter().all(|s| s.source == first.source) {
            true => first.source.clone(),
            false => String::new(),
        },
        index: first.index.clone(),
        host: String::new(),
        events: sources.iter().map(|s| s.events).sum(),
        span: earliest.zip(latest),
        stored: sources,
        files: Vec::new(),
    })
}
