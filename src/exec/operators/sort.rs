//! Sorting by encoded keys; adjacent key fields are combined into one integer.
//!
//! A sort with a limit (top-k) filters rows that can't be among the first while they are read,
//! before columns are read or computed that only other rows need.

use std::cmp::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use polars::prelude::{Column, DataType, Expr as Lazy, Field};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::engine::fences::{has_filter, optimization_fence, with_view_gc};
use crate::exec::frame::broadcast::broadcast_len;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::time_order::stable;
use crate::exec::frame::time_order::{BY_TIME, by_time};
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column};
use crate::exec::kernels::sort_encoding::{EncodedKey, encode_keys, is_address};
use crate::plan::{Assignment, Plan, Projection, Scan, SortKey, SortOrder, Target};
use crate::value::Type;

impl Executor<'_> {
    /// Sorts rows; with a limit, keeps the first ones.
    ///
    /// # Errors
    /// If lowering the input fails.
    pub(in crate::exec) fn sort(
        &self,
        input: &Plan,
        keys: &[SortKey],
        limit: usize,
        topk_filter: bool,
        merge: bool,
    ) -> Result<Frame> {
        let (frame, newest_first) = match merge {
            true => self.lower_unordered(input)?,
            false => (self.lower(input)?, false),
        };
        let there: Vec<&SortKey> = keys.iter().filter(|k| frame.has(&k.field)).collect();
        let frame = match there.as_slice() {
            [first, others @ ..] if topk_filter => {
                let mut frame = frame;
                if has_filter(&frame.lazy) {
                    // Fenced, so that only filtered rows count.
                    frame.lazy = optimization_fence(frame.lazy);
                }
                frame = topk(frame, &[first], limit);
                if !others.is_empty() {
                    // Fenced, so that the first field alone decides which rows are read.
                    frame.lazy = optimization_fence(frame.lazy);
                    frame = topk(frame, &there, limit);
                }
                frame
            }
            _ => frame,
        };
        let mut sorted = match (there.is_empty(), newest_first) {
            (true, true) => by_time(frame),
            (_, newest_first) => sorted(frame, keys, newest_first),
        };
        if limit > 0 {
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            sorted.lazy = sorted.lazy.limit(limit);
        }
        Ok(sorted)
    }

    /// The rows of a plan in any order, and whether they must still be sorted by time: a sort adds
    /// one key for that, which is cheaper than sorting twice.
    pub(in crate::exec) fn lower_unordered(&self, plan: &Plan) -> Result<(Frame, bool)> {
        let of_input = |input: &Plan| self.lower_unordered(input);
        let (frame, newest_first) = match plan {
            Plan::Physical { node, .. } => return self.lower_unordered(node),
            Plan::Scan(Scan::Events) => (self.events(false)?, self.precomputed_events.is_none()),
            Plan::Filter { input, predicate } => match input.as_ref() {
                Plan::Scan(Scan::Events) => (
                    self.found(predicate, false)?,
                    self.precomputed_events.is_none(),
                ),
                Plan::Scan(_) => return Ok((self.lower(plan)?, false)),
                _ => {
                    let (frame, newest_first) = of_input(input)?;
                    (self.filter(frame, predicate, false)?, newest_first)
                }
            },
            Plan::Extend { input, columns } if columns.iter().all(leaves_time) => {
                let (mut frame, newest_first) = of_input(input)?;
                for assignment in columns {
                    frame = self.assign(frame, assignment)?;
                }
                (frame, newest_first)
            }
            Plan::Project {
                input,
                mode: mode @ Projection::Keep,
                fields,
            } => {
                let (frame, newest_first) = of_input(input)?;
                (
                    crate::exec::operators::project::project(frame, *mode, fields),
                    newest_first,
                )
            }
            _ => return Ok((self.lower(plan)?, false)),
        };
        Ok((self.flush_if_deep(frame)?, newest_first))
    }
}

