//! Where the rows of a search come from: events by sourcetype, and data model rows given directly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::exec::Executor;
use crate::exec::aggregate::stable;
use crate::exec::frame::{Frame, column};
use crate::plan::schema::Schema;
use crate::value::Type;

/// Events of one source and sourcetype.
#[derive(Clone)]
pub struct EventPart {
    /// `XmlWinEventLog`
    pub sourcetype: String,
    /// `XmlWinEventLog:Security`
    pub source: String,
    /// The host, when it is the same for all.
    pub host: String,
    /// The events as they were read.
    pub frame: Frame,
    /// How many there are.
    pub events: u64,
}

/// Rows of a data model's data set, given directly.
#[derive(Clone)]
pub struct ModelPart {
    /// `Endpoint`
    pub model: String,
    /// `Processes`
    pub dataset: String,
    /// The rows; columns without the data set's name.
    pub frame: Frame,
}

/// Everything a search can scan.
#[derive(Default)]
pub struct Data {
    /// Events.
    pub events: Vec<EventPart>,
    /// Data model rows given directly; they stand in for what events would give.
    pub models: Vec<ModelPart>,
    /// Rows of data sets made of events once, for searches that come after.
    summaries: Mutex<HashMap<String, Frame>>,
}

impl Data {
    /// The rows of a data set, if an earlier search made them.
    pub(super) fn summary(&self, dataset: &str) -> Option<Frame> {
        let summaries = self
            .summaries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        summaries.get(dataset).cloned()
    }

    /// Keeps the rows of a data set for searches that come after.
    pub(super) fn keep_summary(&self, dataset: String, rows: Frame) {
        let mut summaries = self
            .summaries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        summaries.insert(dataset, rows);
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
    pub(super) fn events(&self, newest_first: bool) -> Result<Frame> {
        let mut frames = Vec::with_capacity(self.data.events.len());
        for part in &self.data.events {
            frames.push(self.with_fields(part)?);
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
        if frame.kind("_time") != Type::Time || !newest_first {
            return Ok(frame);
        }
        let options = stable().with_order_descending(true).with_nulls_last(true);
        Ok(Frame {
            lazy: frame.lazy.sort_by_exprs([column("_time")], options),
            schema: frame.schema,
        })
    }

    /// Only the rows within the time range of the search; rows without a time are in none.
    pub(super) fn in_range(&self, frame: Frame) -> Frame {
        let (earliest, latest) = (self.context.earliest, self.context.latest);
        if frame.kind("_time") != Type::Time || earliest.is_none() && latest.is_none() {
            return frame;
        }
        let micros = |seconds: f64| polars::prelude::lit((seconds * 1e6).round() as i64);
        let time = || column("_time").cast(polars::prelude::DataType::Int64);
        let mut lazy = frame.lazy;
        if let Some(earliest) = earliest {
            lazy = lazy.filter(time().gt_eq(micros(earliest)));
        }
        if let Some(latest) = latest {
            lazy = lazy.filter(time().lt(micros(latest)));
        }
        Frame {
            lazy,
            schema: frame.schema,
        }
    }
}
