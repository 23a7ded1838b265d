//! Schema union: rows of several batches or files as one frame, although a field may have different types in
//! them.

use std::sync::Arc;

use indexmap::IndexMap;
use polars::prelude::{
    DataType, Expr, LazyFrame, PlSmallStr, Schema, SchemaRef, UnionArgs, col, concat_lf_diagonal,
    concat_list, lit, when,
};

use crate::error::{Error, Result};

/// List of text, the type of fields with several values.
fn list() -> DataType {
    DataType::List(Box::new(DataType::String))
}

/// The common type that loses no value of either: number columns contain only numbers that print as they were
/// written, so that they can become text again.
pub fn join_types(a: &DataType, b: &DataType) -> DataType {
    let is_number = |t: &DataType| matches!(t, DataType::Int64 | DataType::Float64);
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        (DataType::List(_), _) | (_, DataType::List(_)) => list(),
        (a, b) if is_number(a) && is_number(b) => DataType::Float64,
        _ => DataType::String,
    }
}

/// The columns of all schemas, in order of first appearance, with their common types.
pub fn join_schemas<'s>(schemas: impl IntoIterator<Item = &'s Schema>) -> Schema {
    let mut all: IndexMap<PlSmallStr, DataType> = IndexMap::new();
    for schema in schemas {
        for (name, kind) in schema.iter() {
            match all.get_mut(name) {
                None => {
                    all.insert(name.clone(), kind.clone());
                }
                Some(known) if known != kind => *known = join_types(known, kind),
                Some(_) => {}
            }
        }
    }
    all.into_iter().collect()
}

/// Casts a column to the common type that [`join_types`] returned for it.
pub fn cast_to(name: &str, from: &DataType, to: &DataType) -> Expr {
    let column = col(PlSmallStr::from_str(name));
    let cast = match (from, to) {
        (DataType::List(_), _) => column.cast(to.clone()),
        (_, DataType::List(_)) => {
            let text = cast_to(name, from, &DataType::String);
            match concat_list([text.clone()]) {
                Ok(single) => when(text.is_not_null())
                    .then(single)
                    .otherwise(lit(polars::prelude::NULL))
                    .cast(to.clone()),
                // Only for an empty list of expressions.
                Err(_) => text,
            }
        }
        // Polars would print an integral double with `.0`.
        (DataType::Float64, DataType::String) => {
            let whole = column.clone().cast(DataType::Int64);
            when(whole.clone().cast(DataType::Float64).eq(column.clone()))
                .then(whole.cast(DataType::String))
                .otherwise(column.cast(DataType::String))
        }
        _ => column.cast(to.clone()),
    };
    cast.alias(PlSmallStr::from_str(name))
}

/// Concatenates the rows of all parts, with the columns of all of them: a column that a part lacks is null
/// there, and one with different types gets [`join_types`].
///
/// # Errors
/// If there are no parts.
pub fn union(parts: Vec<(LazyFrame, SchemaRef)>) -> Result<(LazyFrame, SchemaRef)> {
    let all = Arc::new(join_schemas(
        parts.iter().map(|(_, schema)| schema.as_ref()),
    ));
    let single = parts.len() == 1;
    let mut frames = Vec::with_capacity(parts.len());
    for (frame, schema) in parts {
        let casts = casts(&schema, &all);
        frames.push(if casts.is_empty() {
            frame
        } else {
            frame.with_columns(casts)
        });
    }
    if single && let Some(frame) = frames.pop() {
        return Ok((frame, all));
    }
    let frame = concat_lf_diagonal(frames, UnionArgs::default())
        .map_err(|e| Error::internal(e.to_string()))?;
    Ok((frame, all))
}

/// Returns the casts that bring columns of `schema` to their types in `all`.
fn casts(schema: &Schema, all: &Schema) -> Vec<Expr> {
    schema
        .iter()
        .filter_map(|(name, from)| {
            let to = all.get(name)?;
            (to != from).then(|| cast_to(name, from, to))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{AnyValue, DataFrame, DataType, IntoLazy as _, df};

    use super::union;
    use crate::extract::event::Field;
    use crate::read::batch::columns::FieldColumns;

    #[test]
    fn types_join_without_losing_a_value() {
        let numbers =
            df!("a" => [1.0, 2.5], "b" => [1_i64, 2], "c" => [Some("x"), None], "d" => [1_i64, 2])
                .expect("a frame");
        let texts = df!("a" => ["z"], "b" => [0.5], "e" => ["w"]).expect("a frame");
        let mut columns = FieldColumns::default();
        columns.push(
            &[("c", "p"), ("c", "q"), ("d", "r"), ("d", "s")].map(|(n, v)| Field::text(n, v)),
        );
        let lists = DataFrame::new(1, columns.finish().expect("columns")).expect("a frame");
        let parts = [numbers, texts, lists]
            .into_iter()
            .map(|f| {
                let schema = f.schema().clone();
                (f.lazy(), schema)
            })
            .collect();
        let (frame, schema) = union(parts).expect("a union");
        let frame = frame.collect().expect("rows");
        assert_eq!(frame.height(), 4);
        for (name, kind) in schema.iter() {
            assert_eq!(frame.column(name).expect("there").dtype(), kind);
        }
        let cell = |name: &str, row| frame.column(name).expect("there").get(row).expect("a row");
        assert_eq!(cell("a", 0), AnyValue::String("1"));
        assert_eq!(cell("a", 1), AnyValue::String("2.5"));
        assert_eq!(cell("a", 2), AnyValue::String("z"));
        assert_eq!(cell("b", 2), AnyValue::Float64(0.5));
        let list = |name: &str, row| match cell(name, row) {
            AnyValue::List(values) => Some(
                values
                    .iter()
                    .map(|v| v.to_string())
                    .collect::<Vec<_>>()
                    .join(","),
            ),
            AnyValue::Null => None,
            other => panic!("{other}"),
        };
        assert_eq!(list("c", 0).as_deref(), Some("\"x\""));
        assert_eq!(list("c", 1), None);
        assert_eq!(list("c", 3).as_deref(), Some("\"p\",\"q\""));
        assert_eq!(list("d", 1).as_deref(), Some("\"2\""));
        assert_eq!(schema.get("e"), Some(&DataType::String));
    }
}
