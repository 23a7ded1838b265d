//! Limits the output of many-to-many joins.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::{Column, DataFrame, DataType, Expr as Lazy, LazyFrame, PolarsResult, len};

use crate::error::{Error, Result};
use crate::exec::context::Executor;
use crate::exec::engine::fences::collect;
use crate::exec::expr::scalar::stop;
use crate::exec::frame::broadcast::broadcast_len;
use crate::exec::frame::column;
use crate::source::Span;

/// The column with the number of rows per key.
const FANOUT: &str = "__partners";

impl Executor<'_> {
    /// The first of the keys, unchanged, as an expression that fails once the rows evaluated have
    /// more matches in total than a join may return. Returns `None` if no key occurs several times.
    pub(in crate::exec) fn limit_join_fanout(
        &self,
        partners: LazyFrame,
        keys: &[Lazy],
        fields: &[String],
        span: Span,
    ) -> Result<Option<Lazy>> {
        let several = partners
            .group_by(keys)
            .agg([len().alias(FANOUT)])
            .filter(column(FANOUT).gt(1));
        let several = collect(several).map_err(|e| self.failed(e))?;
        if several.height() == 0 {
            return Ok(None);
        }
        let counts = KeyCardinalities::of(&several).map_err(|e| self.failed(e))?;
        let most = self.context.limits.joined_rows;
        let made = AtomicUsize::new(0);
        let failure = Arc::clone(&self.failure);
        let fields = fields.to_vec();
        let run = move |columns: &mut [Column]| {
            let found = counts.partners(columns)?;
            if made.fetch_add(found, Ordering::Relaxed) + found > most {
                return Err(stop(&failure, counts.too_many(&fields, most, span)));
            }
            Ok(columns[0].clone())
        };
        let bounded = keys[0]
            .clone()
            .map_many(run, &keys[1..], |_, fields| Ok(fields[0].clone()));
        Ok(Some(bounded))
    }
}

/// The number of rows per key; keys with a single row are omitted.
struct KeyCardinalities {
    several: HashMap<Vec<u8>, usize>,
    /// The most common key, and its number of rows.
    commonest: (Vec<String>, usize),
}

impl KeyCardinalities {
    /// Builds the counts from a frame of keys and their row counts.
    fn of(several: &DataFrame) -> PolarsResult<KeyCardinalities> {
        let (counts, keys) = several
            .columns()
            .split_last()
            .expect("there is a column of counts");
        let counts = counts.cast(&DataType::UInt64)?;
        let counts = counts.u64()?;
        let mut made = KeyCardinalities {
            several: HashMap::with_capacity(several.height()),
            commonest: (Vec::new(), 0),
        };
        let mut best = None;
        each_key(keys, |row, key| {
            let count = counts.get(row).unwrap_or_default() as usize;
            if count > made.commonest.1 {
                made.commonest.1 = count;
                best = Some(row);
            }
            made.several.insert(key.to_vec(), count);
        })?;
        if let Some(row) = best {
            let text = |key: &Column| Ok(key.str()?.get(row).unwrap_or_default().to_owned());
            made.commonest.0 = keys.iter().map(text).collect::<PolarsResult<_>>()?;
        }
        Ok(made)
    }

    /// The total number of matches for keys that occur several times.
    fn partners(&self, keys: &[Column]) -> PolarsResult<usize> {
        let mut found = 0;
        each_key(keys, |_, key| {
            found += self.several.get(key).copied().unwrap_or_default();
        })?;
        Ok(found)
    }

    fn too_many(&self, fields: &[String], most: usize, span: Span) -> Error {
        let (values, count) = &self.commonest;
        let pairs: Vec<String> = fields
            .iter()
            .zip(values)
            .map(|(field, value)| format!("{field}={value:?}"))
            .collect();
        Error::argument(
            span,
            format!(
                "`join` would make more than {most} rows: {count} rows of the subsearch alone have {}",
                pairs.join(" ")
            ),
        )
        .hint("join by more selective fields, leave out uninformative values, or take fewer matches with max=<N>")
    }
}

/// Calls `each` with the index and the composite key of every row that has all keys.
fn each_key(keys: &[Column], mut each: impl FnMut(usize, &[u8])) -> PolarsResult<()> {
    let columns = keys
        .iter()
        .map(Column::str)
        .collect::<PolarsResult<Vec<_>>>()?;
    let mut key = Vec::new();
    'rows: for row in 0..broadcast_len(keys) {
        key.clear();
        for column in &columns {
            let Some(value) = column.get(row) else {
                continue 'rows;
            };
            key.extend_from_slice(&value.len().to_le_bytes());
            key.extend_from_slice(value.as_bytes());
        }
        each(row, &key);
    }
    Ok(())
}
