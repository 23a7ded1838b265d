//! Progress through the lessons, kept in a file in their folder.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::store::write_atomic;

const FILE: &str = "progress.json";

/// The names of the finished lessons.
#[derive(Default, Serialize, Deserialize)]
struct Done {
    done: Vec<String>,
}

/// The progress kept between runs.
pub struct Progress {
    path: PathBuf,
    done: Done,
}

impl Progress {
    /// Reads the progress; empty if there is no file.
    ///
    /// # Errors
    /// If the file can't be read or is not one of ours.
    pub fn open(home: &Path) -> Result<Progress> {
        let path = home.join(FILE);
        let done = if path.is_file() {
            let text = std::fs::read_to_string(&path).map_err(|why| Error::file(&path, why))?;
            serde_json::from_str(&text).map_err(|why| {
                Error::file(&path, why).hint("`spelunk learn reset` begins a new one")
            })?
        } else {
            Done::default()
        };
        Ok(Progress { path, done })
    }

    /// Whether a lesson is finished.
    pub fn is_done(&self, name: &str) -> bool {
        self.done.done.iter().any(|n| n == name)
    }

    /// Marks a lesson as finished.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn done(&mut self, name: &str) -> Result<()> {
        if !self.is_done(name) {
            self.done.done.push(name.to_owned());
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|why| Error::file(folder, why))?;
        }
        let text = serde_json::to_string_pretty(&self.done)
            .map_err(|why| Error::internal(why.to_string()))?;
        write_atomic(&self.path, text.as_bytes())
    }
}

/// Clears the progress.
///
/// # Errors
/// If the file can't be removed.
pub fn reset(home: &Path) -> Result<()> {
    let path = home.join(FILE);
    match std::fs::remove_file(&path) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(Error::file(&path, why)),
        _ => Ok(()),
    }
}
