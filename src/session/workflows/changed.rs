//! Finds the detections of a repository that changed since a revision.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::knowledge::detection::Detection;
use crate::session::Session;
use crate::session::workflows::git::git;
use crate::word;

impl Session {
    /// The detections whose file changed since `revision` of its repository, or whose macros or lookups did,
    /// including macros called indirectly.
    ///
    /// # Errors
    /// If Git is missing or does not know the revision.
    pub(in crate::session) fn changed_since(
        &self,
        revision: &str,
        detections: Vec<Detection>,
    ) -> Result<Vec<Detection>> {
        let mut roots: BTreeSet<PathBuf> = BTreeSet::new();
        let folders = detections.iter().filter_map(|d| d.path.parent());
        for folder in folders.collect::<BTreeSet<_>>() {
            if roots.iter().all(|root| !real(folder).starts_with(root)) {
                let top = git(folder, &["rev-parse", "--show-toplevel"])?;
                roots.insert(real(Path::new(top.trim())));
            }
        }
        let mut changed: BTreeSet<PathBuf> = BTreeSet::new();
        for root in &roots {
            let differing = git(root, &["diff", "--name-only", "-z", revision, "--"])?;
            let new = git(root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
            let names = differing.split('\0').chain(new.split('\0'));
            changed.extend(
                names
                    .filter(|name| !name.is_empty())
                    .map(|name| root.join(name)),
            );
        }
        // For a macro and a lookup, the file's name is the object's.
        let objects = |folder: &str| -> BTreeSet<String> {
            let below = |path: &&PathBuf| path.components().any(|c| c.as_os_str() == folder);
            let stems = changed
                .iter()
                .filter(below)
                .filter_map(|path| path.file_stem());
            stems
                .map(|stem| stem.to_string_lossy().into_owned())
                .collect()
        };
        let (macros, lookups) = (objects("macros"), objects("lookups"));
        let touched = |detection: &Detection| {
            if changed.contains(&real(&detection.path)) {
                return true;
            }
            let text = self.catalog.macro_closure(&detection.search);
            macros
                .iter()
                .any(|name| text.contains(&format!("`{name}`")))
                || lookups.iter().any(|name| word::stands_in(&text, name))
        };
        Ok(detections.into_iter().filter(touched).collect())
    }
}

/// The path with links resolved, if it exists.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
