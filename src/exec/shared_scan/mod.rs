//! Many searches in one pass: what all of them ask first of the same rows is tried together while
//! the rows are read once, and each search goes on over the few rows that it may find.
//!
//! The rows kept for a search are all it can find and maybe more: its own filter is tried on them
//! again, so that its result is what it would be alone.

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
use crate::exec::Executor;
use crate::exec::frame::reader::field;
use crate::exec::frame::{Frame, column, polars_error};
use crate::exec::operators::join::joined_schema;
use crate::exec::shared_scan::requests::{ScanRequest, ScanSource};
use crate::exec::shared_scan::router::{EMPTY_SET, QueryRouter};
use crate::plan::schema::Schema;
use crate::plan::tuning::RuleId;
use crate::plan::{Plan, Predicate};
use crate::value::Type;

/// The column that holds a row's set of searches.
const SETS: &str = "\0sets";

/// The rows that a search may find, among those found for all searches.
#[derive(Clone)]
pub struct Found {
    /// Rows of one place after those of the other, and which of them.
    pieces: Vec<(Arc<DataFrame>, Schema, Vec<u32>)>,
    /// The columns that the search would see.
    schema: Arc<Schema>,
}

impl Executor<'_> {
    /// Looks for what all of these plans ask first, and keeps what it finds with the data for
    /// those who run them. A plan that can't be served so reads the rows itself.
    ///
    /// # Errors
    /// That the user asked to stop.
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
            // What is wrong is told to the search that asks for it.
            if let Ok(found) = looked {
                self.data.keep_found(found);
            }
        }
        Ok(())
    }

    /// The rows of a data set that filters may find, or the innermost of them, if they were looked
    /// for.
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

    /// Whether the rows of a data set that filters may find were looked for.
    pub(super) fn is_found_in_model(&self, filtered: &Plan) -> bool {
        self.data.found(|| model_key(filtered)).is_some()
    }

    /// The events that a search may find, in any order, if they were looked for.
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

/// The columns that formulas test, as expressions.
fn tested(names: &[String]) -> Option<(Lazy, Vec<Lazy>)> {
    let mut columns = names.iter().map(|name| column(name));
    Some((columns.next()?, columns.collect()))
}

/// Whether a search is there that may find a row and has room for it.
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

/// The set of searches that may find a row.
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

/// Takes the column of sets out of rows.
fn without_sets(mut rows: DataFrame) -> Result<(DataFrame, Vec<u32>)> {
    let sets = rows.drop_in_place(SETS).map_err(polars_error)?;
    let sets = sets.u32().map_err(polars_error)?;
    let sets = sets.iter().map(|set| set.unwrap_or(EMPTY_SET)).collect();
    Ok((rows, sets))
}

/// The columns of all these schemas.
fn all_columns<'s>(schemas: impl Iterator<Item = &'s Schema>) -> Arc<Schema> {
    Arc::new(joined_schema(schemas))
}
