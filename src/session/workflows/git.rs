//! Queries a repository of detections with the `git` program.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};

/// The output of `git` in a folder, as text.
///
/// # Errors
/// If Git is missing or fails, with its message.
pub(in crate::session) fn git(folder: &Path, args: &[&str]) -> Result<String> {
    let bytes = git_bytes(folder, args)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The output of `git` in a folder, as bytes.
///
/// # Errors
/// As [`git`].
pub(in crate::session) fn git_bytes(folder: &Path, args: &[&str]) -> Result<Vec<u8>> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(args)
        .output()
        .map_err(|why| Error::data(format!("revisions are read by git: {why}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error::data(format!(
            "git {} in {}: {}",
            args.join(" "),
            folder.display(),
            said.trim()
        )));
    }
    Ok(output.stdout)
}
