//! Summaries of data model datasets: one manifest for all of them records the sources they cover, the
//! knowledge they were computed with, and the Parquet files with their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use polars::prelude::{LazyFrame, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::store::manifest::{BatchFile, FILE, Kind};
use crate::store::{StoredSource, TimeRange, files, scan};

/// The summaries in a store.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Summaries {
    /// The number of the next file.
    next: u64,
    /// The summarised sources, by key.
    covered: BTreeMap<String, Covered>,
    batches: Vec<Part>,
    #[serde(skip)]
    folder: PathBuf,
    /// Files that the manifest names but that are missing or incomplete.
    #[serde(skip)]
    lost: BTreeSet<PathBuf>,
}

/// A summarised source; it may have no rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Covered {
    generation: u64,
    knowledge: String,
}

/// Rows of one dataset from one source.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    /// `Endpoint.Processes`
    dataset: String,
    /// The source's key.
    source: String,
    #[serde(flatten)]
    batch: BatchFile,
}

/// A summarised dataset.
#[derive(Clone, Debug)]
pub struct StoredSummary {
    /// `Endpoint.Processes`
    pub dataset: String,
    /// Rows.
    pub rows: u64,
    /// Parquet files.
    pub paths: Vec<PathBuf>,
}

impl Summaries {
    /// Reads the manifest of a folder of summaries.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn load(folder: &Path) -> Result<Summaries> {
        let path = folder.join(FILE);
        let mut found: Summaries = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|e| Error::format(&path, e.line(), e.column(), e))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Summaries::default(),
            Err(e) => return Err(Error::file(&path, e)),
        };
        found.folder = folder.to_owned();
        // Lost parts of a summary can be computed again from the events.
        let paths = found.files().map(|(path, _)| path);
        let lost = paths.filter(|path| files::check_magic(path).is_err());
        found.lost = lost.collect();
        found.forget_files(&found.lost.clone());
        Ok(found)
    }

    /// Empty summaries for a folder.
    pub(super) fn none(folder: &Path) -> Summaries {
        Summaries {
            folder: folder.to_owned(),
            ..Summaries::default()
        }
    }

    /// Whether the current events of a source were summarised: with that knowledge, or with any if `None`.
    pub fn is_current(&self, source: &StoredSource, knowledge: Option<&str>) -> bool {
        self.covered.get(&source.key).is_some_and(|c| {
            c.generation == source.generation && knowledge.is_none_or(|k| c.knowledge == k)
        })
    }

    /// Scans the rows of a dataset from some sources, in the order of the sources; also returns their columns
    /// and the names of those that are numbers in some rows and text in others. Returns `None` if there are
    /// no rows. Skips batches outside `between`.
    ///
    /// # Errors
    /// If the files cannot be opened.
    pub fn scan(
        &self,
        dataset: &str,
        sources: &[&str],
        between: TimeRange,
    ) -> Result<Option<(LazyFrame, SchemaRef, Vec<String>)>> {
        let mut by_source: BTreeMap<&str, Vec<&Part>> = BTreeMap::new();
        for part in self.batches.iter().filter(|p| p.dataset == dataset) {
            by_source.entry(&part.source).or_default().push(part);
        }
        let parts: Vec<&Part> = sources
            .iter()
            .filter_map(|key| by_source.get(key))
            .flatten()
            .copied()
            .collect();
        let batches: Vec<_> = parts
            .iter()
            .filter(|part| part.batch.meets(between))
            .map(|part| (self.path(part), part.batch.schema()))
            .collect();
        if batches.is_empty() {
            return Ok(None);
        }
        let all = scan::joined(batches.iter().map(|(_, schema)| schema.clone()));
        Ok(Some((scan::scan(&batches, &all)?, all, mixed(&parts))))
    }

    /// The datasets that have rows.
    pub fn datasets(&self) -> Vec<StoredSummary> {
        let mut found: BTreeMap<&str, StoredSummary> = BTreeMap::new();
        for part in &self.batches {
            let summary = found.entry(&part.dataset).or_insert_with(|| StoredSummary {
                dataset: part.dataset.clone(),
                rows: 0,
                paths: Vec::new(),
            });
            summary.rows += part.batch.rows;
            summary.paths.push(self.path(part));
        }
        found.into_values().collect()
    }

    /// The named files that are missing or incomplete. Their rows do not count.
    pub(super) fn lost(&self) -> impl Iterator<Item = &PathBuf> {
        self.lost.iter()
    }

    /// The files with rows, and their numbers of rows.
    pub(super) fn files(&self) -> impl Iterator<Item = (PathBuf, u64)> {
        self.batches.iter().map(|p| (self.path(p), p.batch.rows))
    }

    /// Forgets the sources whose rows are in these files.
    pub(super) fn forget_files(&mut self, gone: &BTreeSet<PathBuf>) {
        let parts = self.batches.iter().filter(|p| gone.contains(&self.path(p)));
        let lost: BTreeSet<String> = parts.map(|part| part.source.clone()).collect();
        self.forget(|key| lost.contains(key));
    }

    /// Forgets sources.
    pub(super) fn forget(&mut self, gone: impl Fn(&str) -> bool) {
        self.covered.retain(|key, _| !gone(key));
        self.batches.retain(|part| !gone(&part.source));
    }

    /// Moves the new rows of a source into place; they count once the manifest is saved.
    pub(super) fn put(
        &mut self,
        source: &str,
        generation: u64,
        knowledge: String,
        new: Vec<(String, PathBuf, BatchFile)>,
    ) -> Result<()> {
        self.forget(|key| key == source);
        for (dataset, temporary, mut batch) in new {
            self.next += 1;
            batch.file = format!("{:08}.parquet", self.next);
            let part = Part {
                dataset,
                source: source.to_owned(),
                batch,
            };
            let path = self.path(&part);
            let folder = path.parent().unwrap_or(&self.folder);
            std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, e))?;
            std::fs::rename(&temporary, &path).map_err(|e| Error::file(&path, e))?;
            self.batches.push(part);
        }
        let covered = Covered {
            generation,
            knowledge,
        };
        self.covered.insert(source.to_owned(), covered);
        Ok(())
    }

    /// Updates the generation of a source whose files were replaced but whose rows stayed the same.
    pub(super) fn renumber(&mut self, source: &str, old: u64, new: u64) {
        if let Some(covered) = self.covered.get_mut(source)
            && covered.generation == old
        {
            covered.generation = new;
        }
    }

    /// Replaces the manifest atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn save(&self) -> Result<()> {
        if self.covered.is_empty() && !self.folder.join(FILE).exists() {
            return Ok(());
        }
        let folders: BTreeSet<PathBuf> = self
            .batches
            .iter()
            .filter_map(|p| self.path(p).parent().map(Path::to_owned))
            .collect();
        folders.iter().try_for_each(|f| files::sync_folder(f))?;
        std::fs::create_dir_all(&self.folder).map_err(|e| Error::file(&self.folder, e))?;
        let text = serde_json::to_vec(self).map_err(|e| Error::internal(e.to_string()))?;
        files::swap_in(&self.folder.join(FILE), &text)
    }

    /// Removes the files that the manifest does not name.
    pub(super) fn remove_unnamed(&self) -> Result<()> {
        let named: BTreeSet<PathBuf> = self.batches.iter().map(|p| self.path(p)).collect();
        for folder in super::subfolders(&self.folder)? {
            let mut left = 0;
            for path in files::entries(&folder)? {
                if named.contains(&path) {
                    left += 1;
                } else {
                    files::remove(&path)?;
                }
            }
            if left == 0 {
                std::fs::remove_dir(&folder).map_err(|e| Error::file(&folder, e))?;
            }
        }
        Ok(())
    }

    fn path(&self, part: &Part) -> PathBuf {
        let folder = self.folder.join(files::path_part(&part.dataset));
        folder.join(&part.batch.file)
    }
}

/// Columns that are numbers in some rows and text in others.
fn mixed(parts: &[&Part]) -> Vec<String> {
    let mut seen: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for (name, kind) in parts.iter().flat_map(|p| &p.batch.columns) {
        let (number, text) = seen.entry(name).or_default();
        *number |= matches!(kind, Kind::Integer | Kind::Float | Kind::Mixed);
        *text |= matches!(kind, Kind::Text | Kind::Mixed);
    }
    let both = seen
        .into_iter()
        .filter(|(_, (number, text))| *number && *text);
    both.map(|(name, _)| name.to_owned()).collect()
}
