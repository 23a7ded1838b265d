//! Events and summaries kept on disk as Parquet.
//!
//! `<home>/events/index=<index>/source=<hash>/*.parquet` hold events of one file, source and
//! sourcetype; `<home>/models/<Model>.<Dataset>/*.parquet` hold summaries of data model sets. A
//! manifest names the Parquet files that count, so that readers see the old rows or the new ones and
//! never a mixture. Any Parquet reader understands the files.

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
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::store::manifest::{BatchFile, Manifest};

pub use crate::store::atomic_file::{AtomicFile, write_atomic};
pub use crate::store::damage::Damage;
pub use crate::store::maintenance::{Compaction, DiskUsage};
pub use crate::store::summaries::{StoredSummary, Summaries};
pub use crate::store::writer::{Committed, Rows, Writer};

/// What the origins of risk events begin with that detections made. No file is named so.
pub const RISK_ORIGIN: &str = "risk-";

/// A store on disk, or a place for one.
#[derive(Clone, Debug)]
pub struct Store {
    home: PathBuf,
}

/// Events of one file, source and sourcetype.
#[derive(Clone, Debug)]
pub struct StoredSource {
    /// What names them in the store: another file, source or sourcetype has another key.
    pub key: String,
    /// How often they were replaced: together with `key` it identifies their rows.
    pub generation: u64,
    /// Their index.
    pub index: String,
    /// Their source.
    pub source: String,
    /// Their sourcetype.
    pub sourcetype: String,
    /// The file they were read from, as it was named then.
    pub origin: String,
    /// The Parquet files.
    pub paths: Vec<PathBuf>,
    /// How many.
    pub events: u64,
    /// Smallest `_time`, microseconds since 1970 UTC.
    pub earliest: Option<i64>,
    /// Largest `_time`.
    pub latest: Option<i64>,
    /// Columns and types that a scan gives.
    pub schema: SchemaRef,
    folder: PathBuf,
    batches: Vec<BatchFile>,
}

impl StoredSource {
    /// Whether they are risk events that detections made.
    pub fn is_made_risk(&self) -> bool {
        self.origin.starts_with(RISK_ORIGIN)
    }

    /// Its Parquet files one by one.
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

    /// What is kept of it.
    pub fn kept(&self) -> DiskUsage {
        DiskUsage::of(self.events, &self.paths)
    }
}

/// A span of time in microseconds since 1970 UTC: from the first on, before the second.
pub type TimeRange = (Option<i64>, Option<i64>);

impl Store {
    /// The store in a folder, which need not be there: nothing is made before something is written.
    pub fn open(home: &Path) -> Store {
        Store {
            home: home.to_owned(),
        }
    }

    /// The folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Begins to write.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process writes into it.
    pub fn writer(&self) -> Result<Writer<'_>> {
        Writer::new(self)
    }

    /// Holds what was stored at this moment: files that are replaced from now on stay on disk as
    /// long as the guard lives, so that a scan that was begun can be ended.
    pub fn reading(&self) -> Option<File> {
        // Without it (no store yet, a system without locks) reading works all the same.
        let guard = File::open(self.home.join(files::READERS)).ok()?;
        guard.lock_shared().ok()?;
        Some(guard)
    }

    /// Whether there are no events, not even damaged ones.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        let (folders, damage) = self.event_folders()?;
        Ok(damage.is_empty() && folders.iter().all(|(_, m)| m.rows() == 0))
    }

    /// All sources, by index and folder, but those whose manifest is damaged.
    ///
    /// # Errors
    /// When the store cannot be read.
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

    /// The events of some sources in their order, to be read when they are needed, with their
    /// columns. Batches that lie outside of `between` are left out.
    ///
    /// # Errors
    /// When the files cannot be opened.
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

    /// Removes sources and what summaries hold of them.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process writes into it.
    pub fn delete(&self, sources: &[StoredSource]) -> Result<()> {
        let folders: Vec<PathBuf> = sources.iter().map(|s| s.folder.clone()).collect();
        self.writer()?.remove(&folders)
    }

    /// What identifies the events that are stored: another text when any of them changed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn fingerprint(&self) -> Result<String> {
        let mut hasher = Sha256::new();
        for (folder, manifest) in self.event_folders()?.0 {
            hasher.update(self.key(&folder));
            for batch in &manifest.batches {
                hasher.update(format!(
                    "\0{} {} {:?} {:?}",
                    batch.file, batch.rows, batch.earliest, batch.latest
                ));
            }
            hasher.update([1]);
        }
        Ok(hasher.finalize()[..12]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect())
    }

    /// What summaries there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn summaries(&self) -> Result<Summaries> {
        Summaries::load(&self.home.join("models"))
    }

    fn event_folder(&self, index: &str) -> PathBuf {
        let index = format!("index={}", files::path_part(index));
        self.home.join("events").join(index)
    }

    /// What names a folder of events in the store.
    fn key(&self, folder: &Path) -> String {
        let below = folder.strip_prefix(self.home.join("events"));
        below.unwrap_or(folder).to_string_lossy().replace('\\', "/")
    }

    /// Folders of events with their manifests, sorted, and those that are damaged.
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
                    // Not finished, or on its way out.
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

/// Folders below one, sorted; none when it is not there.
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
