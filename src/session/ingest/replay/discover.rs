//! Finds the files to replay, with their metadata from data set descriptions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::knowledge::dataset::{self, DataSets};
use crate::knowledge::shipped;
use crate::read::{self, InputFile, Listing, Skipped};
use crate::session::Session;
use crate::session::ingest::replay::ReplayOptions;

/// A file to replay, with the metadata of its events.
pub(super) struct Source {
    pub file: InputFile,
    pub options: read::Options,
}

/// Files to replay. The sources of one unit are replaced together: they are one file on disk, which several
/// descriptions may name.
#[derive(Default)]
pub(super) struct WriteJobs {
    pub units: Vec<Vec<Source>>,
    /// Missing files that descriptions name, and files that can't be read.
    pub missing: Vec<Skipped>,
}

impl Source {
    /// A source for a named file.
    pub fn new(path: PathBuf, options: read::Options) -> Source {
        let bytes = match shipped::file(&path) {
            Some(file) => file.bytes().len() as u64,
            None => std::fs::metadata(&path).map_or(0, |m| m.len()),
        };
        let file = InputFile {
            path,
            named: true,
            bytes,
        };
        Source { file, options }
    }
}

impl WriteJobs {
    /// Groups the files into units.
    pub fn of(sources: Vec<Source>) -> WriteJobs {
        let mut units: IndexMap<PathBuf, Vec<Source>> = IndexMap::new();
        for source in sources {
            let path = &source.file.path;
            let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            units.entry(place).or_default().push(source);
        }
        WriteJobs {
            units: units.into_values().collect(),
            missing: Vec::new(),
        }
    }

    /// Finds the files below paths. Descriptions in a folder supply the metadata of its files.
    ///
    /// # Errors
    /// If a path is missing, a description can't be read, or no file is found.
    pub fn find(session: &Session, paths: &[PathBuf], over: &ReplayOptions) -> Result<WriteJobs> {
        let plain = session.read_options();
        let mut sources = Vec::new();
        let mut missing = Vec::new();
        for path in paths {
            if is_yaml(path) {
                if shipped::file(path).is_none() {
                    std::fs::metadata(path).map_err(|why| Error::file(path, why))?;
                }
                match described(session, &plain, path, over) {
                    Ok((found, gone)) => {
                        sources.extend(found);
                        missing.extend(gone);
                    }
                    Err(why) => missing.push(Skipped::of(path, why)),
                }
                continue;
            }
            let Listing { files, skipped } = read::list(path)?;
            missing.extend(skipped);
            let mut said: BTreeMap<PathBuf, Vec<Source>> = BTreeMap::new();
            let mut rest = Vec::new();
            for file in files {
                // YAML files other than descriptions have no known format.
                match is_yaml(&file.path).then(|| described(session, &plain, &file.path, over)) {
                    Some(Ok((found, gone))) if !found.is_empty() || !gone.is_empty() => {
                        missing.extend(gone);
                        for source in found {
                            let place = std::fs::canonicalize(&source.file.path);
                            let place = place.unwrap_or_else(|_| source.file.path.clone());
                            said.entry(place).or_default().push(source);
                        }
                    }
                    _ => rest.push(file),
                }
            }
            for file in rest {
                let place = std::fs::canonicalize(&file.path);
                match said.remove(&place.unwrap_or_else(|_| file.path.clone())) {
                    Some(found) => sources.extend(found),
                    None => sources.push(Source {
                        file,
                        options: over.over(&plain, None, None),
                    }),
                }
            }
            sources.extend(said.into_values().flatten());
        }
        let mut units = WriteJobs::of(sources);
        units.missing = missing;
        Ok(units)
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yml" || e == "yaml")
}

/// The files that a data set description names, and those of them that are missing.
fn described(
    session: &Session,
    plain: &read::Options,
    path: &Path,
    over: &ReplayOptions,
) -> Result<(Vec<Source>, Vec<Skipped>)> {
    let sets = DataSets::load(path)?;
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for file in &sets.files {
        let Some(there) = dataset::locate(&file.path, path, &session.options.content) else {
            missing.push(Skipped::new(
                &file.path,
                format!(
                    "the data is missing: it is neither next to {} nor in a --content folder",
                    path.display()
                ),
            ));
            continue;
        };
        let said = over.over(plain, file.sourcetype.as_ref(), file.source.as_ref());
        found.push(Source::new(there, said));
    }
    Ok((found, missing))
}
