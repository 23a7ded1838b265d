//! Joins and unions of two inputs.

use std::borrow::Cow;

use polars::prelude::{
    Expr as Lazy, JoinType, MaintainOrderJoin, UnionArgs, UniqueKeepStrategy, concat, lit, when,
};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::{Frame, cast, column, missing, polars_error};
use crate::exec::optimize::runtime_filter::collect_in_list;
use crate::exec::scan::summaries::height;
use crate::plan::Plan;
use crate::plan::optimize::filter_through_aggregate::push_filter_through_aggregate;
use crate::plan::schema::Schema;
use crate::source::Span;
use crate::value::Type;

/// The columns of all schemas, in order of appearance.
pub(in crate::exec) fn joined_schema<'s>(schemas: impl Iterator<Item = &'s Schema>) -> Schema {
    let mut all = Schema::new();
    for schema in schemas {
        for (name, kind) in schema {
            let joined = all.get(name).map_or(*kind, |k: &Type| k.join(*kind));
            all.insert(name.clone(), joined);
        }
    }
    all
}

/// Join options; see [`Plan::Join`].
pub(in crate::exec) struct JoinSpec<'p> {
    pub fields: &'p [String],
    pub outer: bool,
    pub overwrite: bool,
    pub max: usize,
    pub span: Span,
}

