//! `eventstats` and similar: aggregates per group, joined back to the rows.

use polars::prelude::{Expr as Lazy, JoinType, MaintainOrderJoin, lit};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::{Frame, cast, column, missing};
use crate::exec::operators::aggregate::Grouping;
use crate::plan::schema::Schema;
use crate::plan::{AggregateCall, ByField};
use crate::value::Type;

impl Executor<'_> {
    /// Adds the aggregates of its group to each row. Rows that lack a `by` field get none.
    ///
    /// # Errors
    /// If an argument expression is invalid.
    pub(in crate::exec) fn window(
        &self,
        frame: Frame,
        aggregates: &[AggregateCall],
        by: &[ByField],
        all_numbers: bool,
    ) -> Result<Frame> {
        let names: Vec<String> = by.iter().map(|b| b.name.clone()).collect();
        let small = self.aggregate(
            frame.clone(),
            aggregates,
            &Grouping {
                by,
                fill: None,
                all_numbers,
                sorted: false,
            },
        )?;
        let added: Vec<(String, Type)> = small
            .schema
            .iter()
            .filter(|(n, _)| !names.contains(n))
            .map(|(n, k)| (n.clone(), *k))
            .collect();
        let key = |n: &String| {
            if frame.has(n) {
                cast(column(n), frame.kind(n), Type::Text)
            } else {
                missing(Type::Text)
            }
        };
        let left_keys: Vec<Lazy> = if names.is_empty() {
            vec![lit(1)]
        } else {
            names.iter().map(key).collect()
        };
        let temporary = |i: usize| format!("__by{i}");
        let left = frame.lazy.clone().with_columns(
            left_keys
                .iter()
                .enumerate()
                .map(|(i, k)| k.clone().alias(temporary(i)))
                .collect::<Vec<_>>(),
        );
        let mut right_columns: Vec<Lazy> = left_keys
            .iter()
            .enumerate()
            .map(|(i, k)| k.clone().alias(temporary(i)))
            .collect();
        right_columns.extend(
            added
                .iter()
                .map(|(n, _)| column(n).alias(format!("__added_{n}"))),
        );
        let right = small.lazy.select(right_columns);
        let keys: Vec<Lazy> = (0..left_keys.len())
            .map(|i| column(&temporary(i)))
            .collect();
        let joined = left
            .join_builder()
            .with(right)
            .left_on(&keys)
            .right_on(&keys)
            .how(JoinType::Left)
            .maintain_order(MaintainOrderJoin::Left)
            .finish();
        let kept: Vec<String> = frame
            .schema
            .keys()
            .filter(|n| !added.iter().any(|(a, _)| a == *n))
            .cloned()
            .collect();
        let mut out: Vec<Lazy> = kept.iter().map(|n| column(n)).collect();
        let mut schema: Schema = kept.iter().map(|n| (n.clone(), frame.kind(n))).collect();
        for (n, kind) in added {
            out.push(column(&format!("__added_{n}")).alias(n.as_str()));
            schema.insert(n, kind);
        }
        Ok(Frame {
            lazy: joined.select(out),
            schema,
        })
    }
}
