//! Writing to a store: all new batches first, then the swap.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use polars::prelude::DataFrame;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::read::Batch;
use crate::store::manifest::{BatchFile, FILE, Kind, Manifest};
use crate::store::summaries::Summaries;
use crate::store::{Store, files};

/// The single writer of a store: holds the store's lock as long as it lives. Several threads may add;
/// uncommitted data is lost with the writer.
pub struct Writer<'s> {
    store: &'s Store,
    lock: File,
    written: AtomicUsize,
    pending: Mutex<BTreeMap<PathBuf, Pending>>,
    summaries: Mutex<Summaries>,
}

/// The position of a batch among those of its source.
pub type Place = (usize, usize);

/// Position, dataset, temporary file, and its description.
type NewRows = (Place, String, PathBuf, BatchFile);

/// The new content of a folder.
#[derive(Default)]
struct Pending {
    about: BTreeMap<String, String>,
    /// Temporary files and their descriptions.
    files: Vec<(Place, PathBuf, BatchFile)>,
    /// Rows computed from the events for data models, and the knowledge they were computed with.
    summary: Option<(String, Vec<NewRows>)>,
}

/// Rows of a data model dataset.
#[derive(Clone, Debug)]
pub struct Rows {
    /// `Endpoint.Processes`
    pub dataset: String,
    /// The rows, with columns named without the dataset's name.
    pub frame: DataFrame,
    /// Text columns with some values that are numbers.
    pub mixed: Vec<String>,
}

/// The result of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Events.
    pub events: u64,
    /// Rows by dataset (`Endpoint.Processes`).
    pub rows: BTreeMap<String, u64>,
}

impl<'s> Writer<'s> {
    /// Creates the store's folder if needed and takes its lock.
    ///
    /// # Errors
    /// If the folder cannot be written, or another process writes to it.
    pub(super) fn new(store: &'s Store) -> Result<Writer<'s>> {
        let home = store.home();
        if home.is_file() {
            let why = "the store's folder (--home) is a file";
            return Err(Error::file(home, why));
        }
        std::fs::create_dir_all(home).map_err(|e| Error::file(home, e))?;
        let lock = files::lock(&home.join("lock"))?;
        let writer = Writer {
            store,
            lock,
            written: AtomicUsize::new(0),
            pending: Mutex::default(),
            // Unreadable ones are computed again.
            summaries: Mutex::new(store.readable_summaries().0),
        };
        writer.clean()?;
        writer.tidy()?;
        let temporary = writer.temporary();
        std::fs::create_dir_all(&temporary).map_err(|e| Error::file(&temporary, e))?;
        Ok(writer)
    }

    /// Writes a batch of events at its position among those of its source; it counts once [`Writer::commit`]
    /// runs. Returns the key of the source.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&self, place: Place, batch: Batch) -> Result<String> {
        let root = root(&batch.origin);
        let folder = self.store.event_folder(&batch.index).join(format!(
            "source={}",
            hash(&[&identity(&batch.origin), &batch.source, &batch.sourcetype])
        ));
        let about = [
            ("index", batch.index),
            ("source", batch.source),
            ("sourcetype", batch.sourcetype),
            ("origin", batch.origin.display().to_string()),
            ("root", root),
        ];
        let (temporary, file) = self.write(batch.frame)?;
        let key = self.store.key(&folder);
        let mut pending = guard(&self.pending);
        let pending = pending.entry(folder).or_default();
        let about = about.map(|(k, v)| (k.to_owned(), v));
        pending.about.extend(about);
        pending.files.push((place, temporary, file));
        Ok(key)
    }

