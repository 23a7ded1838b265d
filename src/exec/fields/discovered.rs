//! Fields named by the data: collects their source column to learn the names; all other columns
//! stay lazy.

use polars::lazy::dsl::concat_lf_horizontal;
use polars::prelude::{Column, DataFrame, Expr as Lazy, HConcatOptions, IntoLazy as _};

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::{field, type_of};
use crate::exec::frame::{Frame, cast, column, polars_error};
use crate::plan::Merge;
use crate::read::{Field, FieldColumns};
use crate::value::{Type, Value};

/// Reads the fields of one text.
pub(super) type ReadFields<'r> = dyn FnMut(&str, &mut Vec<Field<'static>>) -> Result<()> + 'r;

impl Executor<'_> {
    /// Adds the fields that `read` finds in the values of the field `from`, and returns their
    /// names. Without any, the frame stays as it is.
    pub(super) fn discovered(
        &self,
        frame: Frame,
        from: &str,
        merge: &dyn Fn(&str) -> Merge,
        read: &mut ReadFields<'_>,
    ) -> Result<(Frame, Vec<String>)> {
        // Skips events outside the time range of the search.
        let frame = self.in_range(frame);
        let rows = self.collect(frame.clone().select(vec![from.to_owned()]))?;
        let Some(texts) = rows.frame().columns().first() else {
            return Ok((frame, Vec::new()));
        };
        let cells = ValueReader::new(texts);
        let mut columns = FieldColumns::default();
        let mut fields = Vec::new();
        for row in 0..rows.len() {
            self.context.check_cancelled_at(row)?;
            fields.clear();
            for text in cells.get(row).into_values() {
                read(&text, &mut fields)?;
            }
            fields.retain(|f| !f.name.is_empty() && f.name != from);
            columns.push(&fields);
        }
        let columns = columns.finish()?;
        if columns.is_empty() {
            return Ok((frame, Vec::new()));
        }
        self.beside(frame, columns, merge)
    }

    /// Appends columns, which may have the names of existing ones; `merge` resolves those.
    pub(in crate::exec) fn beside(
        &self,
        frame: Frame,
        columns: Vec<Column>,
        merge: &dyn Fn(&str) -> Merge,
    ) -> Result<(Frame, Vec<String>)> {
        const PREFIX: &str = "__new:";
        let height = columns.first().map_or(0, Column::len);
        let mut names: Vec<String> = frame.schema.keys().cloned().collect();
        let mut found = Vec::with_capacity(columns.len());
        let mut both = Vec::new();
        let mut schema = frame.schema.clone();
        let mut added = Vec::with_capacity(columns.len());
        for column in columns {
            let name = column.name().to_string();
            let kind = type_of(column.dtype());
            if frame.has(&name) {
                added.push(column.with_name(format!("{PREFIX}{name}").into()));
                both.push((name.clone(), kind));
            } else {
                names.push(name.clone());
                schema.insert(name.clone(), kind);
                added.push(column);
            }
            found.push(name);
        }
        let added = DataFrame::new(height, added).map_err(polars_error)?;
        let lazy = concat_lf_horizontal([frame.lazy, added.lazy()], HConcatOptions::default())
            .map_err(polars_error)?;
        let mut frame = Frame { lazy, schema };
        if both.is_empty() {
            return Ok((frame, found));
        }
        for (name, kind) in &both {
            let new = column(&format!("{PREFIX}{name}"));
            frame = self.merged(frame, name, (new, *kind), merge(name));
        }
        Ok((frame.select(names), found))
    }

    /// Sets a field where it is missing; elsewhere `merge` decides.
    pub(super) fn merged(
        &self,
        frame: Frame,
        name: &str,
        (new, kind): (Lazy, Type),
        merge: Merge,
    ) -> Frame {
        if !frame.has(name) {
            return frame.with(vec![(name.to_owned(), kind, new)]);
        }
        let there = frame.kind(name);
        let joined = match merge {
            Merge::Replace | Merge::Keep => there.join(kind),
            Merge::Append => Type::Multi,
        };
        let old = cast(column(name), there, joined);
        let new = cast(new, kind, joined);
        let value = match merge {
            Merge::Replace => new.fill_null(old),
            Merge::Keep => old.fill_null(new),
            Merge::Append => old.map_many(
                |columns: &mut [Column]| Ok(appended(&columns[0], &columns[1])),
                &[new],
                |_, fields| Ok(field(fields[0].name(), Type::Multi)),
            ),
        };
        frame.with(vec![(name.to_owned(), joined, value)])
    }
}

/// The values of both, row by row.
fn appended(first: &Column, second: &Column) -> Column {
    let (a, b) = (ValueReader::new(first), ValueReader::new(second));
    let mut builder = Builder::new(first.name(), Type::Multi, first.len());
    for row in 0..first.len() {
        let mut values = a.get(row).into_values();
        values.extend(b.get(row).into_values());
        builder.push(Value::multi(values));
    }
    builder.finish()
}
