//! Data sources of a search: events by sourcetype, and registered data model rows.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use polars::prelude::DataFrame;

use crate::exec::frame::Frame;
use crate::plan::schema::Schema;
use crate::store::{Store, StoredSource, Summaries};

/// Events of one source and sourcetype.
#[derive(Clone)]
pub struct EventPartition {
    /// For example `XmlWinEventLog`.
    pub sourcetype: String,
    /// For example `XmlWinEventLog:Security`; empty if there are several.
    pub source: String,
    /// For example `main`.
    pub index: String,
    /// The host, if it is the same for all events.
    pub host: String,
    /// The events as they were read.
    pub frame: Frame,
    /// The number of events.
    pub events: u64,
    /// Smallest and largest `_time` in microseconds since 1970 UTC; `None` if no event has one.
    pub span: Option<(i64, i64)>,
    /// The stored sources, if the events are in the store.
    pub stored: Vec<StoredSource>,
    /// The Parquet files that are read lazily, if the events are outside the store.
    pub files: Vec<PathBuf>,
}

/// Events and summaries of a store.
pub struct StoreSnapshot {
    /// The store.
    pub store: Store,
    /// The summaries at the start of the search.
    pub summaries: Summaries,
    /// The fingerprint that current summaries must have; computed when a search first reads a data
    /// model.
    pub knowledge: LazyLock<String, Box<dyn FnOnce() -> String + Send>>,
    /// Protects files that are replaced in the meantime from deletion.
    pub reading: Option<std::fs::File>,
}

/// Registered rows of a data set.
#[derive(Clone)]
pub struct ModelTable {
    /// For example `Endpoint`.
    pub model: String,
    /// For example `Processes`.
    pub dataset: String,
    /// The rows; columns without the data set's name.
    pub frame: Frame,
    /// The Parquet files that are read lazily.
    pub files: Vec<PathBuf>,
}

/// Everything a search can scan.
#[derive(Default)]
pub struct DataSources {
    /// Events.
    pub events: Vec<EventPartition>,
    /// Registered data model rows, used instead of rows built from events.
    pub models: Vec<ModelTable>,
    /// The store that contains the events.
    pub stored: Option<StoreSnapshot>,
    /// Whether all of its files were decoded and none is damaged.
    pub is_sound: AtomicBool,
    /// Rows of data sets built from events, cached for later searches.
    summaries: Mutex<HashMap<String, Frame>>,
    /// Candidate rows found by shared scans.
    found: Mutex<HashMap<String, Found>>,
}

impl DataSources {
    /// The rows of a data set, if an earlier search built them.
    pub(in crate::exec) fn summary(&self, dataset: &str) -> Option<Frame> {
        let summaries = self
            .summaries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        summaries.get(dataset).cloned()
    }

    /// Caches the rows of a data set for later searches.
    pub(in crate::exec) fn keep_summary(&self, dataset: String, rows: Frame) {
        let mut summaries = self
            .summaries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        summaries.insert(dataset, rows);
    }

    /// The prefetched candidates of a search; computes `key` only if there are any.
    pub(in crate::exec) fn found(&self, key: impl FnOnce() -> String) -> Option<Found> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        (!found.is_empty())
            .then(|| found.get(&key()).cloned())
            .flatten()
    }

    /// Whether any candidates were prefetched.
    pub(in crate::exec) fn has_found(&self) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        !found.is_empty()
    }

    /// Keeps the candidates of searches, by their keys.
    pub(in crate::exec) fn keep_found(&self, new: Vec<(String, Found)>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(new);
    }

    /// The number of events.
    pub fn event_count(&self) -> u64 {
        self.events.iter().map(|p| p.events).sum()
    }
}

/// The candidate rows of one search, within the rows found for all searches.
#[derive(Clone)]
pub struct Found {
    /// For each source in order, the rows found, their schema, and the indices of the candidates.
    pub(in crate::exec) pieces: Vec<(Arc<DataFrame>, Schema, Vec<u32>)>,
    /// The columns that the search would see.
    pub(in crate::exec) schema: Arc<Schema>,
}
