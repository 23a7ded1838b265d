//! Side effects of a search: kernels register writes, and the session performs them when the whole
//! search has succeeded, so that a failed search writes nothing.

use std::sync::Arc;

use crate::plan::table::Table;

/// A pending write.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A table in the home folder.
    Table(TableEffect),
    /// Events for the store.
    Events(EventsEffect),
    /// A model of the machine-learning toolkit, in `learned/<name>.json`.
    Model {
        /// Its name: letters, digits and underscores.
        name: String,
        /// The content to write; `None` deletes the model.
        text: Option<String>,
    },
}

/// The folder of a table within the home folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablePlace {
    /// `lookups/<name>`: lookup tables.
    Lookups,
    /// `collections/<name>.csv`: KV-store collections.
    Collections,
    /// `csv/<name>`: written by `outputcsv` and read by `inputcsv`.
    Csv,
}

/// A table to write.
#[derive(Clone, Debug)]
pub struct TableEffect {
    /// Its folder.
    pub place: TablePlace,
    /// The file name, without a folder.
    pub name: String,
    /// The rows.
    pub rows: Arc<Table>,
    /// Appends the rows to the existing ones, dropping columns that the file lacks.
    pub append: bool,
    /// Whether to create a table without rows.
    pub create_empty: bool,
    /// Whether an empty result replaces existing rows.
    pub override_if_empty: bool,
    /// Rows replace existing ones with the same value in this field (`_key`).
    pub key: Option<String>,
    /// The columns that it always has, in order; others follow.
    pub columns: Vec<String>,
    /// Adds the columns `__mv_<field>`, in which each value of a multivalue is enclosed in dollar
    /// signs.
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
