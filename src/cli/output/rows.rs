//! A search's rows as a table, and as a Parquet file.

use std::path::Path;

use polars::prelude::ParquetWriter;

use crate::cli::output::Table;
use crate::error::{Error, Result};
use crate::exec::frame::result::Rows;
use crate::store::AtomicFile;
use crate::value::{Type, Value};

impl Table for Rows {
    fn names(&self) -> Vec<&str> {
        Rows::names(self)
    }

    fn types(&self) -> &[Type] {
        Rows::types(self)
    }

    fn height(&self) -> usize {
        self.len()
    }

    fn value(&self, row: usize, column: usize) -> Value<'_> {
        Rows::value(self, row, column)
    }
}

/// Writes the first `limit` rows to a Parquet file, or all without a limit.
pub fn write_parquet(rows: &Rows, limit: Option<usize>, path: &Path) -> Result<()> {
    let mut frame = match limit {
        Some(limit) => rows.frame().head(Some(limit)),
        None => rows.frame().clone(),
    };
    let mut file = AtomicFile::create(path)?;
    ParquetWriter::new(&mut file)
        .finish(&mut frame)
        .map_err(|why| Error::file(path, why))?;
    file.keep()
}
