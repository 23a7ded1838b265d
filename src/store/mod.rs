//! The store: events and summaries on disk as Parquet.
//!
//! `<home>/events/index=<index>/source=<hash>/*.parquet` contain the events of one file, source and
//! sourcetype; `<home>/models/<Model>.<Dataset>/*.parquet` contain summaries of data model datasets. A
//! manifest names the valid Parquet files, so that readers see either the old rows or the new ones, never a
//! mixture. Any Parquet reader can read the files.

mod atomic_file;
mod damage;
mod files;
mod maintenance;
mod manifest;
mod scan;
mod summaries;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::{LazyFrame, SchemaRef};

use crate::error::{Error, Result};
use crate::store::manifest::{BatchFile, Manifest};

pub use crate::store::atomic_file::{AtomicFile, write_atomic};
pub use crate::store::damage::Damage;
pub use crate::store::maintenance::DiskUsage;
pub use crate::store::summaries::Summaries;
pub use crate::store::writer::{Committed, Rows, Writer};

/// Prefix of the origins of risk events created by detections. No file has such a name.
pub const RISK_ORIGIN: &str = "risk-";

/// A store on disk, which need not exist yet.
#[derive(Clone, Debug)]
pub struct Store {
    home: PathBuf,
}

/// Events of one file, source and sourcetype.
#[derive(Clone, Debug)]
pub struct StoredSource {
    /// Their name in the store: another file, source or sourcetype has another key.
    pub key: String,
    /// How many times they were replaced: together with `key` it identifies their rows.
    pub generation: u64,
    /// Their index.
    pub index: String,
    /// Their source.
    pub source: String,
    /// Their sourcetype.
    pub sourcetype: String,
    /// The file they were read from, as named at that time.
    pub origin: String,
    /// The Parquet files.
    pub paths: Vec<PathBuf>,
    /// The number of events.
    pub events: u64,
    /// Smallest `_time`, microseconds since 1970 UTC.
    pub earliest: Option<i64>,
    /// Largest `_time`.
    pub latest: Option<i64>,
    /// Columns and types that a scan returns.
    pub schema: SchemaRef,
    folder: PathBuf,
    batches: Vec<BatchFile>,
}

impl StoredSource {
    /// Whether they are risk events created by detections.
    pub fn is_made_risk(&self) -> bool {
        self.origin.starts_with(RISK_ORIGIN)
    }

    /// Splits it into its Parquet files.
    pub fn split(&self) -> Vec<StoredSource> {
        let each = |batch: &BatchFile| {
            let batches = vec![batch.clone()];
            StoredSource {
                paths: paths(&self.folder, &batches),
                events: batch.rows,
                earliest: batch.earliest,
                latest: batch.latest,
                schema: scan::joined(std::iter::once(batch.schema())),
                batches,
                ..self.clone()
            }
        };
        self.batches.iter().map(each).collect()
    }

    /// Its disk usage.
    pub fn kept(&self) -> DiskUsage {
        DiskUsage::of(self.events, &self.paths)
    }
}

/// A time range in microseconds since 1970 UTC: start inclusive, end exclusive.
pub type TimeRange = (Option<i64>, Option<i64>);

impl Store {
    /// Opens the store in a folder, which need not exist: it is created by the first write.
    pub fn open(home: &Path) -> Store {
        Store {
            home: home.to_owned(),
        }
    }

