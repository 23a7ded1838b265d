//! Compares two versions of a detection on the same data.

use std::path::{Path, PathBuf};

use crate::detect::compare::{self, Line, RowChanges};
use crate::error::Failure;
use crate::error::{Error, Result};
use crate::exec::frame::result::Rows;
use crate::knowledge::detection::Detection;
use crate::session::large_stack::with_large_stack;
use crate::session::workflows::git::{git, git_bytes};
use crate::session::{Options, Session, Stage, Warning};
use crate::source::SourceId;
use crate::syntax::format::format;

/// A comparison of two versions of a detection.
#[derive(Debug)]
pub struct Comparison {
    /// The formatted searches, line by line. If they are equal and their macros differ, the searches with
    /// their macros expanded.
    pub search: Vec<Line>,
    /// Whether [`Comparison::search`] has expanded macros.
    pub expanded: bool,
    /// The rows of the old version.
    pub before: Rows,
    /// The rows of the new version.
    pub after: Rows,
    /// The differences between the rows.
    pub rows: RowChanges,
    /// Warnings and other notices.
    pub notices: Vec<String>,
}

impl Comparison {
    /// Whether the searches or the rows differ.
    pub fn differs(&self) -> bool {
        !self.rows.is_empty() || self.search.iter().any(|l| !matches!(l, Line::Same(_)))
    }
}

/// One version, with the knowledge of its revision.
struct Version {
    detection: Detection,
    session: Session,
    /// The knowledge of a revision; removed when the version is dropped.
    _folder: Option<tempfile::TempDir>,
}

impl Session {
    /// Runs two versions of a detection on the session's data and compares them. A version is a detection as
    /// for [`Session::run`] (a file, a name), or `REV:path`: a file at a revision of the Git repository that
    /// contains the working directory or a content folder, run with that revision's macros and lookups.
    /// Discards the searches' writes.
    ///
    /// # Errors
    /// If a version is missing, or its search or the data is wrong.
    pub fn compare(&self, a: &str, b: &str) -> Result<Comparison, Failure> {
        let before = self.version(a)?;
        let after = self.version(b)?;
        let searches = [&before, &after].map(|version| laid_out(&version.detection.search));
        let mut search = compare::lines(&searches[0], &searches[1]);
        let mut expanded = false;
        if searches[0] == searches[1] {
            let full = |version: &Version| {
                let text = version
                    .session
                    .explain(&version.detection.search, Stage::Macros)?;
                Ok::<_, Failure>(laid_out(&text))
            };
            let full = [full(&before)?, full(&after)?];
            if full[0] != full[1] {
                search = compare::lines(&full[0], &full[1]);
                expanded = true;
            }
        }
        let mut notices = Vec::new();
        let mut run = |version: &Version| {
            version.session.replay_tests_of(&version.detection)?;
            let (rows, warnings) = version.session.search_dry(&version.detection.search)?;
            for warning in warnings {
                if !notices.contains(&warning.message) {
                    notices.push(warning.message);
                }
            }
            Ok::<_, Failure>(rows)
        };
        let (before, after) = (run(&before)?, run(&after)?);
        Ok(Comparison {
            rows: compare::rows(&before, &after),
            search,
            expanded,
            before,
            after,
            notices,
        })
    }

    /// Runs a search and discards its writes.
    fn search_dry(&self, spl: &str) -> Result<(Rows, Vec<Warning>), Failure> {
        with_large_stack(|| {
            let compiled = self.compile(spl)?;
            self.run_pipeline(&compiled, &compiled.pipeline, false)
        })
    }

    fn version(&self, selector: &str) -> Result<Version> {
        let of_revision = selector.split_once(':').filter(|(revision, path)| {
            !revision.is_empty() && !path.is_empty() && !Path::new(selector).exists()
        });
        if let Some((revision, path)) = of_revision
            && self.catalog.load_detections(selector).is_err()
        {
            return self.of_revision(revision, Path::new(path));
        }
        let detections = self.catalog.load_detections(selector)?;
        let count = detections.len();
        let [detection] = <[Detection; 1]>::try_from(detections).map_err(|_| {
            Error::usage(format!(
                "`{selector}` is {count} detections; diff compares one with one"
            ))
        })?;
        let mut options = self.options.clone();
        if let Some(root) = root_of(&detection.path)
            && root.is_dir()
            && !options.content.iter().any(|dir| same(dir, &root))
        {
            options.content.push(root);
        }
        self.with(detection, options, None)
    }

