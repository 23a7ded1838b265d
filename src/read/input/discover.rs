//! Discovers the files to read below a path.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::read::Skipped;

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// The file.
    pub path: PathBuf,
    /// Whether the user named it: a named text file is read whatever its name.
    pub named: bool,
    /// Its size on disk in bytes.
    pub bytes: u64,
}

/// The contents of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files, sorted by name folder by folder.
    pub files: Vec<InputFile>,
    /// Unreadable entries: folders that can't be listed, links that lead nowhere or to folders, pipes and
    /// devices.
    pub skipped: Vec<Skipped>,
}

/// Lists the files below a path, or the path itself if it is a file. Skips hidden files. Does not follow
/// links to folders, which may form a loop.
///
/// # Errors
/// If nothing exists at the path.
pub fn list(path: &Path) -> Result<Listing> {
    let mut listing = Listing::default();
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => folder(path, &mut listing),
        Ok(metadata) => listing.files.push(InputFile {
            path: path.to_owned(),
            named: true,
            bytes: metadata.len(),
        }),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(Error::file(path, e));
        }
        Err(e) => listing.skipped.push(Skipped::new(path, e)),
    }
    Ok(listing)
}

fn folder(path: &Path, listing: &mut Listing) {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) => return listing.skipped.push(Skipped::new(path, e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_name().as_encoded_bytes().starts_with(b".") => {}
            Ok(entry) => found.push(entry),
            Err(e) => listing.skipped.push(Skipped::new(path, e)),
        }
    }
    found.sort_by_key(std::fs::DirEntry::file_name);
    for entry in found {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folder(&path, listing);
            continue;
        }
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => listing.files.push(InputFile {
                path,
                named: false,
                bytes: metadata.len(),
            }),
            Ok(metadata) => {
                let why = match metadata.is_dir() {
                    true => "a link to a folder, which may lead back here: name the folder itself",
                    false => "a pipe or a device, not a file",
                };
                listing.skipped.push(Skipped::new(path, why));
            }
            Err(e) => {
                let why = match entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                    true => format!("a link that leads nowhere: {e}"),
                    false => e.to_string(),
                };
                listing.skipped.push(Skipped::new(path, why));
            }
        }
    }
}

/// Returns the reason to skip a file with this head if it is a Git LFS pointer: repositories of data sets
/// contain such pointers in place of large files that have not been fetched.
/// <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>
pub fn pointer(head: &[u8]) -> Option<String> {
    // The specification limits pointers to 1024 bytes.
    if head.len() > 1024 {
        return None;
    }
    let text = std::str::from_utf8(head).ok()?;
    let rest = text.strip_prefix("version https://git-lfs.github.com/spec/")?;
    let size = rest.lines().find_map(|l| l.strip_prefix("size "));
    Some(format!(
        "a Git LFS pointer to a file of {} bytes, not the file itself: fetch it with `git lfs pull`",
        size.unwrap_or("unknown")
    ))
}
