//! Data model summaries: built from events once, then read instead of the events.
//!
//! A summary has the fields of an event that `tstats` can see: those of the data set, and where and
//! when the event came from, but not its text.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Acceleratedatamodels>

use polars::prelude::DataFrame;

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::Frame;
use crate::exec::frame::time_order::by_time;
use crate::exec::scan::models::{BARE, select_fields};
use crate::exec::scan::pruning::ScanBounds;
use crate::exec::scan::sources::{DataSources, EventPartition, StoreSnapshot};
use crate::knowledge::models::Dataset;
use crate::plan::analysis::fields_of;
use crate::plan::schema::Schema;
use crate::plan::{AggregateCall, AggregateInput, Plan, Predicate, Scan};
use crate::store::StoredSource;
use crate::syntax::ast::Search;
use crate::value::Type;

/// Rows built from up to this many events without a current summary stay in memory for later
/// searches.
const MOST_KEPT: u64 = 2_000_000;

/// The parts of a data set that a scan must return.
pub(in crate::exec) struct ScanRequirements {
    /// Summarized events only.
    summaries_only: bool,
    /// Only the columns that summaries have.
    slim: bool,
    /// In order.
    ordered: bool,
}

impl ScanRequirements {
    /// The columns that summaries have, in any order.
    pub(in crate::exec) fn summaries(summaries_only: bool) -> ScanRequirements {
        ScanRequirements {
            summaries_only,
            slim: true,
            ordered: false,
        }
    }

    /// Whether summaries have all required columns.
    pub(in crate::exec) fn is_slim(&self) -> bool {
        self.slim
    }

    /// Whole events.
    pub(in crate::exec) fn events(summaries_only: bool) -> ScanRequirements {
        ScanRequirements {
            summaries_only,
            slim: false,
            ordered: true,
        }
    }
}

/// The requirements of an aggregation over a data set, as `tstats` plans it.
pub(in crate::exec) fn scan(plan: &Plan) -> Option<ScanRequirements> {
    let Plan::Aggregate {
        input,
        aggregates,
        by,
        sorted,
        ..
    } = plan
    else {
        return None;
    };
    let reads_text = |call: &AggregateCall| match &call.arg {
        AggregateInput::Row => false,
        AggregateInput::Field(pattern) => pattern.matches("_raw"),
        AggregateInput::Expr(expr) => fields_of(expr).iter().any(|f| f == "_raw"),
    };
    let mut slim = !aggregates.iter().any(reads_text) && by.iter().all(|b| b.name != "_raw");
    let mut below = input.as_ref();
    loop {
        match below {
            Plan::Filter { input, predicate } => {
                slim &= match predicate {
                    Predicate::Expr(expr) => fields_of(expr).iter().all(|f| f != "_raw"),
                    Predicate::Search(search, _) => is_slim(search),
                };
                below = input;
            }
            Plan::Scan(Scan::Model { summaries_only, .. }) => {
                return Some(ScanRequirements {
                    summaries_only: *summaries_only,
                    slim,
                    ordered: !sorted || aggregates.iter().any(|a| a.function.order_sensitive),
                });
            }
            _ => return None,
        }
    }
}

/// Whether a search expression reads only columns that summaries have. False for event types, tags
/// and subsearches, whose columns are not known here.
fn is_slim(search: &Search) -> bool {
    let plain = |name: &str| {
        let name = name.to_ascii_lowercase();
        name != "_raw" && name != "eventtype" && name != "tag" && !name.starts_with("tag::")
    };
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().all(is_slim),
        Search::Not(inner) => is_slim(inner),
        Search::Compare { field, .. } | Search::In { field, .. } => plain(&field.text),
        Search::CompareSubsearch { .. }
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_) => false,
    }
}

/// Adjacent sources whose rows come from the same place.
enum Segment<'r> {
    Summary(Vec<&'r str>),
    Events(Vec<EventPartition>),
}

