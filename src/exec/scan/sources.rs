//! Where the rows of a search come from: events by sourcetype, and data model rows given directly.

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
    /// `XmlWinEventLog`
    pub sourcetype: String,
    /// `XmlWinEventLog:Security`; empty when there are several.
    pub source: String,
    /// `main`
    pub index: String,
    /// The host, when it is the same for all.
    pub host: String,
    /// The events as they were read.
    pub frame: Frame,
    /// How many there are.
    pub events: u64,
    /// Smallest and largest `_time`, microseconds since 1970 UTC; none when no event has one.
    pub span: Option<(i64, i64)>,
    /// Where they lie in the store, when they are there.
    pub stored: Vec<StoredSource>,
    /// The Parquet files that they are read from as they are needed, when these are of no store.
    pub files: Vec<PathBuf>,
}

/// Events and summaries of a store.
pub struct StoreSnapshot {
    /// The store.
    pub store: Store,
    /// What was summarised when the search began.
    pub summaries: Summaries,
    /// The knowledge that rows of summaries must have been made with to count; found out when
    /// a search asks for a data model.
    pub knowledge: LazyLock<String, Box<dyn FnOnce() -> String + Send>>,
    /// Keeps files that are replaced in the meantime.
    pub reading: Option<std::fs::File>,
}

/// Rows of a data model's data set, given directly.
#[derive(Clone)]
pub struct ModelTable {
    /// `Endpoint`
    pub model: String,
    /// `Processes`
    pub dataset: String,
    /// The rows; columns without the data set's name.
    pub frame: Frame,
    /// The Parquet files that they are read from as they are needed.
    pub files: Vec<PathBuf>,
}

/// Everything a search can scan.
#[derive(Default)]
pub struct DataSources {
    /// Events.
    pub events: Vec<EventPartition>,
    /// Data model rows given directly; they stand in for what events would give.
    pub models: Vec<ModelTable>,
    /// The store that the events lie in.
    pub stored: Option<StoreSnapshot>,
    /// Whether all of its files were decoded and none is damaged.
    pub is_sound: AtomicBool,
    /// Rows of data sets made of events once, for searches that come after.
    summaries: Mutex<HashMap<String, Frame>>,
    /// What many searches may find, looked for together.
    found: Mutex<HashMap<String, Found>>,
}

impl DataSources {
    /// The rows of a data set, if an earlier search made them.
    pub(in crate::exec) fn summary(&self, dataset: &str) -> Option<Frame> {
        let summaries = self
            .summaries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        summaries.get(dataset).cloned()
    }

    /// Keeps the rows of a data set for searches that come after.
    pub(in crate::exec) fn keep_summary(&self, dataset: String, rows: Frame) {
        let mut summaries = self
            .summaries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        summaries.insert(dataset, rows);
    }

    /// What a search may find, if it was looked for; `key` is only made when something was.
    pub(in crate::exec) fn found(&self, key: impl FnOnce() -> String) -> Option<Found> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        (!found.is_empty())
            .then(|| found.get(&key()).cloned())
            .flatten()
    }

    /// Whether anything was looked for.
    pub(in crate::exec) fn has_found(&self) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        !found.is_empty()
    }

    /// Keeps what searches may find, by their keys.
    pub(in crate::exec) fn keep_found(&self, new: Vec<(String, Found)>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(new);
    }

    /// How many events there are.
    pub fn event_count(&self) -> u64 {
        self.events.iter().map(|p| p.events).sum()
    }
}

impl Executor<'_> {
    /// All events with their search-time fields, newest first; rows without a time after those
    /// that have one, in the order they were read.
    ///
    /// # Errors
    /// A field rule that can't be applied.
    pub(in crate::exec) fn events(&self, newest_first: bool) -> Result<Frame> {
        self.events_within(newest_first, &ScanBounds::of(self.context, None)?)
    }

    /// All events but those of parts that lie outside of the bounds.
    ///
    /// # Errors
    /// A field rule that can't be applied.
    pub(in crate::exec) fn events_within(
        &self,
        newest_first: bool,
        bounds: &ScanBounds<'_>,
    ) -> Result<Frame> {
        // Those who computed them make rows event by event, in whatever order.
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

    /// Only the rows within the time range of the search; rows without a time are in none.
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

/// The rows newest first; rows without a time after those that have one.
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

/// A point in time as the column `_time` holds it: Polars then passes over parts of files whose
/// times are others.
pub(in crate::exec) fn time_literal(seconds: f64) -> polars::prelude::Expr {
    let micros = micros(seconds);
    let time = DataType::Datetime(TimeUnit::Microseconds, None);
    polars::prelude::lit(Scalar::new(
        time,
        AnyValue::Datetime(micros, TimeUnit::Microseconds, None),
    ))
}

/// Epoch seconds as microseconds.
pub(in crate::exec) fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
