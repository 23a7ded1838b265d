//! Lookup tables: scanned as rows, or matched to add columns.

pub(in crate::exec) mod index;
pub(in crate::exec) mod prepared;

use std::sync::Arc;

use polars::prelude::{
    BooleanChunked, Column, Expr as Lazy, IntoColumn as _, NewChunkedArray as _,
};

use crate::error::{Error, ErrorKind, Result};
use crate::exec::context::Executor;
use crate::exec::engine::fences::{has_file_scan, optimization_fence};
use crate::exec::frame::broadcast::broadcast;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::field;
use crate::exec::frame::{Frame, column, polars_error};
use crate::exec::kernels::dictionary::Dictionary;
use crate::exec::kernels::memo::TextMemo;
use crate::exec::operators::lookup::index::{KeyMatcher, LookupIndex, Times};
use crate::exec::operators::lookup::prepared::PreparedLookup;
use crate::exec::scan::summaries::height;
use crate::knowledge::lookups::{LookupDefinition, LookupTable};
use crate::plan::Predicate;
use crate::plan::optimize::key_probe::referenced_columns;
use crate::plan::table::{Table, type_of_values};
use crate::syntax::ast::Name;
use crate::value::{Type, Value};

impl Executor<'_> {
    /// The rows of a lookup table.
    ///
    /// # Errors
    /// If the lookup is not defined, or its file can't be read.
    pub(in crate::exec) fn lookup_table(&self, name: &Name) -> Result<Frame> {
        let (_, table) = self.load(name)?;
        let mut out = Table::new(table.rows.len());
        for (at, column) in table.columns.iter().enumerate() {
            let values = table
                .rows
                .iter()
                .map(|row| match row.get(at).and_then(Option::as_ref) {
                    Some(text) => Value::text(text.clone()),
                    None => Value::Null,
                })
                .collect();
            out.set(column.clone(), Type::Text, values);
        }
        Frame::from_table(out)
    }

    fn load(&self, name: &Name) -> Result<(LookupDefinition, LookupTable)> {
        let definition = self
            .context
            .catalog
            .find_lookup(&name.text)
            .map_err(|e| e.at(name.span))?;
        if let Some(why) = definition.unavailable() {
            self.context.notice(why);
        }
        let table = definition.load().map_err(|e| e.at(name.span))?;
        Ok((definition, table))
    }

    /// Adds columns from matching lookup rows. Rows without a match may be missing if `taken_by`, a
    /// filter above, drops them anyway.
    /// <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Lookup>
    ///
    /// # Errors
    /// If scanning the table fails, or it lacks a column.
    pub(in crate::exec) fn lookup(
        &self,
        mut frame: Frame,
        lookup: &Name,
        keys: &[(Name, Name)],
        outputs: &[(Name, Name)],
        overwrite: bool,
        taken_by: Option<&Predicate>,
    ) -> Result<Frame> {
        let ready = Arc::new(self.ready_lookup(lookup, keys, outputs)?);
        if !is_lazy(self, &frame, &ready, keys) {
            return self.looked_up_at_once(frame, &ready, keys, overwrite);
        }
        if let Some(predicate) = taken_by
            && !self.accepts_unmatched(&frame, &ready, keys, predicate)?
        {
            frame = semi_join(frame, &ready, keys);
        }
        Ok(append_outputs(frame, ready, keys, overwrite))
    }

    /// Like `lookup`, but collects the rows.
    fn looked_up_at_once(
        &self,
        frame: Frame,
        ready: &PreparedLookup,
        keys: &[(Name, Name)],
        overwrite: bool,
    ) -> Result<Frame> {
        let mut schema = frame.schema.clone();
        let rows = self.collect(frame)?;
        let cells: Vec<Option<ValueReader<'_>>> = ready
            .inputs(keys)
            .map(|field| rows.frame().column(field).ok().map(ValueReader::new))
            .collect();
        let there: Vec<ValueReader<'_>> = cells.iter().flatten().copied().collect();
        let distinct = Dictionary::of(&there, rows.len());
        let mut made: Vec<Vec<Value<'static>>> = vec![Vec::new(); ready.outputs.len()];
        for (count, &row) in distinct.firsts.iter().enumerate() {
            self.context.check_cancelled_at(count)?;
            let values: Vec<Value<'_>> = cells
                .iter()
                .map(|c| c.map_or(Value::Null, |c| c.get(row)))
                .collect();
            let found = ready.matcher.find(&values);
            for ((at, _), out) in ready.outputs.iter().zip(&mut made) {
                out.push(ready.value(&found, *at));
            }
        }
        let mut columns = Vec::new();
        for ((_, target), values) in ready.outputs.iter().zip(made) {
            let (kind, column) = column_of(target, &values);
            let column = distinct.gather(&column).map_err(polars_error)?;
            let (kind, column) = match rows.frame().column(target) {
                Ok(old) => merged(old, &column, overwrite),
                Err(_) => (kind, column),
            };
            schema.insert(target.clone(), kind);
            columns.push(column);
        }
        let mut frame = rows.frame().clone();
        for column in columns {
            frame.with_column(column).map_err(polars_error)?;
        }
        Ok(Frame::typed(frame, schema))
    }

    /// Like `lookup`, for automatic lookups, most of whose columns a search does not read: computes
    /// only the columns and rows in use.
    ///
    /// # Errors
    /// As for [`Executor::lookup`].
    pub(in crate::exec) fn automatic(
        &self,
        frame: Frame,
        lookup: &Name,
        keys: &[(Name, Name)],
        outputs: &[(Name, Name)],
        overwrite: bool,
    ) -> Result<Frame> {
        let ready = Arc::new(self.ready_lookup(lookup, keys, outputs)?);
        if self.materialize_all || !has_inputs(&frame, &ready, keys) {
            return self.looked_up_at_once(frame, &ready, keys, overwrite);
        }
        Ok(append_outputs(frame, ready, keys, overwrite))
    }

    /// Whether a filter may accept rows without a match. False only if that is known in advance,
    /// and the single key identifies such rows.
    fn accepts_unmatched(
        &self,
        frame: &Frame,
        ready: &PreparedLookup,
        keys: &[(Name, Name)],
        predicate: &Predicate,
    ) -> Result<bool> {
        let ([(_, key)], Some(looked_at)) = (keys, referenced_columns(predicate)) else {
            return Ok(true);
        };
        let is_known = !ready.matcher.is_temporal()
            && frame.kind(&key.text) == Type::Text
            && ready.defines_all(&looked_at, |field| frame.has(field));
        if !is_known {
            return Ok(true);
        }
        self.accepts_null(ready, predicate)
    }

    /// Whether a filter accepts a row that contains only the lookup's outputs for no match.
    ///
    /// # Errors
    /// If filtering fails.
    pub(in crate::exec) fn accepts_null(
        &self,
        ready: &PreparedLookup,
        predicate: &Predicate,
    ) -> Result<bool> {
        let mut unknown = Table::new(1);
        for (at, target) in &ready.outputs {
            unknown.set(target.clone(), Type::Text, vec![ready.value(&[], *at)]);
        }
        let taken = self.filter(Frame::from_table(unknown)?, predicate, false)?;
        Ok(height(&taken)? > 0)
    }

    /// Loads a lookup's table and resolves its key and output columns.
    ///
    /// # Errors
    /// If the lookup is not defined, its file can't be read, or the table lacks a column.
    pub(in crate::exec) fn ready_lookup(
        &self,
        lookup: &Name,
        keys: &[(Name, Name)],
        outputs: &[(Name, Name)],
    ) -> Result<PreparedLookup> {
        let (definition, table) = self.load(lookup)?;
        let index = |name: &Name| {
            table
                .columns
                .iter()
                .position(|c| *c == name.text)
                .ok_or_else(|| {
                    Error::new(ErrorKind::BadArgument(format!(
                        "the lookup `{}` has no column `{}`",
                        lookup.text, name.text
                    )))
                    .at(name.span)
                    .hint(format!("its columns: {}", table.columns.join(", ")))
                    .did_you_mean(&name.text, table.columns.iter().map(String::as_str))
                })
        };
        let mut tests = Vec::new();
        for (column, _) in keys {
            tests.push(KeyMatcher::new(&definition, index(column)?, &column.text));
        }
        let outputs: Vec<(usize, String)> = if outputs.is_empty() {
            let is_key = |c: &String| keys.iter().any(|(k, _)| k.text == *c);
            let all = table.columns.iter().enumerate();
            all.filter(|(_, c)| !is_key(c))
                .map(|(at, c)| (at, c.clone()))
                .collect()
        } else {
            outputs
                .iter()
                .map(|(column, target)| Ok((index(column)?, target.text.clone())))
                .collect::<Result<_>>()?
        };
        let clock = &self.context.clock;
        let times = Times::of(&definition, &table, |text, format| {
            crate::time::strptime(text, format, clock.now, clock.zone)
        });
        let matcher = LookupIndex::new(&definition, table, tests, times);
        Ok(PreparedLookup::new(definition, outputs, matcher))
    }
}