impl Executor<'_> {
    /// Concatenates all inputs, with the union of their columns.
    pub(in crate::exec) fn union(&self, frames: Vec<Frame>) -> Result<Frame> {
        let schema = joined_schema(frames.iter().map(|frame| &frame.schema));
        self.union_as(frames, schema)
    }

    /// Concatenates frames, with the columns of a schema that contains all of theirs.
    pub(in crate::exec) fn union_as(&self, frames: Vec<Frame>, schema: Schema) -> Result<Frame> {
        let lazy: Vec<_> = frames
            .into_iter()
            .map(|frame| {
                let columns: Vec<Lazy> = schema
                    .iter()
                    .map(|(name, kind)| {
                        let from = frame.kind(name);
                        let value = match frame.has(name) {
                            false => missing(*kind),
                            true if *kind == Type::Number && from == Type::Number => {
                                column(name).cast(polars::prelude::DataType::Float64)
                            }
                            true => cast(column(name), from, *kind),
                        };
                        value.alias(name.as_str())
                    })
                    .collect();
                // Not one `select`, which would return one row for a frame without any of the
                // columns.
                Frame {
                    lazy: frame.lazy.with_columns(columns),
                    schema: schema.clone(),
                }
                .select(schema.keys().cloned().collect())
                .lazy
            })
            .collect();
        let lazy = concat(lazy, UnionArgs::default()).map_err(polars_error)?;
        Ok(Frame { lazy, schema })
    }

    /// Joins with a subsearch, executing one side first if that allows reading less of the other.
    pub(in crate::exec) fn push_build_keys(
        &self,
        left: &Plan,
        right: &Plan,
        join: impl FnOnce(Frame, Frame) -> Result<Frame>,
        inner_by: Option<&[String]>,
    ) -> Result<Frame> {
        if let Plan::Subquery { input, .. } = right
            && !self.is_large_scan(left)
            && self.is_large_scan(input)
        {
            let rows = self.lower(left)?;
            let rows = self.computed_frame(rows)?;
            // If the left side is empty, the right side need not run.
            if height(&rows)? == 0 {
                let partners = self.lower(input)?.emptied();
                return Ok(join(rows, partners)?.emptied());
            }
            return join(rows, self.lower(right)?);
        }
        let partners = self.lower(right)?;
        let Some(fields) = inner_by else {
            return join(self.lower(left)?, partners);
        };
        match self.partnered(left, &partners, fields)? {
            Some(left) => join(self.lower(&left)?, partners),
            None => Ok(join(self.lower(left)?, partners)?.emptied()),
        }
    }

    /// Restricts the left plan to the keys of the computed right side: if they are few, groups with
    /// other keys are not computed. Returns `None` if no row can match.
    fn partnered<'p>(
        &self,
        left: &'p Plan,
        partners: &Frame,
        fields: &[String],
    ) -> Result<Option<Cow<'p, Plan>>> {
        let mut left = Cow::Borrowed(left);
        for field in fields.iter().filter(|field| partners.has(field)) {
            let mut keys = partners.clone().select(vec![field.clone()]);
            keys.lazy = keys.lazy.drop_nulls(None);
            keys.lazy = keys.lazy.unique(None, UniqueKeepStrategy::Any);
            let keys = self.collect(keys)?;
            if keys.is_empty() {
                return Ok(None);
            }
            if partners.kind(field) != Type::Time
                && let Some(values) = collect_in_list(&keys, 0, self.context.tuning.max_in_list)
                && let Some(fewer) = push_filter_through_aggregate(&left, field, &values)
            {
                left = Cow::Owned(fewer);
            }
        }
        Ok(Some(left))
    }

    /// Joins rows with equal values in some fields.
    ///
    /// # Errors
    /// If Polars rejects the keys, or the join exceeds the limit of joined rows.
    pub(in crate::exec) fn join(
        &self,
        left: Frame,
        right: Frame,
        by: &JoinSpec<'_>,
    ) -> Result<Frame> {
        let JoinSpec {
            fields,
            outer,
            overwrite,
            max,
            span,
        } = *by;
        // Read twice then: to count the rows per key, and to join.
        let right = match max {
            1 => right,
            _ => self.computed_frame(right)?,
        };
        let fields: Vec<String> = if fields.is_empty() {
            left.schema
                .keys()
                .filter(|n| right.has(n) && !n.starts_with('_'))
                .cloned()
                .collect()
        } else {
            fields.to_vec()
        };
        if fields.is_empty() || !fields.iter().all(|f| left.has(f) && right.has(f)) {
            let lazy = if outer {
                left.lazy
            } else {
                left.lazy.filter(lit(false))
            };
            return Ok(Frame {
                lazy,
                schema: left.schema,
            });
        }
        let key = |i: usize| format!("__key{i}");
        let with_keys = |frame: &Frame| {
            let keys: Vec<Lazy> = fields
                .iter()
                .enumerate()
                .map(|(i, f)| cast(column(f), frame.kind(f), Type::Text).alias(key(i)))
                .collect();
            frame.lazy.clone().with_columns(keys)
        };
        let keys: Vec<Lazy> = (0..fields.len()).map(|i| column(&key(i))).collect();
        let mut partners = with_keys(&right);
        if max > 0 {
            let rank = keys[0]
                .clone()
                .is_null()
                .cum_count(false)
                .over(keys.clone())
                .map_err(polars_error)?;
            partners = partners
                .with_column(rank.alias("__rank"))
                .filter(column("__rank").lt_eq(lit(max as i64)));
        }
        let added: Vec<&String> = right
            .schema
            .keys()
            .filter(|n| !fields.contains(n))
            .collect();
        let mut right_columns = keys.clone();
        right_columns.extend(
            added
                .iter()
                .map(|n| column(n).alias(format!("__right_{n}"))),
        );
        right_columns.push(lit(true).alias("__found"));
        let how = if outer {
            JoinType::Left
        } else {
            JoinType::Inner
        };
        let mut left_rows = with_keys(&left);
        if max != 1 {
            let bounded = self.limit_join_fanout(partners.clone(), &keys, &fields, span)?;
            left_rows = left_rows.with_columns(bounded.into_iter().collect::<Vec<_>>());
        }
        let joined = left_rows
            .join_builder()
            .with(partners.select(right_columns))
            .left_on(&keys)
            .right_on(&keys)
            .how(how)
            .maintain_order(MaintainOrderJoin::LeftRight)
            .finish();
        let mut schema = left.schema.clone();
        let mut out: Vec<Lazy> = left
            .schema
            .keys()
            .filter(|n| !added.contains(n))
            .map(|n| column(n))
            .collect();
        for name in added {
            let from_right = column(&format!("__right_{name}"));
            let right_kind = right.kind(name);
            let (value, kind) = if left.has(name) {
                let kind = left.kind(name).join(right_kind);
                let ours = cast(column(name), left.kind(name), kind);
                let theirs = cast(from_right, right_kind, kind);
                let value = if overwrite {
                    when(column("__found").is_not_null())
                        .then(theirs)
                        .otherwise(ours)
                } else {
                    ours.fill_null(theirs)
                };
                (value, kind)
            } else {
                (from_right, right_kind)
            };
            out.push(value.alias(name.as_str()));
            schema.insert(name.clone(), kind);
        }
        let ordered: Vec<Lazy> = schema.keys().map(|n| column(n)).collect();
        Ok(Frame {
            lazy: joined.select(out).select(ordered),
            schema,
        })
    }
}
