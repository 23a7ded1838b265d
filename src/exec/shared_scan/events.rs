//! Shared scans of events.

use std::collections::HashMap;
use std::sync::Arc;

use polars::prelude::{
    BooleanChunked, DataFrame, DataType, IdxCa, IntoColumn as _, IntoLazy as _, PlSmallStr, lit,
};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column, polars_error};
use crate::exec::scan::pruning::ScanBounds;
use crate::exec::scan::sources::EventPartition;
use crate::exec::scan::sources::Found;
use crate::exec::shared_scan::predicate_expr::{BoolExpr, PredicateTable};
use crate::exec::shared_scan::requests::ScanRequest;
use crate::exec::shared_scan::router::QueryRouter;
use crate::exec::shared_scan::{SETS, all_columns, is_wanted, set_of_row, without_sets};
use crate::plan::schema::Schema;
use crate::value::Type;

/// The maximum number of events kept per partition and per search; they have all their fields.
const MOST_EVENTS: u64 = 250_000;

/// The column with a row's index in its partition.
const PLACE: &str = "\0place";

/// The candidates in one partition.
struct PartitionResult {
    /// The columns of the partition's events.
    schema: Schema,
    rows: Arc<DataFrame>,
    /// The candidate rows of each search; `None` if the partition was pruned for it.
    places: Vec<Option<Vec<u32>>>,
}

