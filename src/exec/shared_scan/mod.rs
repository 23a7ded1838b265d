//! Shared scans: evaluates the leading filters of many searches in a single pass over the data,
//! then runs each search on its candidate rows.
//!
//! Candidates may include false positives, so each search re-applies its own filter and returns the
//! same result as on its own.

mod batch;
mod codes;
mod column_predicates;
mod events;
mod models;
mod predicate_expr;
mod requests;
mod router;

use std::borrow::Cow;
use std::sync::Arc;

use polars::prelude::{
    BooleanChunked, DataFrame, DataType, Expr as Lazy, Field, IdxCa, IntoColumn as _,
    IntoLazy as _, NewChunkedArray as _, PlSmallStr, UInt32Chunked,
};

pub(in crate::exec) use requests::{event_key, model_key};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column, polars_error};
use crate::exec::operators::join::joined_schema;
use crate::exec::scan::sources::Found;
use crate::exec::shared_scan::requests::{ScanRequest, ScanSource};
use crate::exec::shared_scan::router::{EMPTY_SET, QueryRouter};
use crate::plan::schema::Schema;
use crate::plan::tuning::RuleId;
use crate::plan::{Plan, Predicate};
use crate::value::Type;

/// The column with a row's set of searches.
const SETS: &str = "\0sets";

impl Executor<'_> {
    /// Evaluates the leading filters of all these plans together and keeps their candidate rows in
    /// `data`. A plan that can't use candidates reads the rows itself.
    ///
    /// # Errors
    /// If the user cancelled.
    pub fn prefetch_shared(&self, plans: &[&Plan]) -> Result<()> {
        if !self.context.tuning.allows(RuleId::SharedScan) {
            return Ok(());
        }
        let mut wants: Vec<ScanRequest<'_>> = Vec::new();
        let sought: Vec<Cow<'_, Plan>> = plans
            .iter()
            .map(|plan| {
                self.push_known_keys(plan)
                    .map_or(Cow::Borrowed(*plan), Cow::Owned)
            })
            .collect();
        for plan in &sought {
            requests::collect_requests(plan, &mut wants);
        }
        wants.sort_by(|a, b| (&a.source, &a.key).cmp(&(&b.source, &b.key)));
        wants.dedup_by(|a, b| a.source == b.source && a.key == b.key);
        for wants in wants.chunk_by(|a, b| a.source == b.source) {
            if wants.len() < 2 {
                continue;
            }
            let looked = match &wants[0].source {
                ScanSource::Model { .. } => self.scan_model_shared(wants),
                ScanSource::Events => self.scan_events_shared(wants),
            };
            self.context.check_cancelled()?;
            // The search that asks for this data reports the error.
            if let Ok(found) = looked {
                self.data.keep_found(found);
            }
        }
        Ok(())
    }

    /// Returns the prefetched candidates for these filters over a data set, or for the innermost
    /// ones, if there are any.
    pub(super) fn found_in_model(&self, filtered: &Plan) -> Result<Option<Frame>> {
        let mut filtered = filtered;
        while let Plan::Filter { input, .. } = filtered {
            if let Some(found) = self.kept(|| model_key(filtered))? {
                return Ok(Some(found));
            }
            filtered = input;
        }
        Ok(None)
    }

    /// Whether candidates for these filters over a data set were prefetched.
    pub(super) fn is_found_in_model(&self, filtered: &Plan) -> bool {
        self.data.found(|| model_key(filtered)).is_some()
    }

    /// Returns the events that a search may match, in any order, if they were prefetched.
    pub(super) fn found_in_events(&self, predicate: &Predicate) -> Result<Option<Frame>> {
        if self.precomputed_events.is_some() {
            return Ok(None);
        }
        self.kept(|| event_key(predicate))
    }

    fn kept(&self, key: impl FnOnce() -> String) -> Result<Option<Frame>> {
        let found = self.data.found(key);
        let frame = found.map(|found| self.taken(found)).transpose()?;
        Ok(frame.map(|frame| self.in_range(frame)))
    }

    fn taken(&self, found: Found) -> Result<Frame> {
        let mut frames = Vec::with_capacity(found.pieces.len());
        for (rows, schema, places) in found.pieces {
            let places = IdxCa::from_vec(PlSmallStr::EMPTY, places);
            let rows = rows.take(&places).map_err(polars_error)?;
            frames.push(Frame::typed(rows, schema));
        }
        let schema = found.schema.as_ref();
        if frames.is_empty() {
            let schema = schema.clone();
            let rows = DataFrame::empty().lazy();
            return Ok(Frame { lazy: rows, schema }.emptied());
        }
        if frames.len() == 1 && frames[0].schema == *schema {
            return Ok(frames.remove(0));
        }
        self.union_as(frames, schema.clone())
    }
}

/// The columns that predicates read, as expressions.
fn tested(names: &[String]) -> Option<(Lazy, Vec<Lazy>)> {
    let mut columns = names.iter().map(|name| column(name));
    Some((columns.next()?, columns.collect()))
}

/// Whether some search may match the row and keeps its rows.
fn is_wanted(finder: &Arc<QueryRouter>, names: &[String]) -> Option<Lazy> {
    let (first, others) = tested(names)?;
    let finder = Arc::clone(finder);
    Some(first.map_many(
        move |columns| {
            let sets = finder.wanted(columns)?;
            let truth = sets.iter().map(|set| *set != EMPTY_SET);
            let name = columns[0].name().clone();
            Ok(BooleanChunked::from_iter_values(name, truth).into_column())
        },
        &others,
        |_, f| Ok(field(f[0].name(), Type::Bool)),
    ))
}

/// The set of searches that may match a row.
fn set_of_row(finder: &Arc<QueryRouter>, names: &[String]) -> Option<Lazy> {
    let (first, others) = tested(names)?;
    let finder = Arc::clone(finder);
    let set = first.map_many(
        move |columns| {
            let sets = finder.sets(columns)?;
            Ok(UInt32Chunked::from_vec(SETS.into(), sets).into_column())
        },
        &others,
        |_, _| Ok(Field::new(SETS.into(), DataType::UInt32)),
    );
    Some(set.alias(SETS))
}

/// Removes the column of sets from rows.
fn without_sets(mut rows: DataFrame) -> Result<(DataFrame, Vec<u32>)> {
    let sets = rows.drop_in_place(SETS).map_err(polars_error)?;
    let sets = sets.u32().map_err(polars_error)?;
    let sets = sets.iter().map(|set| set.unwrap_or(EMPTY_SET)).collect();
    Ok((rows, sets))
}

/// The union of all these schemas.
fn all_columns<'s>(schemas: impl Iterator<Item = &'s Schema>) -> Arc<Schema> {
    Arc::new(joined_schema(schemas))
}
