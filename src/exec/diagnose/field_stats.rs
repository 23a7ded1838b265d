//! Field statistics: the fields of events, with counts and examples.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::Expr as Lazy;

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::{Frame, column};
use crate::value::{Type, Value};

/// A field of the data.
#[derive(Clone, Debug, Default)]
pub struct FieldUse {
    /// The sourcetypes whose events have it.
    pub sourcetypes: BTreeSet<String>,
    /// Number of events that have it.
    pub rows: u64,
    /// An example value.
    pub example: Option<Value<'static>>,
}

impl Executor<'_> {
    /// The fields of events, by name.
    ///
    /// # Errors
    /// If a field rule can't be applied, or data can't be read.
    pub fn field_uses(&self) -> Result<BTreeMap<String, FieldUse>> {
        let mut uses: BTreeMap<String, FieldUse> = BTreeMap::new();
        for part in &self.data.events {
            let frame = self.in_range(self.with_fields(part)?);
            let names: Vec<String> = frame.schema.keys().cloned().collect();
            let rows = self.collect(counted(&frame, &names))?;
            for (at, name) in names.into_iter().enumerate() {
                let count = rows.value(0, 2 * at).as_number().unwrap_or(0.0) as u64;
                if count == 0 {
                    continue;
                }
                let found = uses.entry(name).or_default();
                found.rows += count;
                found.sourcetypes.insert(part.sourcetype.clone());
                if found.example.is_none() {
                    found.example = Some(rows.value(0, 2 * at + 1).into_owned());
                }
            }
        }
        Ok(uses)
    }
}

/// A single row with the count and the first value of each column.
fn counted(frame: &Frame, names: &[String]) -> Frame {
    let mut exprs: Vec<Lazy> = Vec::with_capacity(2 * names.len());
    let mut schema = crate::plan::schema::Schema::new();
    for (at, name) in names.iter().enumerate() {
        let (count, first) = (format!("count{at}"), format!("first{at}"));
        exprs.push(column(name).count().alias(count.as_str()));
        exprs.push(column(name).drop_nulls().first().alias(first.as_str()));
        schema.insert(count, Type::Number);
        schema.insert(first, frame.kind(name));
    }
    Frame {
        lazy: frame.lazy.clone().select(exprs),
        schema,
    }
}
