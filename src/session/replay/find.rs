//! What there is to replay: files, with what descriptions of data sets say of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::knowledge::dataset::{self, DataSets};
use crate::knowledge::shipped;
use crate::read::{self, FileFound, Skipped};
use crate::session::Session;
use crate::session::replay::ReplayOptions;

/// A file to replay, and what is said of its events.
pub(super) struct Source {
    pub file: FileFound,
    pub options: read::Options,
}

/// Files to replay. Those of one unit are replaced together: they are one file on disk, which
/// several descriptions may name.
#[derive(Default)]
pub(super) struct Units {
    pub units: Vec<Vec<Source>>,
    /// Files that descriptions name and that are not there.
    pub missing: Vec<Skipped>,
}

impl Source {
    /// A file that was named.
    pub fn new(path: PathBuf, options: read::Options) -> Source {
        let bytes = match shipped::file(&path) {
            Some(file) => file.bytes().len() as u64,
            None => std::fs::metadata(&path).map_or(0, |m| m.len()),
        };
        let file = FileFound {
            path,
            named: true,
            bytes,
        };
        Source { file, options }
    }
}

impl Units {
    /// The files as units.
    pub fn of(sources: Vec<Source>) -> Units {
        let mut units: IndexMap<PathBuf, Vec<Source>> = IndexMap::new();
        for source in sources {
            let path = &source.file.path;
            let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            units.entry(place).or_default().push(source);
        }
        Units {
            units: units.into_values().collect(),
            missing: Vec::new(),
        }
    }

    /// The files below paths. A folder's descriptions say of its files what they are.
    ///
    /// # Errors
    /// A path that is not there, a description that can't be read, or nothing that is there.
    pub fn find(session: &Session, paths: &[PathBuf], over: &ReplayOptions) -> Result<Units> {
        let plain = session.read_options();
        let mut sources = Vec::new();
        let mut missing = Vec::new();
        for path in paths {
            if is_yaml(path) {
                let (found, gone) = described(session, &plain, path, over)?;
                if found.is_empty()
                    && let Some(first) = gone.first()
                {
                    return Err(Error::file(&first.file, &first.why));
                }
                sources.extend(found);
                missing.extend(gone);
                continue;
            }
            let files = read::list(path)?;
            let mut said: BTreeMap<PathBuf, Vec<Source>> = BTreeMap::new();
            let mut rest = Vec::new();
            for file in files {
                // Other YAML files than descriptions are of no known format.
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
                        options: options(&plain, over, None, None),
                    }),
                }
            }
            sources.extend(said.into_values().flatten());
        }
        let mut units = Units::of(sources);
        units.missing = missing;
        Ok(units)
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yml" || e == "yaml")
}

fn options(
    plain: &read::Options,
    over: &ReplayOptions,
    sourcetype: Option<&String>,
    source: Option<&String>,
) -> read::Options {
    read::Options {
        index: over.index.clone(),
        source: over.source.as_ref().or(source).cloned(),
        sourcetype: over.sourcetype.as_ref().or(sourcetype).cloned(),
        host: over.host.clone(),
        ..plain.clone()
    }
}

/// The files that a description of data sets names, and those of them that are not there.
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
            missing.push(Skipped {
                file: PathBuf::from(&file.path),
                why: format!(
                    "the data is not there: it is neither beside {} nor in a --content folder",
                    path.display()
                ),
            });
            continue;
        };
        let said = options(plain, over, file.sourcetype.as_ref(), file.source.as_ref());
        let source = Source::new(there, said);
        match pointer(&source.file) {
            Some(why) => missing.push(Skipped {
                file: source.file.path,
                why,
            }),
            None => found.push(source),
        }
    }
    Ok((found, missing))
}

/// Why a file is no data but a pointer to a large file, if it is one: repositories of data sets
/// keep such pointers where the files have not been fetched.
/// <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>
pub(super) fn pointer(file: &FileFound) -> Option<String> {
    use std::io::Read as _;
    // The specification bounds them to 1024 bytes.
    if file.bytes > 1024 {
        return None;
    }
    let mut text = String::new();
    let opened = std::fs::File::open(&file.path).ok()?;
    opened.take(1024).read_to_string(&mut text).ok()?;
    let rest = text.strip_prefix("version https://git-lfs.github.com/spec/")?;
    let size = rest.lines().find_map(|l| l.strip_prefix("size "));
    Some(format!(
        "a Git LFS pointer to a file of {} bytes, not the file itself: fetch it with `git lfs pull`",
        size.unwrap_or("unknown")
    ))
}
