//! Selects, renames and splits columns.

use polars::prelude::{Expr as Lazy, FillNullStrategy, lit};

use crate::exec::frame::{Frame, cast, column, missing};
use crate::plan::Projection;
use crate::plan::schema::{Pattern, Schema};
use crate::value::Type;

/// Keeps, orders or drops columns.
pub(in crate::exec) fn project(frame: Frame, mode: Projection, fields: &[Pattern]) -> Frame {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let mut absent = Vec::new();
    match mode {
        Projection::Drop => {
            // `*` does not match internal fields: they are named, or matched by `_*`.
            let means = |p: &Pattern, name: &str| {
                p.matches(name) && (!name.starts_with('_') || p.text.starts_with('_'))
            };
            for name in frame.schema.keys() {
                if !fields.iter().any(|p| means(p, name)) {
                    add(name.clone());
                }
            }
        }
        Projection::Keep => {
            for name in ["_time", "_raw"] {
                if frame.has(name) {
                    add(name.to_owned());
                }
            }
            fields
                .iter()
                .flat_map(|p| p.expand(&frame.schema))
                .for_each(add);
        }
        Projection::Table => {
            for pattern in fields {
                if pattern.is_wild() {
                    pattern.expand(&frame.schema).into_iter().for_each(&mut add);
                } else {
                    if !frame.has(&pattern.text) {
                        let value = missing(Type::Null);
                        absent.push((pattern.text.clone(), Type::Null, value));
                    }
                    add(pattern.text.clone());
                }
            }
        }
    }
    frame.with(absent).select(names)
}

/// Renames columns pair by pair, in order; an existing target is overwritten.
pub(in crate::exec) fn rename(frame: Frame, pairs: &[(Pattern, Pattern)]) -> Frame {
    // The source of each column.
    let mut columns: indexmap::IndexMap<String, String> = frame
        .schema
        .keys()
        .map(|n| (n.clone(), n.clone()))
        .collect();
    for (from, to) in pairs {
        let matched: Vec<(String, String)> = columns
            .keys()
            .filter_map(|name| {
                let captures = from.captures(name)?;
                Some((name.clone(), to.fill(&captures)))
            })
            .collect();
        if matched.is_empty() && !from.is_wild() {
            // A missing field replaces the field that had the name.
            columns.shift_remove(&to.text);
        }
        for (old, new) in matched {
            if old == new {
                continue;
            }
            if let Some(origin) = columns.get(&old).cloned() {
                columns.shift_remove(&new);
                let at = columns.get_index_of(&old).unwrap_or(0);
                columns.shift_remove(&old);
                columns.shift_insert(at, new, origin);
            }
        }
    }
    if columns.is_empty() {
        return frame;
    }
    let exprs: Vec<Lazy> = columns
        .iter()
        .map(|(name, origin)| column(origin).alias(name.as_str()))
        .collect();
    let schema: Schema = columns
        .iter()
        .map(|(name, origin)| (name.clone(), frame.kind(origin)))
        .collect();
    Frame {
        lazy: frame.lazy.select(exprs),
        schema,
    }
}

/// Columns with the values of others some rows before.
pub(in crate::exec) fn shift(frame: Frame, columns: &[(String, String, usize)]) -> Frame {
    let shifted = columns
        .iter()
        .map(|(from, to, rows)| {
            let kind = frame.kind(from);
            if !frame.has(from) {
                return (to.clone(), Type::Text, missing(Type::Text));
            }
            // Only `_time` is a time; in other fields it is epoch seconds.
            let (value, kind) = match kind {
                Type::Time if to != "_time" => {
                    (cast(column(from), kind, Type::Number), Type::Number)
                }
                _ => (column(from), kind),
            };
            (to.clone(), kind, value.shift(lit(*rows as i64)))
        })
        .collect();
    frame.with(shifted)
}

/// Replaces missing values by the last present one.
pub(in crate::exec) fn fill_down(frame: Frame, fields: &[Pattern]) -> Frame {
    let mut filled: Vec<(String, Type, Lazy)> = Vec::new();
    for name in fields.iter().flat_map(|p| p.expand(&frame.schema)) {
        if !filled.iter().any(|(n, _, _)| *n == name) {
            let value = column(&name).fill_null_with_strategy(FillNullStrategy::Forward(None));
            filled.push((name.clone(), frame.kind(&name), value));
        }
    }
    if filled.is_empty() {
        return frame;
    }
    frame.with(filled)
}

/// Expands a multivalue column to one row per value.
pub(in crate::exec) fn explode(frame: Frame, field: &str, limit: usize) -> Frame {
    if frame.kind(field) != Type::Multi {
        return frame;
    }
    let mut frame = frame;
    if limit > 0 {
        let head = column(field).list().head(lit(limit as i64));
        frame = frame.with(vec![(field.to_owned(), Type::Multi, head)]);
    }
    frame.lazy = frame.lazy.explode(
        polars::prelude::by_name([field], true, false),
        polars::prelude::ExplodeOptions {
            empty_as_null: true,
            keep_nulls: true,
        },
    );
    frame.schema.insert(field.to_owned(), Type::Text);
    frame
}