impl Executor<'_> {
    /// The rows below an aggregation: filters over a data set, or over the rows prefetched for
    /// these filters.
    pub(in crate::exec) fn scan_model(
        &self,
        plan: &Plan,
        wanted: &ScanRequirements,
        found: Option<Frame>,
    ) -> Result<Frame> {
        match plan {
            Plan::Filter { input, predicate } => {
                let rows = self.scan_model(input, wanted, found)?;
                self.filter(rows, predicate, false)
            }
            Plan::Scan(Scan::Model { model, dataset, .. }) => match found {
                Some(rows) => {
                    let given = self.registered_rows(model, dataset.as_ref());
                    Ok(match wanted.ordered && given.is_empty() {
                        true => by_time(rows),
                        false => rows,
                    })
                }
                None => self.model(model, dataset.as_ref(), wanted),
            },
            other => self.lower(other),
        }
    }

    /// The rows of a data set from the store's summaries, and from events without one. Returns
    /// `None` if summaries can't serve.
    ///
    /// Rows summarized with outdated knowledge are built from the events again, as they will be
    /// when the summary is rebuilt.
    pub(in crate::exec) fn is_accelerated(
        &self,
        key: &str,
        dataset: &Dataset,
        wanted: &ScanRequirements,
    ) -> Result<Option<Frame>> {
        let Some(stored) = &self.data.stored else {
            return Ok(None);
        };
        if !(wanted.slim || wanted.summaries_only) || !self.is_row_wise(dataset) {
            return Ok(None);
        }
        let bounds = ScanBounds::of(self.context, None)?;
        let mut frames = Vec::new();
        for (at, run) in self.segments(stored, wanted)?.into_iter().enumerate() {
            match run {
                Segment::Summary(keys) => {
                    let found = stored.summaries.scan(key, &keys, bounds.between())?;
                    frames.extend(found.map(|(lazy, schema, mixed)| {
                        let mut frame = Frame::lazy(lazy, &schema);
                        for name in mixed {
                            if frame.kind(&name) == Type::Text {
                                frame.schema.insert(name, Type::Any);
                            }
                        }
                        frame
                    }));
                }
                Segment::Events(parts) => {
                    let count: u64 = parts.iter().map(|part| part.events).sum();
                    // If many searches run in sequence, the first one builds the rows.
                    let keep = self.context.cache_model_rows && wanted.slim && count <= MOST_KEPT;
                    let (range, only) = (bounds.between(), wanted.summaries_only);
                    let kept = format!("{key} of events {at} {range:?} {only}");
                    if keep && let Some(rows) = self.data.summary(&kept) {
                        frames.push(rows);
                        continue;
                    }
                    let mut data = DataSources::default();
                    for part in &parts {
                        if self.may_match(part, &bounds)? {
                            data.events.push(self.prune_partitions(part, &bounds)?);
                        }
                    }
                    if data.events.is_empty() {
                        continue;
                    }
                    let executor = self.with_sources(&data, None);
                    let mut rows =
                        executor.scan_dataset(dataset, executor.base_search(dataset)?)?;
                    if keep {
                        rows = executor.computed_frame(project_summary(dataset, rows))?;
                        self.data.keep_summary(kept, rows.clone());
                    }
                    frames.push(rows);
                }
            }
        }
        let mut frames: Vec<Frame> = frames
            .into_iter()
            .map(|f| select_fields(dataset, f))
            .collect();
        let frame = match frames.len() {
            0 => select_fields(dataset, Frame::typed(DataFrame::empty(), Schema::new())),
            1 => frames.remove(0),
            _ => self.union(frames)?,
        };
        let frame = self.in_range(frame);
        Ok(Some(if wanted.ordered {
            by_time(frame)
        } else {
            frame
        }))
    }

    /// Where the rows of each source come from, in the order of the sources.
    fn segments<'r>(
        &'r self,
        stored: &'r StoreSnapshot,
        wanted: &ScanRequirements,
    ) -> Result<Vec<Segment<'r>>> {
        let mut runs: Vec<Segment<'r>> = Vec::new();
        let mut stale = 0;
        for part in &self.data.events {
            if part.stored.is_empty() {
                // In memory, next to those of the store: they count as summarized.
                match runs.last_mut() {
                    Some(Segment::Events(parts)) => parts.push(part.clone()),
                    _ => runs.push(Segment::Events(vec![part.clone()])),
                }
                continue;
            }
            let mut rest: &[StoredSource] = &part.stored;
            while let Some(first) = rest.first() {
                let current =
                    |s: &StoredSource| stored.summaries.is_current(s, Some(&stored.knowledge));
                let is_current = current(first);
                let length = rest.iter().take_while(|s| current(s) == is_current).count();
                let (sources, after) = rest.split_at(length);
                rest = after;
                if is_current && wanted.slim {
                    let keys = sources.iter().map(|s| s.key.as_str());
                    match runs.last_mut() {
                        Some(Segment::Summary(known)) => known.extend(keys),
                        _ => runs.push(Segment::Summary(keys.collect())),
                    }
                    continue;
                }
                let covered = |s: &&StoredSource| stored.summaries.is_current(s, None);
                stale += sources.iter().filter(covered).count() * usize::from(!is_current);
                let sources: Vec<StoredSource> = sources
                    .iter()
                    .filter(|s| !wanted.summaries_only || covered(s))
                    .cloned()
                    .collect();
                if sources.is_empty() {
                    continue;
                }
                let (lazy, schema) = stored.store.scan(&sources, (None, None))?;
                let part = EventPartition {
                    frame: Frame::lazy(lazy, &schema),
                    stored: sources,
                    ..part.clone()
                };
                match runs.last_mut() {
                    Some(Segment::Events(parts)) => parts.push(part),
                    _ => runs.push(Segment::Events(vec![part])),
                }
            }
        }
        if stale > 0 {
            self.context.notice(
                "summaries of data models were made with other knowledge, so that their events were read: `spelunk store summarize` renews them",
            );
        }
        Ok(runs)
    }

    /// Collects a frame.
    pub(in crate::exec) fn computed_frame(&self, frame: Frame) -> Result<Frame> {
        let schema = frame.schema.clone();
        let rows = self.collect(frame)?;
        Ok(Frame::typed(rows.frame().clone(), schema))
    }
}

/// Keeps the columns of a summary.
fn project_summary(dataset: &Dataset, frame: Frame) -> Frame {
    let names = summary_columns(dataset, &frame.schema);
    frame.select(names)
}

/// The names of the columns that a summary keeps.
pub(in crate::exec) fn summary_columns(dataset: &Dataset, schema: &Schema) -> Vec<String> {
    let bare = BARE.iter().copied().filter(|name| *name != "_raw");
    let fields = dataset.fields.iter().map(|f| f.name.as_str());
    let mut names: Vec<String> = Vec::new();
    for name in bare.chain(fields) {
        if name != "_raw" && schema.contains_key(name) && !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// 1 if a collected frame has rows, else 0.
pub(in crate::exec) fn height(frame: &Frame) -> Result<usize> {
    let first = frame.lazy.clone().limit(1);
    let rows = first.collect().map_err(crate::exec::frame::polars_error)?;
    Ok(rows.height())
}
