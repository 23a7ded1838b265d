//! The knowledge embedded in the binary: the repository's `macros/`, `apps/`, `detections/`, `datasets/` and
//! `lessons/`.

use std::path::{Path, PathBuf};

use include_dir::{Dir, File, include_dir};

static MACROS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../macros");
static APPS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../apps");
static DETECTIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../detections");
static DATASETS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../datasets");

static LESSONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../lessons");

/// Displayed prefix of the paths of shipped files.
pub const PREFIX: &str = "<shipped>";

/// A file embedded in the binary.
#[derive(Clone, Copy, Debug)]
pub struct ShippedFile {
    /// Its folder: `macros`, `apps`, `detections`, `datasets` or `lessons`.
    root: &'static str,
    file: &'static File<'static>,
}

impl ShippedFile {
    /// Its path in the repository: `datasets/...`.
    pub fn path(&self) -> PathBuf {
        Path::new(self.root).join(self.file.path())
    }

    /// Its displayed path: `<shipped>/datasets/...`.
    pub fn shown(&self) -> PathBuf {
        Path::new(PREFIX).join(self.path())
    }

    /// Its content.
    pub fn bytes(&self) -> &'static [u8] {
        self.file.contents()
    }
}

/// The shipped file at this path, with or without the prefix `<shipped>/`.
pub fn file(path: &Path) -> Option<ShippedFile> {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    let mut parts = path.components();
    let first = parts.next()?.as_os_str().to_str()?;
    let (root, dir) = roots().into_iter().find(|(name, _)| *name == first)?;
    let file = dir.get_file(parts.as_path())?;
    Some(ShippedFile { root, file })
}

/// All files of one of the folders, sorted by path.
pub(super) fn files(root: &str) -> Vec<ShippedFile> {
    let mut found = Vec::new();
    for (name, dir) in roots() {
        if name == root {
            collect(name, dir, &mut found);
        }
    }
    found.retain(|f| f.file.path().file_name().is_some_and(|n| n != ".gitkeep"));
    found.sort_by(|a, b| a.file.path().cmp(b.file.path()));
    found
}

fn roots() -> [(&'static str, &'static Dir<'static>); 5] {
    [
        ("macros", &MACROS),
        ("apps", &APPS),
        ("detections", &DETECTIONS),
        ("datasets", &DATASETS),
        ("lessons", &LESSONS),
    ]
}

fn collect(root: &'static str, dir: &'static Dir<'static>, found: &mut Vec<ShippedFile>) {
    found.extend(dir.files().map(|file| ShippedFile { root, file }));
    for inner in dir.dirs() {
        collect(root, inner, found);
    }
}
