//! Looking after a store: what it holds, whether it is whole, and fewer, larger files.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{DataFrame, IntoLazy as _, LazyFrame, PolarsResult, SerReader as _};

use crate::error::{Error, Result};
use crate::read;
use crate::store::manifest::{BatchFile, Manifest};
use crate::store::{Store, files, scan};

/// Rows of a file that is not worth merging with others.
const LARGE: u64 = 65_536;

/// What a store keeps of some kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Rows.
    pub rows: u64,
    /// Parquet files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Something in a store that cannot be read, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

/// What merging files brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Files before.
    pub before: u64,
    /// Files after.
    pub after: u64,
}

impl Kept {
    /// Counts files that hold so many rows.
    pub fn of(rows: u64, paths: &[PathBuf]) -> Kept {
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |m| m.len());
        Kept {
            rows,
            files: paths.len() as u64,
            bytes: paths.iter().map(size).sum(),
        }
    }

    /// Adds what else is kept.
    pub fn add(&mut self, other: &Kept) {
        self.rows += other.rows;
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

impl Store {
    /// Reads all that is stored and tells what is damaged.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn verify(&self) -> Result<Vec<Damage>> {
        let _reading = self.reading();
        let mut found = Vec::new();
        for index in super::subfolders(&self.home.join("events"))? {
            for folder in super::subfolders(&index)? {
                match Manifest::load(&folder) {
                    Ok(None) => {}
                    Ok(Some(manifest)) => {
                        let origin = manifest.get("origin");
                        for batch in &manifest.batches {
                            let path = folder.join(&batch.file);
                            let remedy = format!(
                                "replay {origin} again, or remove what is left of it: spelunk store delete --source '{}'",
                                manifest.get("source")
                            );
                            found.extend(damage(path, batch.rows, remedy));
                        }
                    }
                    Err(why) => found.push(Damage {
                        why: why.to_string(),
                        remedy: format!(
                            "remove the folder {} and replay what it held",
                            folder.display()
                        ),
                        path: folder.join(super::manifest::FILE),
                    }),
                }
            }
        }
        let models = self.home.join("models").join(super::manifest::FILE);
        match self.summaries() {
            Ok(summaries) => {
                for (path, rows) in summaries.files() {
                    let remedy =
                        format!("remove {} and run spelunk store summarize", path.display());
                    found.extend(damage(path, rows, remedy));
                }
            }
            Err(why) => found.push(Damage {
                why: why.to_string(),
                remedy: format!(
                    "remove {} and run spelunk store summarize",
                    models.display()
                ),
                path: models,
            }),
        }
        Ok(found)
    }

    /// Merges the small files of each source. A source's files are swapped as a whole, so that
    /// it may be stopped at any moment.
    ///
    /// # Errors
    /// When a file cannot be read or written, or another process writes into the store.
    pub fn compact(&self) -> Result<Compaction> {
        let writer = self.writer()?;
        let mut done = Compaction::default();
        for (folder, manifest) in self.event_folders()? {
            let groups = groups(&manifest.batches);
            let before = manifest.batches.len() as u64;
            let after = groups.len() as u64;
            done.before += before;
            done.after += after;
            if after < before {
                let mut frames = groups.into_iter().map(|group| merged(&folder, group));
                writer.repack(&folder, manifest.clone(), &mut frames)?;
            }
        }
        Ok(done)
    }
}

/// Neighbours that make one file of a good size together.
fn groups(batches: &[BatchFile]) -> Vec<&[BatchFile]> {
    let mut groups = Vec::new();
    let mut start = 0;
    let mut rows = 0;
    for (at, batch) in batches.iter().enumerate() {
        if at > start && rows + batch.rows > LARGE {
            groups.push(&batches[start..at]);
            start = at;
            rows = 0;
        }
        rows += batch.rows;
    }
    groups.push(&batches[start..]);
    groups.retain(|group| !group.is_empty());
    groups
}

fn merged(folder: &Path, group: &[BatchFile]) -> Result<DataFrame> {
    // One by one and in order: files whose types differ must not change places.
    let mut parts = Vec::with_capacity(group.len());
    for batch in group {
        let path = folder.join(&batch.file);
        let schema = Arc::new(batch.schema());
        let lazy = scan::scan(&[(path.clone(), batch.schema())], &schema)?;
        let frame = collect(lazy).map_err(|why| Error::file(&path, why))?;
        parts.push((frame.lazy(), schema));
    }
    let (whole, _) = read::union(parts)?;
    collect(whole).map_err(Error::internal)
}

fn collect(lazy: LazyFrame) -> Result<DataFrame, String> {
    quietly(|| lazy.collect())
}

/// What is wrong with a Parquet file that should hold so many rows.
fn damage(path: PathBuf, rows: u64, remedy: String) -> Option<Damage> {
    let read = || -> Result<(), String> {
        files::check_whole(&path).map_err(|e| e.to_string())?;
        let file = std::fs::File::open(&path).map_err(|e| e.to_string())?;
        let frame = quietly(|| polars::prelude::ParquetReader::new(file).finish())?;
        match frame.height() as u64 {
            there if there == rows => Ok(()),
            there => Err(format!("it holds {there} rows instead of {rows}")),
        }
    };
    let why = read().err()?;
    Some(Damage { path, why, remedy })
}

/// Polars panics on some damaged files.
fn quietly(work: impl FnOnce() -> PolarsResult<DataFrame>) -> Result<DataFrame, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|e| e.to_string()),
        Err(_) => Err("it can't be decoded".to_owned()),
    }
}
