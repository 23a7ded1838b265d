//! Events and summaries kept on disk as Parquet.
//!
//! `<home>/events/index=<index>/source=<hash>/*.parquet` hold events of one file, source and
//! sourcetype; `<home>/models/<Model>.<Dataset>/*.parquet` hold summaries of data model sets. Beside the
//! Parquet files of a folder a manifest names those that count, so that readers see the old rows or the
//! new ones and never a mixture. Any Parquet reader understands the files.

mod files;
mod manifest;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{
    DataType, HiveOptions, LazyFrame, PlRefPath, PolarsError, ScanArgsParquet, Schema, SchemaRef,
};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::read;
use crate::store::manifest::{BatchFile, FILE, Manifest};

pub use crate::store::files::write_whole;
pub use crate::store::writer::Writer;

/// A store on disk, or a place for one.
#[derive(Clone, Debug)]
pub struct Store {
    home: PathBuf,
}

/// Events of one file, source and sourcetype.
#[derive(Clone, Debug)]
pub struct StoredSource {
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

/// Summary of a data model set.
#[derive(Clone, Debug)]
pub struct StoredModel {
    /// The data model.
    pub model: String,
    /// The set in it.
    pub dataset: String,
    /// What identifies the knowledge and the events it was made from.
    pub knowledge: String,
    /// Rows.
    pub rows: u64,
    /// Columns and types that a scan gives.
    pub schema: SchemaRef,
    folder: PathBuf,
    batches: Vec<BatchFile>,
}

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

    /// Whether there are no events.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.event_folders()?.iter().all(|(_, m)| m.rows() == 0))
    }

    /// All sources, by index and folder.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sources(&self) -> Result<Vec<StoredSource>> {
        let sources = self.event_folders()?.into_iter().map(|(folder, manifest)| {
            let (earliest, latest) = manifest.span();
            StoredSource {
                index: manifest.get("index").to_owned(),
                source: manifest.get("source").to_owned(),
                sourcetype: manifest.get("sourcetype").to_owned(),
                origin: manifest.get("origin").to_owned(),
                paths: paths(&folder, &manifest.batches),
                events: manifest.rows(),
                earliest,
                latest,
                schema: Arc::new(schema(&manifest.batches)),
                folder,
                batches: manifest.batches,
            }
        });
        Ok(sources.collect())
    }

    /// The events of a source, to be read when they are needed.
    ///
    /// # Errors
    /// When the files cannot be opened.
    pub fn scan(&self, source: &StoredSource) -> Result<LazyFrame> {
        scan(&source.folder, &source.batches, &source.schema)
    }

    /// Removes sources.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process writes into it.
    pub fn delete(&self, sources: &[StoredSource]) -> Result<()> {
        let _writer = self.writer()?;
        sources
            .iter()
            .try_for_each(|source| writer::remove_folder(&source.folder))
    }

    /// What identifies the events that are stored: another text when any of them changed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn fingerprint(&self) -> Result<String> {
        let mut hasher = Sha256::new();
        for (folder, manifest) in self.event_folders()? {
            hasher.update(
                folder
                    .strip_prefix(&self.home)
                    .unwrap_or(&folder)
                    .as_os_str()
                    .as_encoded_bytes(),
            );
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

    /// All summaries.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn models(&self) -> Result<Vec<StoredModel>> {
        let folders = folders(&self.home.join("models"))?;
        let models = folders.into_iter().map(|(folder, manifest)| StoredModel {
            model: manifest.get("model").to_owned(),
            dataset: manifest.get("dataset").to_owned(),
            knowledge: manifest.get("knowledge").to_owned(),
            rows: manifest.rows(),
            schema: Arc::new(schema(&manifest.batches)),
            folder,
            batches: manifest.batches,
        });
        Ok(models.collect())
    }

    /// The rows of a summary, to be read when they are needed.
    ///
    /// # Errors
    /// When the files cannot be opened.
    pub fn scan_model(&self, model: &StoredModel) -> Result<LazyFrame> {
        scan(&model.folder, &model.batches, &model.schema)
    }

    fn event_folder(&self, index: &str) -> PathBuf {
        let index = format!("index={}", files::path_part(index));
        self.home.join("events").join(index)
    }

    fn model_folder(&self, model: &str, dataset: &str) -> PathBuf {
        let name = format!("{model}.{dataset}");
        self.home.join("models").join(files::path_part(&name))
    }

    /// Folders of events and summaries, finished or not.
    fn all_folders(&self) -> Result<Vec<PathBuf>> {
        let mut all = subfolders(&self.home.join("models"))?;
        for index in subfolders(&self.home.join("events"))? {
            all.extend(subfolders(&index)?);
        }
        Ok(all)
    }

    /// Folders of events with their manifests, sorted.
    fn event_folders(&self) -> Result<Vec<(PathBuf, Manifest)>> {
        if self.home.is_file() {
            let why = "the store's folder (--home) is a file";
            return Err(Error::file(&self.home, why));
        }
        let mut all = Vec::new();
        for index in subfolders(&self.home.join("events"))? {
            all.extend(folders(&index)?);
        }
        Ok(all)
    }
}

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

