//! Damage in a store, and the store without its damaged parts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, PolarsResult, SerReader as _};

use crate::error::{Error, Result, caught};
use crate::store::manifest::{self, BatchFile, Manifest};
use crate::store::{Store, StoredSource, Summaries, files, scan};

/// An unreadable part of a store, its consequence, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// The problem.
    pub why: String,
    /// The data that searches miss.
    pub loss: String,
    /// How to repair it.
    pub remedy: String,
}

impl Damage {
    /// The error to report if nothing else is left; `others` counts further damage.
    pub fn error(&self, others: usize) -> Error {
        let error = Error::file(&self.path, &self.why).hint(&self.remedy);
        match others {
            0 => error,
            1 => error.hint("1 more file is damaged as well"),
            n => error.hint(format!("{n} more files are damaged as well")),
        }
    }

    /// A one-line message with the consequence.
    pub fn notice(&self) -> String {
        format!(
            "{}: {}: {} (run `spelunk store verify` for a remedy)",
            self.path.display(),
            self.why,
            self.loss
        )
    }
}

/// An unreadable manifest of events.
pub(super) fn of_manifest(folder: &Path, why: &Error) -> Damage {
    Damage {
        path: folder.join(manifest::FILE),
        why: why.to_string(),
        loss: "the events that it names are left out".to_owned(),
        remedy: format!(
            "remove the folder {} and replay its sources",
            folder.display()
        ),
    }
}

/// An unreadable manifest of summaries.
fn of_summaries(store: &Store, why: &Error) -> Damage {
    let path = store.home().join("models").join(manifest::FILE);
    Damage {
        why: why.to_string(),
        loss: "summaries are built from the events".to_owned(),
        remedy: format!("remove {} and run spelunk store summarize", path.display()),
        path,
    }
}

impl StoredSource {
    fn damage_of(&self, batch: &BatchFile, why: String) -> Damage {
        let events = if batch.rows == 1 {
            "event is"
        } else {
            "events are"
        };
        Damage {
            path: self.folder.join(&batch.file),
            why,
            loss: format!("its {} {events} left out", batch.rows),
            remedy: format!(
                "replay {} again, or remove the rest of it: spelunk store delete --source '{}'",
                self.origin, self.source
            ),
        }
    }

    /// Returns the damage in its files that their first and last bytes reveal.
    pub fn missing(&self) -> Vec<Damage> {
        let look = |batch: &BatchFile| {
            let why = files::check_magic(&self.folder.join(&batch.file)).err()?;
            Some(self.damage_of(batch, why))
        };
        self.batches.iter().filter_map(look).collect()
    }

    /// Returns the damage in its files. Decodes all of them.
    pub fn damage(&self) -> Vec<Damage> {
        let look = |batch: &BatchFile| {
            let why = undecodable(&self.folder.join(&batch.file), batch.rows)?;
            Some(self.damage_of(batch, why))
        };
        self.batches.iter().filter_map(look).collect()
    }

    /// The source without some of its files, or `None` if no files are left.
    pub fn without(&self, gone: &BTreeSet<PathBuf>) -> Option<StoredSource> {
        let kept = |batch: &&BatchFile| !gone.contains(&self.folder.join(&batch.file));
        let batches: Vec<BatchFile> = self.batches.iter().filter(kept).cloned().collect();
        if batches.len() == self.batches.len() {
            return Some(self.clone());
        }
        let manifest = Manifest {
            batches,
            ..Manifest::default()
        };
        let (earliest, latest) = manifest.span();
        (!manifest.batches.is_empty()).then(|| StoredSource {
            paths: super::paths(&self.folder, &manifest.batches),
            events: manifest.rows(),
            earliest,
            latest,
            schema: scan::joined(manifest.batches.iter().map(BatchFile::schema)),
            batches: manifest.batches,
            ..self.clone()
        })
    }
}

/// An unreadable file of summaries.
fn of_summary(path: PathBuf, why: String) -> Damage {
    Damage {
        why,
        loss: "its summaries are built from the events".to_owned(),
        remedy: format!("remove {} and run spelunk store summarize", path.display()),
        path,
    }
}

impl Summaries {
    /// Returns the damage in their files. Decodes all of them.
    pub fn damage(&self) -> Vec<Damage> {
        let look = |(path, rows): (PathBuf, u64)| {
            let why = undecodable(&path, rows)?;
            Some(of_summary(path, why))
        };
        self.files().filter_map(look).collect()
    }

    /// The summaries of the sources that have none of these files.
    pub fn without(&self, gone: &BTreeSet<PathBuf>) -> Summaries {
        let mut left = self.clone();
        left.forget_files(gone);
        left
    }
}

impl Store {
    /// All sources without a damaged manifest, and the damaged ones.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub fn contents(&self) -> Result<(Vec<StoredSource>, Vec<Damage>)> {
        let (folders, damage) = self.event_folders()?;
        let source = |(folder, manifest)| self.source(folder, manifest);
        Ok((folders.into_iter().map(source).collect(), damage))
    }

    /// The summaries, and the damage in them that a quick check finds; no summaries if their manifest is
    /// damaged.
    pub fn readable_summaries(&self) -> (Summaries, Vec<Damage>) {
        match self.summaries() {
            Ok(summaries) => {
                let why = |path: &PathBuf| files::check_magic(path).err();
                let lost = summaries.lost();
                let lost = lost.filter_map(|path| Some(of_summary(path.clone(), why(path)?)));
                let lost = lost.collect();
                (summaries, lost)
            }
            Err(why) => {
                let none = Summaries::none(&self.home().join("models"));
                (none, vec![of_summaries(self, &why)])
            }
        }
    }

    /// Reads everything in the store and reports the damage.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn verify(&self) -> Result<Vec<Damage>> {
        let _reading = self.reading();
        let (sources, mut found) = self.contents()?;
        found.extend(sources.iter().flat_map(StoredSource::damage));
        let (summaries, damage) = self.readable_summaries();
        found.extend(damage);
        found.extend(summaries.damage());
        Ok(found)
    }
}

/// Why a Parquet file with this number of rows can't be read.
fn undecodable(path: &Path, rows: u64) -> Option<String> {
    let read = || -> Result<(), String> {
        files::check_magic(path)?;
        let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
        let frame = quietly(|| polars::prelude::ParquetReader::new(file).finish())?;
        match frame.height() as u64 {
            there if there == rows => Ok(()),
            there => Err(format!(
                "the stored file is damaged: it holds {there} rows instead of {rows}"
            )),
        }
    };
    read().err()
}

/// Polars panics on some damaged files.
pub(super) fn quietly(work: impl FnOnce() -> PolarsResult<DataFrame>) -> Result<DataFrame, String> {
    match caught(work) {
        Ok(read) => read.map_err(|e| format!("the stored file is damaged: {e}")),
        Err(_) => Err("the stored file is damaged: it can't be decoded".to_owned()),
    }
}