    /// A file at a revision, with the macros and lookups of that revision.
    fn of_revision(&self, revision: &str, path: &Path) -> Result<Version> {
        let (folder, path) = self.place_of(revision, path)?;
        let top = git(&folder, &["rev-parse", "--show-toplevel"])?;
        let top = PathBuf::from(top.trim_end_matches(['\n', '\r']));
        let bytes = git_bytes(&top, &["show", &format!("{revision}:{path}")])?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::data(format!("{revision}:{path} is not UTF-8 text")))?;
        let shown = PathBuf::from(format!("{revision}:{path}"));
        let detection = Detection::of_text(&shown, &text)?;
        let root = root_of(Path::new(&path)).unwrap_or_default();
        let temporary =
            tempfile::tempdir().map_err(|why| Error::file(&std::env::temp_dir(), why))?;
        let mut options = self.options.clone();
        options.content.retain(|dir| !same(dir, &top.join(&root)));
        if self.unpack(&top, revision, &root, temporary.path())? {
            options.content.push(temporary.path().join(&root));
        }
        self.with(detection, options, Some(temporary))
    }

    /// The folder in whose repository a revision has a file, and the file's path from the top.
    fn place_of(&self, revision: &str, path: &Path) -> Result<(PathBuf, String)> {
        let mut places = vec![(PathBuf::from("."), path.to_owned())];
        if let (true, Some(folder), Some(name)) =
            (path.is_absolute(), path.parent(), path.file_name())
        {
            places = vec![(folder.to_owned(), PathBuf::from(name))];
        } else {
            let content = self.options.content.iter();
            places.extend(content.map(|folder| (folder.clone(), path.to_owned())));
        }
        let (mut refused, mut is_repository) = (None, false);
        for (folder, path) in places {
            let path = path.to_string_lossy();
            let ask = [
                "ls-tree",
                "--full-name",
                "--name-only",
                "-z",
                revision,
                "--",
                &*path,
            ];
            match git(&folder, &ask) {
                Ok(found) => {
                    if let Some(full) = found.split('\0').find(|name| !name.is_empty()) {
                        return Ok((folder, full.to_owned()));
                    }
                    is_repository = true;
                }
                // A folder outside any repository gives an error, too; the last one is the most likely meant.
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.filter(|_| !is_repository).unwrap_or_else(|| {
            Error::data(format!(
                "the revision {revision} has no file {}",
                path.display()
            ))
        }))
    }

    /// Writes the macros and lookups of a revision below a folder; returns false if it has none.
    fn unpack(&self, top: &Path, revision: &str, root: &Path, into: &Path) -> Result<bool> {
        let wanted = ["macros", "lookups"].map(|name| slashed(&root.join(name)));
        let mut ask = vec!["ls-tree", "-d", "--name-only", revision, "--"];
        ask.extend(wanted.iter().map(String::as_str));
        let there = git(top, &ask)?;
        let there: Vec<&str> = there.lines().filter(|line| !line.is_empty()).collect();
        if there.is_empty() {
            return Ok(false);
        }
        let mut ask = vec!["archive", "--format=tar", revision, "--"];
        ask.extend(&there);
        let archive = git_bytes(top, &ask)?;
        tar::Archive::new(archive.as_slice())
            .unpack(into)
            .map_err(|why| Error::file(into, why))?;
        Ok(true)
    }

    fn with(
        &self,
        detection: Detection,
        options: Options,
        folder: Option<tempfile::TempDir>,
    ) -> Result<Version> {
        let mut session = Session::open(options)?;
        session.cancelled = self.cancelled.clone();
        Ok(Version {
            detection,
            session,
            _folder: folder,
        })
    }
}

/// The content folder of a detection's file: the parent of `detections`.
fn root_of(path: &Path) -> Option<PathBuf> {
    let mut above = path.ancestors();
    let found = above.find(|folder| folder.file_name().is_some_and(|name| name == "detections"))?;
    let root = found.parent()?;
    Some(if root.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        root.to_owned()
    })
}

fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(a) == real(b)
}

fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.trim_start_matches("./").to_owned()
}

/// The formatted search; unchanged if it does not parse.
fn laid_out(search: &str) -> String {
    format(SourceId(0), search).unwrap_or_else(|_| search.to_owned())
}