/// Whether a plan gives events newest first, whose order a sort can bring about by one more key: the plans
/// that [`Executor::lower_unordered`] lowers without sorting.
pub(in crate::exec) fn absorbs_scan_order(plan: &Plan) -> bool {
    match plan.without_marks() {
        Plan::Scan(scan) => matches!(scan, Scan::Events),
        Plan::Filter { input, .. }
        | Plan::Project {
            input,
            mode: Projection::Keep,
            ..
        } => absorbs_scan_order(input),
        Plan::Extend { input, columns } => {
            columns.iter().all(leaves_time) && absorbs_scan_order(input)
        }
        _ => false,
    }
}

/// Whether an assignment can't change the time of a row.
fn leaves_time(assignment: &Assignment) -> bool {
    matches!(&assignment.target, Target::Field(name) if name != BY_TIME)
}

/// Sorts rows by the existing keys. Rows with equal keys stay in order, or come newest first.
pub(in crate::exec) fn sorted(frame: Frame, keys: &[SortKey], newest_first: bool) -> Frame {
    let mut by: Vec<Lazy> = Vec::new();
    let mut descending: Vec<bool> = Vec::new();
    let mut run: Vec<&SortKey> = Vec::new();
    for key in keys.iter().filter(|k| frame.has(&k.field)) {
        let numbers = matches!(frame.kind(&key.field), Type::Number | Type::Time);
        if numbers && !matches!(key.order, SortOrder::Text | SortOrder::Address) {
            flush(&mut run, &mut by, &mut descending);
            by.push(column(&key.field));
            descending.push(key.descending);
        } else {
            run.push(key);
        }
    }
    flush(&mut run, &mut by, &mut descending);
    if newest_first && frame.kind(BY_TIME) == Type::Time {
        by.push(column(BY_TIME));
        descending.push(true);
    }
    if by.is_empty() {
        return frame;
    }
    let nulls_last = vec![true; by.len()];
    let options = stable()
        .with_order_descending_multi(descending)
        .with_nulls_last_multi(nulls_last);
    Frame {
        lazy: with_view_gc(frame.lazy).sort_by_exprs(by, options),
        schema: frame.schema,
    }
}

/// Combines adjacent keys into one encoded key.
fn flush(run: &mut Vec<&SortKey>, by: &mut Vec<Lazy>, descending: &mut Vec<bool>) {
    let keys: Vec<(SortOrder, bool)> = run.iter().map(|k| (k.order, k.descending)).collect();
    let mut inputs: Vec<Lazy> = run.drain(..).map(|k| column(&k.field)).collect();
    if inputs.is_empty() {
        return;
    }
    let first = inputs.remove(0);
    // Needs all rows: ranks are relative to all of them.
    by.push(first.apply_many(
        move |columns: &mut [Column]| encode_keys(columns, &keys),
        &inputs,
        |_, fields| Ok(Field::new(fields[0].name().clone(), DataType::UInt64)),
    ));
    descending.push(false);
}

/// Keeps the rows that may be among the first `limit` by these keys, and possibly more.
fn topk(frame: Frame, keys: &[&SortKey], limit: usize) -> Frame {
    let orders: Vec<(SortOrder, bool)> = keys
        .iter()
        .map(|key| match (key.order, frame.kind(&key.field)) {
            (SortOrder::Auto | SortOrder::Value, Type::Number | Type::Time) => {
                (SortOrder::Number, key.descending)
            }
            (order, _) => (order, key.descending),
        })
        .collect();
    let mut inputs: Vec<Lazy> = keys.iter().map(|k| column(&k.field)).collect();
    let first = inputs.remove(0);
    // For a predicate on a single column, Polars' Parquet reader also evaluates values that no row
    // has, and placeholders of missing values. Passing the column twice makes it evaluate rows.
    inputs.push(first.clone());
    let bound: Arc<TopKThreshold> = Arc::default();
    let keep = first.map_many(
        move |columns: &mut [Column]| Ok(push_topk_filter(columns, &orders, limit, &bound)),
        &inputs,
        |_, fields| Ok(field(fields[0].name(), Type::Bool)),
    );
    Frame {
        lazy: frame.lazy.filter(keep),
        schema: frame.schema,
    }
}

/// The key of the last of the first rows so far.
type TopKThreshold = RwLock<Option<Vec<Option<EncodedKey<'static>>>>>;

