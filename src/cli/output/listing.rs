//! A small table in memory: lists of names, risk events.

use crate::cli::output::Table;
use crate::value::{Type, Value};

/// Rows held in memory.
#[derive(Clone, Debug)]
pub struct Listing {
    names: Vec<&'static str>,
    types: Vec<Type>,
    rows: Vec<Vec<Value<'static>>>,
}

impl Listing {
    /// A table without rows.
    pub fn new(columns: &[(&'static str, Type)]) -> Listing {
        Listing {
            names: columns.iter().map(|(name, _)| *name).collect(),
            types: columns.iter().map(|(_, kind)| *kind).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Drops cells beyond the columns; absent cells are missing.
    pub fn push(&mut self, mut row: Vec<Value<'static>>) {
        row.resize(self.names.len(), Value::Null);
        self.rows.push(row);
    }
}

impl Table for Listing {
    fn names(&self) -> Vec<&str> {
        self.names.clone()
    }

    fn types(&self) -> &[Type] {
        &self.types
    }

    fn height(&self) -> usize {
        self.rows.len()
    }

    fn value(&self, row: usize, column: usize) -> Value<'_> {
        self.rows[row][column].borrowed()
    }
}

/// The style that the formats' tests use.
#[cfg(test)]
pub fn plain() -> crate::cli::output::Style {
    crate::cli::output::Style {
        limit: None,
        width: None,
        zone: chrono_tz::UTC,
        color: false,
        boxes: false,
    }
}
