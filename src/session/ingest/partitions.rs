//! Groups small batches into few partitions of events in memory, because a search has a fixed cost per
//! partition.

use std::collections::HashMap;

use polars::functions::concat_df_diagonal;
use polars::prelude::{DataType, PlSmallStr};

use crate::error::Result;
use crate::exec::frame::{Frame, polars_error};
use crate::exec::scan::sources::EventPartition;
use crate::knowledge::props::Props;
use crate::read::Batch;
use crate::session::ingest::sources::span;

/// Partitions with at most this many events are merged with similar ones.
pub(in crate::session) const MIN_ROWS: u64 = 10_000;

/// Partitions with this many events are full: partitions are processed in parallel.
const MAX_ROWS: usize = 32_768;

/// Limit on empty cells in a partition, where some sources lack the fields of others: this many cells, or
/// else this multiple of the cells in the sources.
const EMPTY: (usize, usize) = (1_000_000, 8);

/// Builds partitions from small batches that differ at most in their source, if no stanza distinguishes it
/// from an unknown one.
pub(in crate::session) struct PartitionBuilder<'p> {
    props: &'p Props,
    parts: Vec<Part>,
    /// The partitions that are not full, by index, sourcetype, and source if it matters.
    open: HashMap<(String, String, String), Vec<usize>>,
    /// The last partition with events of a source; later events do not go into an earlier one.
    last: HashMap<String, usize>,
}

/// The batches of a partition, in order; at least one.
struct Part {
    batches: Vec<Batch>,
    columns: HashMap<PlSmallStr, DataType>,
    rows: usize,
    /// The number of cells in the batches, counting their own columns.
    cells: usize,
}

impl<'p> PartitionBuilder<'p> {
    /// An empty builder; `props` tell which sources are distinguished.
    pub(in crate::session) fn new(props: &'p Props) -> PartitionBuilder<'p> {
        PartitionBuilder {
            props,
            parts: Vec::new(),
            open: HashMap::new(),
            last: HashMap::new(),
        }
    }

    /// Adds a batch.
    pub(in crate::session) fn push(&mut self, batch: Batch) {
        let last = self.last.entry(batch.source.clone());
        let last = last.or_default();
        if batch.frame.height() as u64 > MIN_ROWS {
            *last = self.parts.len();
            self.parts.push(Part::of(batch));
            return;
        }
        let source = match self.props.tells_apart(&batch.source, "") {
            true => batch.source.clone(),
            false => String::new(),
        };
        let key = (batch.index.clone(), batch.sourcetype.clone(), source);
        let open = self.open.entry(key).or_default();
        let takes = |at: &&usize| **at >= *last && self.parts[**at].takes(&batch);
        let at = match open.iter().find(takes) {
            Some(at) => {
                self.parts[*at].push(batch);
                *at
            }
            None => {
                open.push(self.parts.len());
                self.parts.push(Part::of(batch));
                self.parts.len() - 1
            }
        };
        *last = at;
        if self.parts[at].rows >= MAX_ROWS {
            open.retain(|open| *open != at);
        }
    }

    /// Builds the partitions, in order of their first batches.
    ///
    /// # Errors
    /// Never because of the data.
    pub(in crate::session) fn finish(self) -> Result<Vec<EventPartition>> {
        self.parts.into_iter().map(Part::finish).collect()
    }
}

impl Part {
    fn of(batch: Batch) -> Part {
        let mut part = Part {
            batches: Vec::new(),
            columns: HashMap::new(),
            rows: 0,
            cells: 0,
        };
        part.push(batch);
        part
    }

    fn push(&mut self, batch: Batch) {
        for column in batch.frame.columns() {
            let known = self.columns.entry(column.name().clone());
            known.or_insert_with(|| column.dtype().clone());
        }
        self.rows += batch.frame.height();
        self.cells += batch.frame.height() * batch.frame.width();
        self.batches.push(batch);
    }

    /// Whether a batch has columns of the same types and would add few empty cells.
    fn takes(&self, batch: &Batch) -> bool {
        let mut width = self.columns.len();
        for column in batch.frame.columns() {
            match self.columns.get(column.name()) {
                Some(kind) if kind != column.dtype() => return false,
                Some(_) => {}
                None => width += 1,
            }
        }
        let cells = self.cells + batch.frame.height() * batch.frame.width();
        let all = (self.rows + batch.frame.height()) * width;
        all <= EMPTY.0.max(cells * EMPTY.1)
    }