/// Whether each row is not behind `limit` others, among those seen here or before.
fn push_topk_filter(
    columns: &[Column],
    orders: &[(SortOrder, bool)],
    limit: usize,
    bound: &TopKThreshold,
) -> Column {
    let height = broadcast_len(columns);
    let cells: Vec<ValueReader<'_>> = columns.iter().map(ValueReader::new).collect();
    let place = |key: usize, row: usize| {
        let row = if columns[key].len() == 1 { 0 } else { row };
        EncodedKey::of(cells[key].get(row), orders[key].0)
    };
    let compare = |key: usize, a: &Option<EncodedKey<'_>>, b: &Option<EncodedKey<'_>>| match (a, b)
    {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) if orders[key].1 => b.compare(a),
        (Some(a), Some(b)) => a.compare(b),
    };
    let mut kept: Vec<usize> = match &*bound.read().unwrap_or_else(PoisonError::into_inner) {
        None => (0..height).collect(),
        Some(bound) => {
            let not_behind = |row: &usize| {
                let each = bound.iter().enumerate();
                each.map(|(key, bound)| compare(key, &place(key, *row), bound))
                    .find(|order| order.is_ne())
                    .is_none_or(Ordering::is_lt)
            };
            (0..height).filter(not_behind).collect()
        }
    };
    let last = |row: usize| -> Vec<Option<EncodedKey<'static>>> {
        let each = (0..orders.len()).map(|key| place(key, row));
        each.map(|place| place.map(EncodedKey::into_owned))
            .collect()
    };
    let rows = |a: usize, b: usize| {
        (0..orders.len())
            .map(|key| compare(key, &place(key, a), &place(key, b)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    if kept.len() >= limit {
        let mut ranked = kept.clone();
        let (_, at, _) = ranked.select_nth_unstable_by(limit - 1, |a, b| rows(*a, *b));
        let at = *at;
        kept.retain(|row| rows(*row, at).is_le());
        let tighter = last(at);
        let mut bound = bound.write().unwrap_or_else(PoisonError::into_inner);
        let closer = |bound: &Vec<Option<EncodedKey<'static>>>| {
            let each = tighter.iter().zip(bound).enumerate();
            each.map(|(key, (new, old))| compare(key, new, old))
                .find(|order| order.is_ne())
                .is_some_and(Ordering::is_lt)
        };
        if bound.as_ref().is_none_or(closer) {
            *bound = Some(tighter);
        }
    }
    let mut keep = vec![false; height];
    kept.into_iter().for_each(|row| keep[row] = true);
    // Only all rows together tell whether a field is sorted by address.
    for (cells, (column, order)) in cells.iter().zip(columns.iter().zip(orders)) {
        if order.0 == SortOrder::Auto {
            for (row, keep) in keep.iter_mut().enumerate().filter(|(_, keep)| !**keep) {
                let row = if column.len() == 1 { 0 } else { row };
                *keep = is_address(&cells.get(row));
            }
        }
    }
    Column::new(columns[0].name().clone(), keep)
}

#[cfg(test)]
mod tests {
    use std::sync::RwLock;

    use polars::prelude::Column;

    use super::{TopKThreshold, push_topk_filter};
    use crate::plan::SortOrder;

    #[test]
    fn only_rows_that_are_behind_enough_others_are_left_out() {
        let keys = [(SortOrder::Number, true)];
        let bound: TopKThreshold = RwLock::default();
        let kept = |numbers: &[Option<f64>]| {
            let column = Column::new("n".into(), numbers);
            let kept = push_topk_filter(&[column], &keys, 2, &bound);
            let kept = kept.bool().expect("conditions").clone();
            kept.iter().flatten().collect::<Vec<bool>>()
        };
        assert_eq!(kept(&[Some(1.0), None]), [true, true]);
        let first = kept(&[Some(5.0), Some(7.0), None, Some(5.0), Some(1.0)]);
        assert_eq!(first, [true, true, false, true, false]);
        assert_eq!(
            kept(&[Some(4.0), Some(5.0), Some(6.0)]),
            [false, true, true]
        );
        assert_eq!(kept(&[Some(8.0), Some(9.0), None]), [true, true, false]);
        assert_eq!(kept(&[Some(7.0), Some(8.0)]), [false, true]);
    }
}