/// Whether the columns can be computed lazily on rows from files. The resulting type of an existing
/// field of another type depends on its values.
fn is_lazy(
    executor: &Executor<'_>,
    frame: &Frame,
    ready: &PreparedLookup,
    keys: &[(Name, Name)],
) -> bool {
    let of_text =
        |(_, target): &(usize, String)| matches!(frame.schema.get(target), None | Some(Type::Text));
    let lazily = !executor.materialize_all && has_file_scan(&frame.lazy);
    lazily && has_inputs(frame, ready, keys) && ready.outputs.iter().all(of_text)
}

/// Whether there are keys, and all key fields exist, and the time if the lookup is temporal.
fn has_inputs(frame: &Frame, ready: &PreparedLookup, keys: &[(Name, Name)]) -> bool {
    !keys.is_empty() && ready.inputs(keys).all(|field| frame.has(field))
}

/// Keeps the rows whose single key matches a row of the table.
fn semi_join(frame: Frame, ready: &Arc<PreparedLookup>, keys: &[(Name, Name)]) -> Frame {
    let [(_, key)] = keys else {
        return frame;
    };
    let ready = Arc::clone(ready);
    let matches = column(&key.text).map(
        move |texts| {
            let mut known = TextMemo::default();
            let matches = texts.str()?.iter().map(|text| {
                text.is_some_and(|text| known.of(text, 0, || ready.matcher.matches(text)))
            });
            let name = texts.name().clone();
            Ok(BooleanChunked::from_iter_values(name, matches).into_column())
        },
        |_, f| Ok(field(f.name(), Type::Bool)),
    );
    Frame {
        lazy: optimization_fence(frame.lazy.filter(matches)),
        schema: frame.schema,
    }
}