    /// Writes the rows of datasets (`Endpoint.Processes`) computed from events of a source with the knowledge
    /// of that name. Must be called for every batch, even without rows. The rows count together with the
    /// events.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn add_rows(
        &self,
        place: Place,
        key: &str,
        knowledge: &str,
        rows: Vec<Rows>,
    ) -> Result<()> {
        let mut written = Vec::with_capacity(rows.len());
        for Rows {
            dataset,
            frame,
            mixed,
        } in rows
        {
            let (temporary, mut file) = self.write(frame)?;
            for (name, kind) in &mut file.columns {
                if *kind == Kind::Text && mixed.contains(name) {
                    *kind = Kind::Mixed;
                }
            }
            written.push((place, dataset, temporary, file));
        }
        let folder = self.store.home().join("events").join(key);
        let mut pending = guard(&self.pending);
        let summary = &mut pending.entry(folder).or_default().summary;
        let (_, all) = summary.get_or_insert_with(|| (knowledge.to_owned(), Vec::new()));
        all.append(&mut written);
        Ok(())
    }

    /// Discards everything added for a source since the last commit.
    pub fn discard(&self, key: &str) {
        let folder = self.store.home().join("events").join(key);
        guard(&self.pending).remove(&folder);
    }

    /// Replaces the store's content of these files with the added batches; for sources with only dataset rows
    /// added, replaces those rows.
    ///
    /// # Errors
    /// If a file cannot be moved or removed; every source is replaced as a whole or not at all.
    pub fn commit(&self, origins: &[PathBuf]) -> Result<Committed> {
        let roots: BTreeSet<String> = origins.iter().map(|origin| root(origin)).collect();
        let mut summaries = guard(&self.summaries);
        let ready: Vec<(PathBuf, Pending)> = {
            let mut pending = guard(&self.pending);
            let of = |p: &Pending| p.about.get("root").is_none_or(|r| roots.contains(r));
            let (ready, later) = std::mem::take(&mut *pending)
                .into_iter()
                .partition::<BTreeMap<_, _>, _>(|(_, p)| of(p));
            *pending = later;
            ready.into_iter().collect()
        };
        let mut done = Committed::default();
        let mut renewed = BTreeSet::new();
        let mut removed = Vec::new();
        for (folder, mut new) in ready {
            let key = self.store.key(&folder);
            let summary = new.summary.take();
            let generation = if new.files.is_empty() {
                Manifest::load(&folder)
                    .unwrap_or_default()
                    .map(|m| m.generation)
            } else {
                done.events += new.files.iter().map(|(_, _, b)| b.rows).sum::<u64>();
                Some(swap(&folder, new)?)
            };
            match (summary, generation) {
                (Some((knowledge, mut rows)), Some(generation)) => {
                    rows.sort_by_key(|(place, ..)| *place);
                    for (_, dataset, _, batch) in &rows {
                        *done.rows.entry(dataset.clone()).or_default() += batch.rows;
                    }
                    let rows = rows.into_iter().map(|(_, d, path, b)| (d, path, b));
                    summaries.put(&key, generation, knowledge, rows.collect())?;
                }
                _ => summaries.forget(|k| k == key),
            }
            renewed.insert(folder);
        }
        // Sources that the files had when last read but no longer have.
        for (folder, manifest) in self.store.event_folders()?.0 {
            if roots.contains(manifest.get("root")) && !renewed.contains(&folder) {
                files::remove(&folder.join(FILE))?;
                let key = self.store.key(&folder);
                summaries.forget(|k| k == key);
                removed.push(folder);
            }
        }
        summaries.save()?;
        self.sweep(renewed.iter().chain(&removed), &summaries)?;
        Ok(done)
    }

    /// Removes folders of events.
    pub(super) fn remove(&self, folders: &[PathBuf]) -> Result<()> {
        let mut summaries = guard(&self.summaries);
        for folder in folders {
            // The manifest first, so that no reader sees a part of it.
            files::remove(&folder.join(FILE))?;
            let key = self.store.key(folder);
            summaries.forget(|k| k == key);
        }
        summaries.save()?;
        self.sweep(folders.iter(), &summaries)
    }

    /// Replaces the files of a source: the same rows in the same order.
    pub(super) fn repack(&self, folder: &Path, manifest: Manifest, new: DataFrames) -> Result<()> {
        let mut pending = Pending {
            about: manifest.about,
            ..Pending::default()
        };
        for (number, frame) in new.enumerate() {
            let (temporary, file) = self.write(frame?)?;
            pending.files.push(((0, number), temporary, file));
        }
        let mut summaries = guard(&self.summaries);
        let key = self.store.key(folder);
        let generation = swap(folder, pending)?;
        summaries.renumber(&key, manifest.generation, generation);
        summaries.save()?;
        self.sweep(std::iter::once(&folder.to_owned()), &summaries)
    }

    fn write(&self, frame: DataFrame) -> Result<(PathBuf, BatchFile)> {
        let mut frame = files::storable(frame)?;
        let number = self.written.fetch_add(1, Ordering::Relaxed) + 1;
        let temporary = self.temporary().join(format!("{number:06}.parquet"));
        let batch = BatchFile::of(&frame, String::new())?;
        files::write_parquet(&temporary, &mut frame)?;
        Ok((temporary, batch))
    }

    fn temporary(&self) -> PathBuf {
        self.store.home().join("tmp")
    }

    fn clean(&self) -> Result<()> {
        let temporary = self.temporary();
        match std::fs::remove_dir_all(&temporary) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file(&temporary, e)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Removes what a killed process left: files that no manifest names are not valid, but other programs
    /// would read them as rows.
    fn tidy(&self) -> Result<()> {
        let mut all = Vec::new();
        for index in super::subfolders(&self.store.home().join("events"))? {
            all.extend(super::subfolders(&index)?);
        }
        self.sweep(all.iter(), &guard(&self.summaries))
    }

    /// Removes files that no manifest names: in these folders, and of summaries. While there are readers, the
    /// files stay until the next writer.
    fn sweep<'f>(
        &self,
        folders: impl Iterator<Item = &'f PathBuf>,
        summaries: &Summaries,
    ) -> Result<()> {
        let Some(_alone) = files::try_lock_exclusive(&self.store.home().join(files::READERS))
        else {
            return Ok(());
        };
        for folder in folders {
            match Manifest::load(folder) {
                Ok(Some(manifest)) => remove_unnamed(folder, &manifest)?,
                Ok(None) if folder.is_dir() => {
                    std::fs::remove_dir_all(folder).map_err(|e| Error::file(folder, e))?;
                }
                // The files of a damaged manifest are unknown: all of them stay.
                Ok(None) | Err(_) => {}
            }
        }
        summaries.remove_unnamed()
    }
}

