//! Store maintenance: disk usage, and compaction into fewer, larger files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{DataFrame, IntoLazy as _, LazyFrame};

use crate::error::{Error, Result};
use crate::read;
use crate::store::damage::{Damage, quietly};
use crate::store::manifest::BatchFile;
use crate::store::{Store, scan};

/// Rows of a file that is too large to be merged with others.
const LARGE: u64 = 65_536;

/// The disk usage of one kind of data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskUsage {
    /// Rows.
    pub rows: u64,
    /// Parquet files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The result of a compaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Files before.
    pub before: u64,
    /// Files after.
    pub after: u64,
    /// Damage in sources that were left unchanged.
    pub damage: Vec<Damage>,
}

impl DiskUsage {
    /// Measures files with this many rows in total.
    pub fn of(rows: u64, paths: &[PathBuf]) -> DiskUsage {
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |m| m.len());
        DiskUsage {
            rows,
            files: paths.len() as u64,
            bytes: paths.iter().map(size).sum(),
        }
    }

    /// Adds another usage.
    pub fn add(&mut self, other: &DiskUsage) {
        self.rows += other.rows;
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

impl Store {
    /// Merges the small files of each source. Replaces a source's files as a whole, so that compaction may be
    /// stopped at any time; leaves a damaged source unchanged.
    ///
    /// # Errors
    /// If a file cannot be written, or another process writes to the store.
    pub fn compact(&self) -> Result<Compaction> {
        let writer = self.writer()?;
        let (folders, damage) = self.event_folders()?;
        let mut done = Compaction {
            damage,
            ..Compaction::default()
        };
        for (folder, manifest) in folders {
            let groups = groups(&manifest.batches);
            let before = manifest.batches.len() as u64;
            let mut after = groups.len() as u64;
            if after < before {
                let mut frames = groups.into_iter().map(|group| merged(&folder, group));
                if let Err(why) = writer.repack(&folder, manifest.clone(), &mut frames) {
                    let damage = self.source(folder, manifest).damage();
                    if damage.is_empty() {
                        return Err(why);
                    }
                    done.damage.extend(damage);
                    after = before;
                }
            }
            done.before += before;
            done.after += after;
        }
        Ok(done)
    }
}

/// Groups neighbours that together make one file of a good size.
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
    // One by one and in order: files with different types must not change places.
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
