//! Which files there are to read below a path.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFound {
    /// The file.
    pub path: PathBuf,
    /// Whether the user named it: such a file must be readable, one that was found in a folder
    /// may be of no known format.
    pub named: bool,
    /// Its bytes on disk.
    pub bytes: u64,
}

/// The files below a path, itself if it is one, sorted by name folder by folder. Hidden ones and
/// links to folders are passed over, as a link may lead back here.
///
/// # Errors
/// When a folder can't be listed.
pub fn list(path: &Path) -> Result<Vec<FileFound>> {
    let metadata = std::fs::metadata(path).map_err(|e| Error::file(path, e))?;
    let mut found = Vec::new();
    if metadata.is_dir() {
        folder(path, &mut found)?;
    } else {
        found.push(FileFound {
            path: path.to_owned(),
            named: true,
            bytes: metadata.len(),
        });
    }
    Ok(found)
}

fn folder(path: &Path, found: &mut Vec<FileFound>) -> Result<()> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|e| Error::file(path, e))? {
        let entry = entry.map_err(|e| Error::file(path, e))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry);
        }
    }
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(|e| Error::file(&path, e))?;
        if kind.is_dir() {
            folder(&path, found)?;
        } else if let Ok(metadata) = std::fs::metadata(&path)
            && metadata.is_file()
        {
            found.push(FileFound {
                path,
                named: false,
                bytes: metadata.len(),
            });
        }
    }
    Ok(())
}