/// An iterator of frames.
pub(super) type DataFrames<'f> = &'f mut dyn Iterator<Item = Result<DataFrame>>;

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // Anything that cannot be removed now is removed by the next writer.
        self.clean().ok();
        self.lock.unlock().ok();
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Moves new files in and replaces the manifest. Returns the new generation.
fn swap(folder: &Path, mut new: Pending) -> Result<u64> {
    std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, e))?;
    let generation = match Manifest::load(folder) {
        Ok(Some(manifest)) => manifest.generation,
        // Removed, but readers may still use the old files; or damaged.
        Ok(None) | Err(_) => files::entries(folder)?
            .iter()
            .filter_map(|path| path.file_name()?.to_str()?.split_once('-')?.0.parse().ok())
            .max()
            .unwrap_or(0),
    } + 1;
    let mut manifest = Manifest {
        generation,
        about: new.about,
        batches: Vec::with_capacity(new.files.len()),
    };
    new.files.sort_by_key(|(place, ..)| *place);
    for (number, (_, temporary, mut batch)) in new.files.into_iter().enumerate() {
        batch.file = format!("{generation:06}-{:06}.parquet", number + 1);
        let path = folder.join(&batch.file);
        std::fs::rename(&temporary, &path).map_err(|e| Error::file(&path, e))?;
        manifest.batches.push(batch);
    }
    files::sync_folder(folder)?;
    manifest.save(folder)?;
    Ok(generation)
}

/// Removes files that a folder's manifest does not name.
fn remove_unnamed(folder: &Path, manifest: &Manifest) -> Result<()> {
    let named: BTreeSet<&str> = manifest.batches.iter().map(|b| b.file.as_str()).collect();
    for path in files::entries(folder)? {
        let name = path.file_name().and_then(|n| n.to_str());
        if !name.is_some_and(|n| n == FILE || named.contains(n)) {
            files::remove(&path)?;
        }
    }
    Ok(())
}

/// The canonical path of the file on disk that events came from, without archive members.
fn root(origin: &Path) -> String {
    split_origin(origin).0
}

/// The canonical form of an origin.
fn identity(origin: &Path) -> String {
    let (root, member) = split_origin(origin);
    root + &member
}

fn split_origin(origin: &Path) -> (String, String) {
    let text = origin.to_string_lossy();
    let mut end = text.len();
    loop {
        if let Ok(path) = std::fs::canonicalize(&text[..end]) {
            return (path.to_string_lossy().into_owned(), text[end..].to_owned());
        }
        match text[..end].rfind(':') {
            Some(colon) => end = colon,
            // Embedded data has only its name.
            None => {
                let first = text.find(':').unwrap_or(text.len());
                return (text[..first].to_owned(), text[first..].to_owned());
            }
        }
    }
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let digest = hasher.finalize();
    digest[..12].iter().map(|b| format!("{b:02x}")).collect()
}
