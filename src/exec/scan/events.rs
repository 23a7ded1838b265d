//! Scans of events: all partitions that may match, with their search-time fields, in the order of time.

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::time_order::{by_time, time_literal};
use crate::exec::frame::{Frame, column};
use crate::exec::scan::pruning::ScanBounds;
use crate::plan::schema::Schema;
use crate::value::Type;

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