    /// The folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Begins writing.
    ///
    /// # Errors
    /// If the folder cannot be written, or another process writes to it.
    pub fn writer(&self) -> Result<Writer<'_>> {
        Writer::new(self)
    }

    /// Pins the current content: files replaced from now on stay on disk as long as the guard lives, so that
    /// running scans can finish.
    pub fn reading(&self) -> Option<File> {
        // Without a lock (no store yet, a system without locks) reading works all the same.
        let guard = File::open(self.home.join(files::READERS)).ok()?;
        guard.lock_shared().ok()?;
        Some(guard)
    }

    /// Whether there are no events, not even damaged ones.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        let (folders, damage) = self.event_folders()?;
        Ok(damage.is_empty() && folders.iter().all(|(_, m)| m.rows() == 0))
    }

    /// All sources, by index and folder, except those with a damaged manifest.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn sources(&self) -> Result<Vec<StoredSource>> {
        Ok(self.contents()?.0)
    }

    fn source(&self, folder: PathBuf, manifest: Manifest) -> StoredSource {
        let (earliest, latest) = manifest.span();
        StoredSource {
            key: self.key(&folder),
            generation: manifest.generation,
            index: manifest.get("index").to_owned(),
            source: manifest.get("source").to_owned(),
            sourcetype: manifest.get("sourcetype").to_owned(),
            origin: manifest.get("origin").to_owned(),
            paths: paths(&folder, &manifest.batches),
            events: manifest.rows(),
            earliest,
            latest,
            schema: scan::joined(manifest.batches.iter().map(BatchFile::schema)),
            folder,
            batches: manifest.batches,
        }
    }

    /// A lazy scan of the events of some sources in their order, with their columns. Skips batches outside
    /// `between`.
    ///
    /// # Errors
    /// If the files cannot be opened.
    pub fn scan(
        &self,
        sources: &[StoredSource],
        between: TimeRange,
    ) -> Result<(LazyFrame, SchemaRef)> {
        let all = scan::joined(sources.iter().map(|s| s.schema.as_ref().clone()));
        let mut batches = Vec::new();
        for source in sources {
            for batch in source.batches.iter().filter(|b| b.meets(between)) {
                batches.push((source.folder.join(&batch.file), batch.schema()));
            }
        }
        Ok((scan::scan(&batches, &all)?, all))
    }

    /// Removes sources and their rows in summaries.
    ///
    /// # Errors
    /// If the folder cannot be written, or another process writes to it.
    pub fn delete(&self, sources: &[StoredSource]) -> Result<()> {
        let folders: Vec<PathBuf> = sources.iter().map(|s| s.folder.clone()).collect();
        self.writer()?.remove(&folders)
    }

    /// The summaries in the store.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn summaries(&self) -> Result<Summaries> {
        Summaries::load(&self.home.join("models"))
    }

    fn event_folder(&self, index: &str) -> PathBuf {
        let index = format!("index={}", files::path_part(index));
        self.home.join("events").join(index)
    }

    /// The name of a folder of events in the store.
    fn key(&self, folder: &Path) -> String {
        let below = folder.strip_prefix(self.home.join("events"));
        below.unwrap_or(folder).to_string_lossy().replace('\\', "/")
    }

    /// Folders of events with their manifests, sorted, and the damaged ones.
    fn event_folders(&self) -> Result<(Vec<Folder>, Vec<Damage>)> {
        if self.home.is_file() {
            let why = "the store's folder (--home) is a file";
            return Err(Error::file(&self.home, why));
        }
        let (mut all, mut damaged) = (Vec::new(), Vec::new());
        for index in subfolders(&self.home.join("events"))? {
            for folder in subfolders(&index)? {
                match Manifest::load(&folder) {
                    Ok(Some(manifest)) => all.push((folder, manifest)),
                    // Not finished, or being removed.
                    Ok(None) => {}
                    Err(why) => damaged.push(damage::of_manifest(&folder, &why)),
                }
            }
        }
        Ok((all, damaged))
    }
}

/// A folder of events and its manifest.
type Folder = (PathBuf, Manifest);

/// The subfolders of a folder, sorted; empty if it does not exist.
fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::file(folder, e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Error::file(folder, e))?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn paths(folder: &Path, batches: &[BatchFile]) -> Vec<PathBuf> {
    batches.iter().map(|b| folder.join(&b.file)).collect()
}

#[cfg(test)]
mod tests;
