//! Scans many Parquet files as one lazy frame.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use polars::prelude::{
    DataFrame, Expr, Field, HiveOptions, IntoLazy as _, LazyFrame, NULL, PlRefPath, PolarsError,
    ScanArgsParquet, Schema, SchemaExt as _, SchemaRef, lit,
};

use crate::error::{Error, Result};
use crate::read;

/// The common column types of the rows of all files.
pub(super) fn joined(schemas: impl Iterator<Item = Schema>) -> SchemaRef {
    let schemas: Vec<Schema> = schemas.collect();
    Arc::new(read::join_schemas(&schemas))
}

/// Scans all files with the common types at once, and each group of files with the same other types
/// separately, casting their columns.
pub(super) fn scan(batches: &[(PathBuf, Schema)], all: &SchemaRef) -> Result<LazyFrame> {
    let mut groups: IndexMap<Vec<Field>, Vec<PathBuf>> = IndexMap::from([(Vec::new(), Vec::new())]);
    for (path, schema) in batches {
        let odd = schema.iter_fields();
        let odd = odd.filter(|field| all.get(&field.name) != Some(&field.dtype));
        groups.entry(odd.collect()).or_default().push(path.clone());
    }
    let mut parts = Vec::new();
    for (odd, paths) in groups.iter().filter(|(_, paths)| !paths.is_empty()) {
        let mut schema = all.as_ref().clone();
        for field in odd {
            schema.set_dtype(&field.name, field.dtype.clone());
        }
        let schema = Arc::new(schema);
        parts.push((scan_files(paths, &schema)?, schema));
    }
    if parts.is_empty() {
        let empty = DataFrame::empty_with_schema(all);
        return Ok(empty.lazy());
    }
    let (frame, joined) = read::union(parts)?;
    // The order of columns must not depend on which file has the odd type.
    if joined.iter_names().eq(all.iter_names()) {
        return Ok(frame);
    }
    let columns: Vec<_> = all
        .iter()
        .map(|(name, kind)| match joined.contains(name) {
            true => Expr::Column(name.clone()),
            false => lit(NULL).cast(kind.clone()).alias(name.clone()),
        })
        .collect();
    // Not one `select`: constants alone would return one row.
    let names: Vec<_> = all.iter_names().cloned().map(Expr::Column).collect();
    Ok(frame.with_columns(columns).select(names))
}

fn scan_files(files: &[PathBuf], schema: &SchemaRef) -> Result<LazyFrame> {
    let failed = |e: PolarsError| Error::file(&files[0], e);
    let paths = files
        .iter()
        .map(|p| PlRefPath::try_from_path(p))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    let args = ScanArgsParquet {
        // `index=` and `source=` in the path are not columns: the files contain them.
        hive_options: HiveOptions {
            enabled: Some(false),
            ..HiveOptions::default()
        },
        schema: Some(Arc::clone(schema)),
        allow_missing_columns: true,
        glob: false,
        ..ScanArgsParquet::default()
    };
    LazyFrame::scan_parquet_files(paths.into_iter().collect(), args).map_err(failed)
}