    fn finish(self) -> Result<EventPartition> {
        let mut whole = self.batches[0].clone();
        let others = &self.batches[1..];
        if !others.is_empty() {
            let frames: Vec<_> = self.batches.iter().map(|b| b.frame.clone()).collect();
            whole.frame = concat_df_diagonal(&frames).map_err(polars_error)?;
            whole.frame.rechunk_mut();
        }
        if others.iter().any(|batch| batch.source != whole.source) {
            whole.source.clear();
        }
        if others.iter().any(|batch| batch.host != whole.host) {
            whole.host = None;
        }
        let span = span(&whole.frame);
        Ok(event_part(whole, span))
    }
}

/// A partition of events in memory; `span` is as [`span`] returns it, or `None` if it is not needed.
pub(in crate::session) fn event_part(batch: Batch, span: Option<(i64, i64)>) -> EventPartition {
    EventPartition {
        sourcetype: batch.sourcetype,
        source: batch.source,
        index: batch.index,
        host: batch.host.unwrap_or_default(),
        span,
        events: batch.frame.height() as u64,
        frame: Frame::of(batch.frame),
        stored: Vec::new(),
        files: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, DataFrame};

    use super::{EMPTY, EventPartition, PartitionBuilder};
    use crate::knowledge::props::Props;
    use crate::read::Batch;

    fn batch(source: &str, host: &str, column: Column) -> Batch {
        let rows = column.len();
        let sources = Column::new("source".into(), vec![source; rows]);
        Batch {
            source: source.into(),
            sourcetype: "log".into(),
            host: Some(host.into()),
            index: "main".into(),
            origin: source.into(),
            frame: DataFrame::new(rows, vec![sources, column]).expect("of one height"),
        }
    }

    fn put_together(batches: impl IntoIterator<Item = Batch>) -> Vec<EventPartition> {
        let props = Props::default();
        let mut parts = PartitionBuilder::new(&props);
        batches.into_iter().for_each(|batch| parts.push(batch));
        parts.finish().expect("nothing is wrong with them")
    }

    fn shown(parts: &[EventPartition]) -> Vec<(&str, &str, u64)> {
        let each = parts.iter();
        each.map(|part| (part.source.as_str(), part.host.as_str(), part.events))
            .collect()
    }

    #[test]
    fn small_batches_are_one_part_where_their_columns_agree() {
        let text = |name: &str, texts: &[&str]| Column::new(name.into(), texts);
        let found = put_together([
            batch("a", "h", text("x", &["1", "2"])),
            batch("b", "h", text("y", &["3"])),
            batch("c", "h", Column::new("x".into(), [4.0])),
            batch("d", "i", text("x", &["5"])),
        ]);
        assert_eq!(shown(&found), [("", "", 4), ("c", "h", 1)]);
        let names: Vec<&String> = found[0].frame.schema.keys().collect();
        assert_eq!(names, ["source", "x", "y"]);
    }

    #[test]
    fn events_of_a_source_stay_in_their_order() {
        let numbered = |from: usize, rows: usize| {
            let numbers = (from..from + rows).map(|n| n.to_string());
            Column::new("n".into(), numbers.collect::<Vec<String>>())
        };
        let found = put_together([
            batch("a", "h", numbered(0, 10)),
            batch("b", "h", numbered(0, 20_000)),
            batch("b", "h", numbered(20_000, 10)),
            batch("b", "h", Column::new("n".into(), [20_010.0])),
            batch("b", "h", numbered(20_011, 10)),
            batch("c", "h", numbered(0, 10)),
        ]);
        let b = |events: u64| ("b", "h", events);
        let expected = [("", "h", 20), b(20_000), b(10), b(1), b(10)];
        assert_eq!(shown(&found), expected);
    }

    #[test]
    fn full_parts_take_no_more() {
        let rows = || Column::new("x".into(), vec!["v"; 10_000]);
        let found = put_together((0..10).map(|_| batch("s", "h", rows())));
        let events: Vec<u64> = found.iter().map(|part| part.events).collect();
        assert_eq!(events, [40_000, 40_000, 20_000]);
    }

    #[test]
    fn sources_with_few_fields_in_common_stay_apart() {
        let rows = |n: usize| Column::new(format!("field {n}").into(), vec!["v"; 500]);
        let found = put_together((0..600).map(|n| batch("s", "h", rows(n))));
        let cells = |part: &EventPartition| part.events as usize * part.frame.schema.len();
        assert!(found.len() > 1 && found.iter().all(|part| cells(part) <= EMPTY.0));
        assert_eq!(found.iter().map(|p| p.events).sum::<u64>(), 300_000);
    }
}
