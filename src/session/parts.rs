//! Events in memory, few parts of them: a search takes as long to begin with a part of few events
//! as with one of many.

use std::collections::{HashMap, HashSet};

use polars::functions::concat_df_diagonal;
use polars::prelude::{DataType, PlSmallStr};

use crate::error::Result;
use crate::exec::data::EventPart;
use crate::exec::frame::{Frame, polars_error};
use crate::knowledge::props::Props;
use crate::read::Batch;
use crate::session::data::span;

/// Events of a part of which it is put together with others like it.
pub(super) const SMALL: u64 = 10_000;

/// Events from which on a part takes no more: parts are worked on at the same time.
const FULL: usize = 32_768;

/// Cells of a part that may be empty because some of its sources lack the fields of others; beyond
/// that, so many times as many as there are in the sources.
const EMPTY: (usize, usize) = (1_000_000, 8);

/// Batches being put together: small ones that differ at most in their source, if no stanza tells it
/// from an unknown one.
pub(super) struct Parts<'p> {
    props: &'p Props,
    parts: Vec<Part>,
    /// The parts that take more, by index, sourcetype, and source where it makes a difference.
    open: HashMap<(String, String, String), Vec<usize>>,
    /// The last part that has events of a source, which are not put before those it has.
    last: HashMap<String, usize>,
}

/// Batches of a part, in their order: one at least.
struct Part {
    batches: Vec<Batch>,
    columns: HashMap<PlSmallStr, DataType>,
    rows: usize,
    /// Cells of the batches, by their own columns.
    cells: usize,
}

impl<'p> Parts<'p> {
    /// None yet; `props` say which sources are told apart.
    pub(super) fn new(props: &'p Props) -> Parts<'p> {
        Parts {
            props,
            parts: Vec::new(),
            open: HashMap::new(),
            last: HashMap::new(),
        }
    }

    /// Adds a batch.
    pub(super) fn push(&mut self, batch: Batch) {
        let last = self.last.entry(batch.source.clone());
        let last = last.or_default();
        if batch.frame.height() as u64 > SMALL {
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
        if self.parts[at].rows >= FULL {
            open.retain(|open| *open != at);
        }
    }

    /// The parts, in the order in which each began.
    ///
    /// # Errors
    /// Never on account of data.
    pub(super) fn finish(self) -> Result<Vec<EventPart>> {
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

    /// Whether the columns of a batch are of the same types, and most of them there.
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

    fn finish(self) -> Result<EventPart> {
        let first = &self.batches[0];
        let frame = match self.batches.len() {
            1 => first.frame.clone(),
            _ => {
                let frames: Vec<_> = self.batches.iter().map(|b| b.frame.clone()).collect();
                let mut frame = concat_df_diagonal(&frames).map_err(polars_error)?;
                frame.rechunk_mut();
                frame
            }
        };
        let same = |of: fn(&Batch) -> &str| {
            let all: HashSet<&str> = self.batches.iter().map(of).collect();
            match all.len() {
                1 => of(first).to_owned(),
                _ => String::new(),
            }
        };
        Ok(EventPart {
            sourcetype: first.sourcetype.clone(),
            source: same(|batch| &batch.source),
            index: first.index.clone(),
            host: same(|batch| batch.host.as_deref().unwrap_or_default()),
            span: span(&frame),
            events: frame.height() as u64,
            frame: Frame::of(frame),
            stored: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, DataFrame};

    use super::{EMPTY, EventPart, Parts};
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

    #[test]
    fn small_batches_are_one_part_where_their_columns_agree() {
        let props = Props::default();
        let mut parts = Parts::new(&props);
        let text = |name: &str, texts: &[&str]| Column::new(name.into(), texts);
        parts.push(batch("a", "h", text("x", &["1", "2"])));
        parts.push(batch("b", "h", text("y", &["3"])));
        parts.push(batch("c", "h", Column::new("x".into(), [4.0])));
        parts.push(batch("d", "i", text("x", &["5"])));
        let found = parts.finish().expect("nothing is wrong with them");
        let shown: Vec<_> = found
            .iter()
            .map(|part| (part.source.as_str(), part.host.as_str(), part.events))
            .collect();
        assert_eq!(shown, [("", "", 4), ("c", "h", 1)]);
        let names: Vec<&String> = found[0].frame.schema.keys().collect();
        assert_eq!(names, ["source", "x", "y"]);
    }

    #[test]
    fn events_of_a_source_stay_in_their_order() {
        let props = Props::default();
        let mut parts = Parts::new(&props);
        let numbered = |from: usize, rows: usize| {
            let numbers = (from..from + rows).map(|n| n.to_string());
            Column::new("n".into(), numbers.collect::<Vec<String>>())
        };
        parts.push(batch("a", "h", numbered(0, 10)));
        parts.push(batch("b", "h", numbered(0, 20_000)));
        parts.push(batch("b", "h", numbered(20_000, 10)));
        parts.push(batch("b", "h", Column::new("n".into(), [20_010.0])));
        parts.push(batch("b", "h", numbered(20_011, 10)));
        parts.push(batch("c", "h", numbered(0, 10)));
        let found = parts.finish().expect("nothing is wrong with them");
        let shown: Vec<_> = found
            .iter()
            .map(|part| (part.source.as_str(), part.events))
            .collect();
        let expected = [("", 20), ("b", 20_000), ("b", 10), ("b", 1), ("b", 10)];
        assert_eq!(shown, expected);
    }

    #[test]
    fn full_parts_take_no_more() {
        let props = Props::default();
        let mut parts = Parts::new(&props);
        for _ in 0..10 {
            let rows = vec!["v"; 10_000];
            parts.push(batch("s", "h", Column::new("x".into(), rows)));
        }
        let found = parts.finish().expect("nothing is wrong with them");
        let events: Vec<u64> = found.iter().map(|part| part.events).collect();
        assert_eq!(events, [40_000, 40_000, 20_000]);
    }

    #[test]
    fn sources_with_few_fields_in_common_stay_apart() {
        let props = Props::default();
        let mut parts = Parts::new(&props);
        for n in 0..600 {
            let rows = vec!["v"; 500];
            parts.push(batch(
                "s",
                "h",
                Column::new(format!("field {n}").into(), rows),
            ));
        }
        let found = parts.finish().expect("nothing is wrong with them");
        let cells = |part: &EventPart| part.events as usize * part.frame.schema.len();
        assert!(found.len() > 1 && found.iter().all(|part| cells(part) <= EMPTY.0));
        assert_eq!(found.iter().map(|p| p.events).sum::<u64>(), 300_000);
    }
}
