//! Writing into a store: all new batches first, then the swap.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::read::Batch;
use crate::store::manifest::{BatchFile, FILE, Manifest};
use crate::store::{Store, files};

/// Writes into a store, alone: the store's lock is held as long as this lives. What was not
/// committed is gone with it.
pub struct Writer<'s> {
    store: &'s Store,
    lock: File,
    written: usize,
    pending: BTreeMap<PathBuf, Pending>,
}

/// The new content of a folder.
#[derive(Default)]
struct Pending {
    about: BTreeMap<String, String>,
    /// Temporary files and what they hold.
    files: Vec<(PathBuf, BatchFile)>,
}

impl<'s> Writer<'s> {
    /// Makes the store's folder if need be and takes its lock.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process writes into it.
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
            written: 0,
            pending: BTreeMap::new(),
        };
        writer.clean()?;
        writer.tidy()?;
        let temporary = writer.temporary();
        std::fs::create_dir_all(&temporary).map_err(|e| Error::file(&temporary, e))?;
        Ok(writer)
    }

    /// Writes a batch of events; it counts from [`Writer::commit`] on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, batch: Batch) -> Result<()> {
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
        self.write(folder, about.into_iter(), batch.frame)
    }

    /// Puts the batches that were added into the place of what the store had of the same files. Gives
    /// the number of events.
    ///
    /// # Errors
    /// When a file cannot be moved or removed; every source is replaced as a whole or not at all.
    pub fn commit(&mut self) -> Result<u64> {
        let pending = std::mem::take(&mut self.pending);
        let mut events = 0;
        let roots: BTreeSet<String> = pending
            .values()
            .filter_map(|p| p.about.get("root").cloned())
            .collect();
        let mut renewed = BTreeSet::new();
        for (folder, new) in pending {
            events += new.files.iter().map(|(_, b)| b.rows).sum::<u64>();
            swap(&folder, new)?;
            renewed.insert(folder);
        }
        // Sources that the files had when they were read last and have no more.
        for (folder, manifest) in self.store.event_folders()? {
            if roots.contains(manifest.get("root")) && !renewed.contains(&folder) {
                remove_folder(&folder)?;
            }
        }
        Ok(events)
    }

    /// Replaces the summary of a data model set. `knowledge` identifies what it was made from.
    ///
    /// # Errors
    /// When it cannot be written, and what the frames say.
    pub fn write_model(
        &mut self,
        model: &str,
        dataset: &str,
        knowledge: &str,
        frames: impl IntoIterator<Item = Result<DataFrame>>,
    ) -> Result<u64> {
        let folder = self.store.model_folder(model, dataset);
        let about = [
            ("model", model.to_owned()),
            ("dataset", dataset.to_owned()),
            ("knowledge", knowledge.to_owned()),
        ];
        self.pending.entry(folder.clone()).or_default().about =
            about.map(|(k, v)| (k.to_owned(), v)).into();
        for frame in frames {
            let frame = frame.inspect_err(|_| {
                self.pending.remove(&folder);
            })?;
            self.write(folder.clone(), std::iter::empty(), frame)?;
        }
        let new = self.pending.remove(&folder).unwrap_or_default();
        let rows = new.files.iter().map(|(_, b)| b.rows).sum();
        swap(&folder, new)?;
        Ok(rows)
    }

    fn write(
        &mut self,
        folder: PathBuf,
        about: impl Iterator<Item = (&'static str, String)>,
        frame: DataFrame,
    ) -> Result<()> {
        let mut frame = files::storable(frame)?;
        self.written += 1;
        let temporary = self
            .temporary()
            .join(format!("{:06}.parquet", self.written));
        let batch = BatchFile::of(&frame, String::new())?;
        files::write_parquet(&temporary, &mut frame)?;
        let pending = self.pending.entry(folder).or_default();
        pending.about.extend(about.map(|(k, v)| (k.to_owned(), v)));
        pending.files.push((temporary, batch));
        Ok(())
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
}

impl Writer<'_> {
    /// Removes what a process that was killed left: files that no manifest names are not rows, but
    /// other programs would take them for some.
    fn tidy(&self) -> Result<()> {
        for folder in self.store.all_folders()? {
            match Manifest::load(&folder)? {
                Some(manifest) => remove_unnamed(&folder, &manifest)?,
                None => std::fs::remove_dir_all(&folder).map_err(|e| Error::file(&folder, e))?,
            }
        }
        Ok(())
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next writer.
        self.clean().ok();
        self.lock.unlock().ok();
    }
}

/// Moves new files in, swaps the manifest, and removes what it does not name.
fn swap(folder: &Path, new: Pending) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, e))?;
    let generation = Manifest::load(folder)?.map_or(0, |m| m.generation) + 1;
    let mut manifest = Manifest {
        generation,
        about: new.about,
        batches: Vec::with_capacity(new.files.len()),
    };
    for (number, (temporary, mut batch)) in new.files.into_iter().enumerate() {
        batch.file = format!("{generation:06}-{:06}.parquet", number + 1);
        let path = folder.join(&batch.file);
        std::fs::rename(&temporary, &path).map_err(|e| Error::file(&path, e))?;
        manifest.batches.push(batch);
    }
    files::sync_folder(folder)?;
    manifest.save(folder)?;
    remove_unnamed(folder, &manifest)
}

/// Removes what a folder's manifest does not name.
fn remove_unnamed(folder: &Path, manifest: &Manifest) -> Result<()> {
    let named: BTreeSet<&str> = manifest.batches.iter().map(|b| b.file.as_str()).collect();
    for entry in std::fs::read_dir(folder).map_err(|e| Error::file(folder, e))? {
        let entry = entry.map_err(|e| Error::file(folder, e))?;
        let name = entry.file_name();
        let keep = name
            .to_str()
            .is_some_and(|n| n == FILE || named.contains(n));
        if !keep {
            let path = entry.path();
            std::fs::remove_file(&path).map_err(|e| Error::file(&path, e))?;
        }
    }
    Ok(())
}

/// Removes a folder of batches, the manifest first, so that nobody sees a part of it.
pub(super) fn remove_folder(folder: &Path) -> Result<()> {
    let manifest = folder.join(FILE);
    std::fs::remove_file(&manifest).map_err(|e| Error::file(&manifest, e))?;
    std::fs::remove_dir_all(folder).map_err(|e| Error::file(folder, e))
}

/// The file on disk that events came from: without what stands for members of archives, and
/// the same however it is written.
fn root(origin: &Path) -> String {
    split_origin(origin).0
}

/// The origin, the same however it is written.
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
            // Embedded data: its name is all there is.
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
