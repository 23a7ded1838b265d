//! The manifest of a folder of batches: one small JSON file, replaced atomically, that lists the valid
//! Parquet files next to it.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::{DataFrame, DataType, Schema, TimeUnit};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::store::{TimeRange, files};

/// The file name.
pub const FILE: &str = "manifest.json";

/// The content of one folder of batches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// How many times the folder's content was replaced.
    pub generation: u64,
    /// Properties of the rows: `index`, `source`, `sourcetype`, `origin`, `root` of events; `knowledge` of
    /// summaries.
    pub about: BTreeMap<String, String>,
    /// The valid files.
    pub batches: Vec<BatchFile>,
}

/// One Parquet file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchFile {
    /// Its name in the folder.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Smallest `_time`, microseconds since 1970 UTC.
    pub earliest: Option<i64>,
    /// Largest `_time`.
    pub latest: Option<i64>,
    /// Columns in order.
    pub columns: Vec<(String, Kind)>,
}

/// Types that columns are stored with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `String`
    Text,
    /// `String` with some values that are numbers
    Mixed,
    /// `Int64`
    Integer,
    /// `Float64`
    Float,
    /// `Boolean`
    Bool,
    /// `List(String)`
    Multi,
    /// `Datetime` in microseconds UTC
    Time,
}

impl Kind {
    /// The kind that a column of that type is stored as; other types are stored as text.
    pub fn of(kind: &DataType) -> Kind {
        match kind {
            DataType::Int64 => Kind::Integer,
            DataType::Float64 => Kind::Float,
            DataType::Boolean => Kind::Bool,
            DataType::List(_) => Kind::Multi,
            DataType::Datetime(_, _) => Kind::Time,
            _ => Kind::Text,
        }
    }

    /// The Polars type.
    pub fn data_type(self) -> DataType {
        match self {
            Kind::Text | Kind::Mixed => DataType::String,
            Kind::Integer => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Bool => DataType::Boolean,
            Kind::Multi => DataType::List(Box::new(DataType::String)),
            Kind::Time => DataType::Datetime(TimeUnit::Microseconds, None),
        }
    }
}

impl BatchFile {
    /// The columns as a Polars schema.
    pub fn schema(&self) -> Schema {
        self.columns
            .iter()
            .map(|(name, kind)| (name.as_str().into(), kind.data_type()))
            .collect()
    }

    /// Whether some of the rows may be in a time range. Rows without a time are in none.
    pub fn meets(&self, (from, before): TimeRange) -> bool {
        from.is_none_or(|from| self.latest.is_some_and(|latest| latest >= from))
            && before.is_none_or(|before| self.earliest.is_some_and(|first| first < before))
    }

    /// Describes a frame to be written under that name.
    ///
    /// # Errors
    /// Never because of the data.
    pub fn of(frame: &DataFrame, file: String) -> Result<BatchFile> {
        let mut span = (None, None);
        if let Ok(time) = frame.column("_time")
            && let DataType::Datetime(TimeUnit::Microseconds, _) = time.dtype()
        {
            let internal = |e: polars::prelude::PolarsError| Error::internal(e.to_string());
            let micros = time.cast(&DataType::Int64).map_err(internal)?;
            let micros = micros.i64().map_err(internal)?;
            for time in micros.iter().flatten() {
                span.0 = Some(span.0.map_or(time, |t: i64| t.min(time)));
                span.1 = Some(span.1.map_or(time, |t: i64| t.max(time)));
            }
        }
        Ok(BatchFile {
            file,
            rows: frame.height() as u64,
            earliest: span.0,
            latest: span.1,
            columns: frame
                .columns()
                .iter()
                .map(|c| (c.name().to_string(), Kind::of(c.dtype())))
                .collect(),
        })
    }
}

impl Manifest {
    /// Loads the manifest of a folder, if it has one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn load(folder: &Path) -> Result<Option<Manifest>> {
        let path = folder.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::file(&path, e)),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|e| Error::format(&path, e.line(), e.column(), e))
    }

    /// Replaces the manifest atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec(self).map_err(|e| Error::internal(e.to_string()))?;
        files::swap_in(&folder.join(FILE), &text)
    }

    /// Rows of all batches.
    pub fn rows(&self) -> u64 {
        self.batches.iter().map(|b| b.rows).sum()
    }

    /// Smallest and largest `_time`.
    pub fn span(&self) -> (Option<i64>, Option<i64>) {
        let earliest = self.batches.iter().filter_map(|b| b.earliest).min();
        let latest = self.batches.iter().filter_map(|b| b.latest).max();
        (earliest, latest)
    }

    /// One entry of [`Manifest::about`].
    pub fn get(&self, key: &str) -> &str {
        self.about.get(key).map_or("", String::as_str)
    }
}