/// Appends the output columns of a lookup, lazily.
fn append_outputs(
    frame: Frame,
    ready: Arc<PreparedLookup>,
    keys: &[(Name, Name)],
    overwrite: bool,
) -> Frame {
    let kind = ready.kind(&frame, keys);
    let count = ready.inputs(keys).count();
    let mut added = Vec::with_capacity(ready.outputs.len());
    for (at, target) in &ready.outputs {
        let old = frame.has(target).then(|| frame.kind(target));
        let joined = old.map_or(kind, |old| kind.join(old));
        let mut inputs: Vec<Lazy> = ready.inputs(keys).map(column).collect();
        inputs.extend(old.map(|_| column(target)));
        let first = inputs.remove(0);
        let (ready, at) = (Arc::clone(&ready), *at);
        let run = move |columns: &mut [Column]| {
            let columns = broadcast(columns);
            let (keys, old) = columns.split_at(count);
            let new = ready.column(keys, at, kind)?;
            let Some(old) = old.first() else {
                return Ok(new);
            };
            let (before, after) = (ValueReader::new(old), ValueReader::new(&new));
            let mut builder = Builder::new(old.name(), joined, old.len());
            for row in 0..old.len() {
                builder.push(coalesce_into(before.get(row), after.get(row), overwrite));
            }
            Ok(builder.finish())
        };
        let value = first.map_many(run, &inputs, move |_, fields| {
            Ok(field(fields[0].name(), joined))
        });
        added.push((target.clone(), joined, value));
    }
    frame.with(added)
}

/// Values as a column of their common type.
fn column_of(name: &str, values: &[Value<'_>]) -> (Type, Column) {
    let kind = match type_of_values(values) {
        Type::Null => Type::Text,
        kind => kind,
    };
    let mut builder = Builder::new(name, kind, values.len());
    for value in values {
        builder.push(value.borrowed());
    }
    (kind, builder.finish())
}

/// Merges a lookup's output into an existing column: `OUTPUT` overwrites where a row matched;
/// `OUTPUTNEW` only fills.
fn merged(old: &Column, new: &Column, overwrite: bool) -> (Type, Column) {
    let (before, after) = (ValueReader::new(old), ValueReader::new(new));
    let values: Vec<Value<'_>> = (0..old.len())
        .map(|row| coalesce_into(before.get(row), after.get(row), overwrite))
        .collect();
    column_of(old.name(), &values)
}

/// Merges a lookup's output into an existing value.
fn coalesce_into<'v>(old: Value<'v>, new: Value<'v>, overwrite: bool) -> Value<'v> {
    match (old, new) {
        (old, Value::Null) => old,
        (Value::Null, new) => new,
        (old, _) if !overwrite => old,
        (_, new) => new,
    }
}
