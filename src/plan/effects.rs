//! What a search writes beside giving rows: told by kernels, done by the session when the whole
//! search has succeeded, so that a search that fails writes nothing.

use std::sync::Arc;

use crate::plan::table::Table;

/// One thing to write.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A table of the home folder.
    Table(TableEffect),
    /// Events of the store.
    Events(EventsEffect),
    /// A model of the machine-learning toolkit, in `learned/<name>.json`.
    Model {
        /// Its name, of letters, digits and underscores.
        name: String,
        /// What is written; none removes it.
        text: Option<String>,
    },
}

/// Where in the home folder a table lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablePlace {
    /// `lookups/<name>`: lookup tables.
    Lookups,
    /// `collections/<name>.csv`: KV-store collections.
    Collections,
    /// `csv/<name>`: what `outputcsv` writes and `inputcsv` reads.
    Csv,
}

/// A table to write.
#[derive(Clone, Debug)]
pub struct TableEffect {
    /// Its folder.
    pub place: TablePlace,
    /// The file's name, without a folder.
    pub name: String,
    /// The rows.
    pub rows: Arc<Table>,
    /// Puts the rows after those there are; columns that the file lacks are left out then.
    pub append: bool,
    /// Whether a table is made of no rows.
    pub create_empty: bool,
    /// Whether no rows take the place of those there are.
    pub override_if_empty: bool,
    /// Rows take the place of those that have the same value in this field (`_key`).
    pub key: Option<String>,
    /// The columns it always has, in order; others come after them.
    pub columns: Vec<String>,
    /// Adds the columns `__mv_<field>`, in which each value of a multivalue stands in dollar signs.
    pub multivalues: bool,
}

/// Events to add to an index.
#[derive(Clone, Debug)]
pub struct EventsEffect {
    /// The index.
    pub index: String,
    /// Their `source`.
    pub source: String,
    /// Their `sourcetype`.
    pub sourcetype: String,
    /// Their `host`.
    pub host: String,
    /// `_time`, `_raw` and fields.
    pub rows: Arc<Table>,
}