/// Folders below one that have a manifest: others are not finished, or on their way out.
fn folders(folder: &Path) -> Result<Vec<(PathBuf, Manifest)>> {
    let mut found = Vec::new();
    for path in subfolders(folder)? {
        if let Some(manifest) = Manifest::load(&path)? {
            found.push((path, manifest));
        }
    }
    Ok(found)
}

fn paths(folder: &Path, batches: &[BatchFile]) -> Vec<PathBuf> {
    batches.iter().map(|b| folder.join(&b.file)).collect()
}

fn schema(batches: &[BatchFile]) -> Schema {
    let schemas: Vec<Schema> = batches.iter().map(BatchFile::schema).collect();
    read::join_schemas(&schemas)
}

/// One scan over all files whose types are the joined ones, and one over each group of others, which
/// are cast.
fn scan(folder: &Path, batches: &[BatchFile], all: &SchemaRef) -> Result<LazyFrame> {
    let mut fitting = Vec::new();
    let mut others: Vec<(SchemaRef, Vec<PathBuf>)> = Vec::new();
    for batch in batches {
        let schema = batch.schema();
        let path = folder.join(&batch.file);
        let fits = |name: &str, kind: &DataType| all.get(name) == Some(kind);
        if schema.iter().all(|(name, kind)| fits(name, kind)) {
            fitting.push(path);
        } else if let Some((_, paths)) = others.iter_mut().find(|(s, _)| **s == schema) {
            paths.push(path);
        } else {
            others.push((Arc::new(schema), vec![path]));
        }
    }
    let mut parts = Vec::new();
    if !fitting.is_empty() {
        parts.push((scan_files(folder, &fitting, all)?, Arc::clone(all)));
    }
    for (schema, paths) in others {
        parts.push((scan_files(folder, &paths, &schema)?, schema));
    }
    if parts.is_empty() {
        let empty = polars::prelude::DataFrame::empty_with_schema(all);
        return Ok(polars::prelude::IntoLazy::lazy(empty));
    }
    let (frame, joined) = read::union(parts)?;
    // The order of columns must not hang on which file has the odd type.
    if joined.iter_names().eq(all.iter_names()) {
        return Ok(frame);
    }
    let names: Vec<_> = all
        .iter_names()
        .map(|n| polars::prelude::col(n.clone()))
        .collect();
    Ok(frame.select(names))
}

fn scan_files(folder: &Path, files: &[PathBuf], schema: &SchemaRef) -> Result<LazyFrame> {
    let failed = |e: PolarsError| Error::file(&folder.join(FILE), e);
    files.iter().try_for_each(|file| files::check_whole(file))?;
    let paths = files
        .iter()
        .map(|p| PlRefPath::try_from_path(p))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    let args = ScanArgsParquet {
        // `index=` and `source=` in the path are no columns: the files have them.
        hive_options: HiveOptions {
            enabled: Some(false),
            ..HiveOptions::default()
        },
        schema: Some(Arc::clone(schema)),
        allow_missing_columns: true,
        glob: false,
        ..ScanArgsParquet::default()
    };
    LazyFrame::scan_parquet_files(paths.into_iter().collect(), args).map_err(failed)
}

#[cfg(test)]
mod tests;
