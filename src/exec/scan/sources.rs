//! Data sources of a search: events by sourcetype, and registered data model rows.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{LazyLock, Mutex, PoisonError};

use polars::prelude::{AnyValue, DataType, Scalar, TimeUnit};

use crate::error::Result;
use crate::exec::Executor;
use crate::exec::engine::fences::with_view_gc;
use crate::exec::frame::{Frame, column};
use crate::exec::operators::aggregate::stable;
use crate::exec::scan::pruning::ScanBounds;
use crate::exec::shared_scan::Found;
use crate::plan::schema::Schema;
use crate::store::{Store, StoredSource, Summaries};
use crate::value::Type;

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

impl Executor<'_> {
    /// All events with their search-time fields, newest first; rows without a time come last, in
    /// the order they were read.
    ///
    /// # Errors
    /// If a field rule can't be applied.
    pub(in crate::exec) fn events(&self, newest_first: bool) -> Result<Frame> {
        self.events_within(newest_first, &ScanBounds::of(self.context, None)?)
    }

    /// Like [`Executor::events`], without the partitions outside the bounds.
    ///
    /// # Errors
    /// If a field rule can't be applied.
    pub(in crate::exec) fn events_within(
        &self,
        newest_first: bool,
        bounds: &ScanBounds<'_>,
    ) -> Result<Frame> {
        // Precomputed events are processed event by event, in any order.
        if let Some(ready) = &self.precomputed_events {
            return Ok(ready.clone());
        }
        let mut frames = Vec::with_capacity(self.data.events.len());
        for part in &self.data.events {
            if self.may_match(part, bounds)? {
                frames.push(self.with_fields(&self.prune_partitions(part, bounds)?)?);
            }
        }
        let frame = match frames.len() {
            0 => {
                let empty = polars::prelude::DataFrame::empty();
                return Ok(Frame::typed(empty, Schema::new()));
            }
            1 => frames.remove(0),
            _ => self.union(frames)?,
        };
        let frame = self.in_range(frame);
        Ok(if newest_first { by_time(frame) } else { frame })
    }

    /// Keeps the rows within the time range of the search; drops rows without a time.
    pub(in crate::exec) fn in_range(&self, frame: Frame) -> Frame {
        let (earliest, latest) = (self.context.earliest, self.context.latest);
        if frame.kind("_time") != Type::Time || earliest.is_none() && latest.is_none() {
            return frame;
        }
        let mut lazy = frame.lazy;
        if let Some(earliest) = earliest {
            lazy = lazy.filter(column("_time").gt_eq(time_literal(earliest)));
        }
        if let Some(latest) = latest {
            lazy = lazy.filter(column("_time").lt(time_literal(latest)));
        }
        Frame {
            lazy,
            schema: frame.schema,
        }
    }
}

/// The field that events are ordered by.
pub(in crate::exec) const BY_TIME: &str = "_time";

/// Sorts rows newest first; rows without a time come last.
pub(in crate::exec) fn by_time(frame: Frame) -> Frame {
    if frame.kind(BY_TIME) != Type::Time {
        return frame;
    }
    let options = stable().with_order_descending(true).with_nulls_last(true);
    Frame {
        lazy: with_view_gc(frame.lazy).sort_by_exprs([column(BY_TIME)], options),
        schema: frame.schema,
    }
}

/// A point in time in the type of the column `_time`, so that Polars skips parts of files by their
/// time statistics.
pub(in crate::exec) fn time_literal(seconds: f64) -> polars::prelude::Expr {
    let micros = micros(seconds);
    let time = DataType::Datetime(TimeUnit::Microseconds, None);
    polars::prelude::lit(Scalar::new(
        time,
        AnyValue::Datetime(micros, TimeUnit::Microseconds, None),
    ))
}

/// Converts epoch seconds to microseconds.
pub(in crate::exec) fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