impl Executor<'_> {
    /// Returns the candidate events of each search, by its key.
    ///
    /// # Errors
    /// If a field rule can't be applied.
    pub(super) fn scan_events_shared(
        &self,
        wants: &[ScanRequest<'_>],
    ) -> Result<Vec<(String, Found)>> {
        let mut crowded = vec![false; wants.len()];
        let mut rows = vec![0; wants.len()];
        let mut parts = Vec::new();
        for part in &self.data.events {
            let met = self.meeting(part, wants, &crowded)?;
            if !met.contains(&true) {
                continue;
            }
            let looked = self.scan_partition(part, wants, &met, &mut crowded)?;
            for (at, places) in looked.places.iter().enumerate() {
                rows[at] += places.as_ref().map_or(0, Vec::len) as u64;
                crowded[at] |= rows[at] > MOST_EVENTS;
            }
            parts.push(looked);
        }
        let mut found = Vec::new();
        for (at, want) in wants.iter().enumerate() {
            if crowded[at] {
                continue;
            }
            let met = parts.iter_mut().filter(|part| part.places[at].is_some());
            let mut schemas = Vec::new();
            let mut pieces = Vec::new();
            for part in met {
                schemas.push(&part.schema);
                let places = part.places[at].take().unwrap_or_default();
                if !places.is_empty() {
                    pieces.push((Arc::clone(&part.rows), part.schema.clone(), places));
                }
            }
            let schema = all_columns(schemas.into_iter());
            found.push((want.key.clone(), Found { pieces, schema }));
        }
        Ok(found)
    }

    /// Partition pruning: the searches that may match events of the partition, by what all its
    /// events have in common.
    fn meeting(
        &self,
        part: &EventPartition,
        wants: &[ScanRequest<'_>],
        crowded: &[bool],
    ) -> Result<Vec<bool>> {
        let met = wants.iter().zip(crowded).map(|(want, crowded)| {
            let bounds = ScanBounds::of(self.context, want.searches.first().copied())?;
            Ok(!crowded && self.may_match(part, &bounds)?)
        });
        met.collect()
    }

    /// Evaluates the filters of all searches that may match a partition and keeps their candidates.
    fn scan_partition(
        &self,
        part: &EventPartition,
        wants: &[ScanRequest<'_>],
        met: &[bool],
        crowded: &mut [bool],
    ) -> Result<PartitionResult> {
        let numbered = numbered(part);
        let mut frame = self.with_fields(&numbered)?;
        frame.schema.shift_remove(PLACE);
        let schema = frame.schema.clone();
        let seen = self.without_eventtypes_and_tags(&frame);
        let mut tested = PredicateTable::default();
        let mut formulas = Vec::new();
        for (at, want) in wants.iter().enumerate().filter(|(at, _)| met[*at]) {
            formulas.push((at, tested.formula(want.searches.iter().copied(), &seen)));
        }
        let names = tested.names.clone();
        let may_be_any = formulas.iter().any(|(_, f)| *f == BoolExpr::Constant(true));
        let place = column(PLACE).cast(DataType::UInt32);
        let finder = Arc::new(QueryRouter::new(tested, formulas, MOST_EVENTS));
        let sets = match (is_wanted(&finder, &names), set_of_row(&finder, &names)) {
            (Some(wanted), Some(set)) => {
                let lazy = frame.lazy.filter(wanted).select([place, set]);
                self.collect_lazy(lazy)?
            }
            // No column is tested: all events match, or none.
            _ if may_be_any => {
                let set = lit(finder.full_set(part.events)).alias(SETS);
                self.collect_lazy(frame.lazy.select([place]).with_columns([set]))?
            }
            _ => DataFrame::empty(),
        };
        for search in finder.unselective() {
            crowded[search] = true;
        }
        let mut looked = PartitionResult {
            schema,
            rows: Arc::default(),
            places: met.iter().map(|met| met.then(Vec::new)).collect(),
        };
        if sets.height() == 0 {
            return Ok(looked);
        }
        let (order, sets) = without_sets(sets)?;
        let order = order.columns()[0].u32().map_err(polars_error)?;
        let order: Vec<u32> = order.iter().flatten().collect();
        looked.rows = Arc::new(self.whole_events(&numbered, &order)?);
        for (at, places) in finder
            .row_indices(&sets, wants.len())
            .into_iter()
            .enumerate()
        {
            if let Some(found) = &mut looked.places[at] {
                *found = places;
            }
        }
        Ok(looked)
    }

    /// The events at these indices of a partition, with all their fields, in this order.
    fn whole_events(&self, numbered: &EventPartition, order: &[u32]) -> Result<DataFrame> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        let mut part = numbered.clone();
        part.frame.lazy = part.frame.lazy.filter(column(PLACE).map(
            move |places| {
                let is_kept = |place: Option<i64>| {
                    place.is_some_and(|place| sorted.binary_search(&(place as u32)).is_ok())
                };
                let places = places.i64()?;
                let kept = places.iter().map(is_kept);
                let kept: BooleanChunked = kept.collect();
                Ok(kept.into_column())
            },
            |_, f| Ok(field(f.name(), Type::Bool)),
        ));
        part.frame.lazy = self.collect_lazy(part.frame.lazy)?.lazy();
        let mut rows = self.collect_lazy(self.with_fields(&part)?.lazy)?;
        rows.rechunk_mut_par();
        let places = rows.drop_in_place(PLACE).map_err(polars_error)?;
        let places = places.cast(&DataType::UInt32).map_err(polars_error)?;
        let places = places.u32().map_err(polars_error)?;
        let rows_at = places.iter().enumerate();
        let at: HashMap<u32, u32> = rows_at
            .filter_map(|(row, place)| Some((place?, row as u32)))
            .collect();
        let rank: Vec<u32> = order.iter().filter_map(|p| at.get(p).copied()).collect();
        let rank = IdxCa::from_vec(PlSmallStr::EMPTY, rank);
        rows.take(&rank).map_err(polars_error)
    }
}

/// The partition with the row index as a column.
fn numbered(part: &EventPartition) -> EventPartition {
    let mut numbered = part.clone();
    let lazy = numbered.frame.lazy.with_row_index(PLACE, None);
    let place = column(PLACE).cast(DataType::Int64);
    numbered.frame = Frame {
        lazy: lazy.with_columns([place]),
        schema: numbered.frame.schema,
    };
    let schema = &mut numbered.frame.schema;
    schema.insert(PLACE.to_owned(), Type::Number);
    numbered
}
