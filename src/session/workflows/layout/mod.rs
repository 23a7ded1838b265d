//! Formats the searches in files in place: finds the searches, and verifies that nothing else changes.
//!
//! The file's extension determines its kind. The new text is parsed again and must give the same tree for
//! every search and the same value for everything else; otherwise the search stays unchanged and is reported
//! as an error.

mod conf;
mod notation;
mod same;
mod spot;
mod yaml;

use std::path::Path;

use crate::error::{Error, Result};
use crate::session::workflows::layout::spot::Spot;
use crate::session::{Failure, Session};
use crate::source::SourceMap;
use crate::syntax::format;

/// Kinds of files with searches, by extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `.spl`: one search.
    Search,
    /// `.yml`, `.yaml`: a detection; the value of `search` is the search.
    Yaml,
    /// `.conf`: the values of `search`, and definitions in `macros.conf` that are searches.
    Conf,
}

impl FileKind {
    /// The kind of a file by its name. Returns `None` if it can't contain searches.
    pub fn of(path: &Path) -> Option<FileKind> {
        let ending = path.extension()?.to_str()?;
        match ending.to_ascii_lowercase().as_str() {
            "spl" => Some(FileKind::Search),
            "yml" | "yaml" => Some(FileKind::Yaml),
            "conf" => Some(FileKind::Conf),
            _ => None,
        }
    }
}

/// A formatted file.
#[derive(Debug, Default)]
pub struct LaidOut {
    /// The complete new text.
    pub text: String,
    /// The number of searches found.
    pub searches: usize,
    /// Searches left unchanged, with the reasons.
    pub failures: Vec<Failure>,
}

impl Session {
    /// Formats the searches in the text of the file `path`. The text has no byte order mark. In a YAML file
    /// that was not `named` but found in a folder, formats `search` only if the file also has a `name` or an
    /// `id`: other files use that key for something else.
    ///
    /// # Errors
    /// If the file does not parse as its extension says. Searches that can't be formatted are in
    /// [`LaidOut::failures`].
    pub fn lay_out(
        &self,
        path: &Path,
        kind: FileKind,
        text: &str,
        named: bool,
    ) -> Result<LaidOut, Failure> {
        match kind {
            FileKind::Search => Ok(self.lay_out_search(path, text)),
            FileKind::Yaml => self.lay_out_yaml(path, text, named),
            FileKind::Conf => self.lay_out_conf(path, text),
        }
    }

    /// Formats a file that is a single search.
    fn lay_out_search(&self, path: &Path, text: &str) -> LaidOut {
        let mut out = LaidOut {
            text: text.to_owned(),
            searches: usize::from(!text.trim().is_empty()),
            failures: Vec::new(),
        };
        if out.searches == 0 {
            return out;
        }
        let spot = Spot {
            path,
            text,
            value: text,
            raw: 0..text.len(),
        };
        match self.lines_of(&spot) {
            Ok(lines) => {
                let eol = line_end(text, 0);
                let new: String = lines.iter().flat_map(|line| [line, eol]).collect();
                // A missing line end after the last line is not a difference.
                if new.strip_suffix(eol) != Some(text) {
                    let again = Spot {
                        path,
                        text: &new,
                        value: &new,
                        raw: 0..new.len(),
                    };
                    if self.is_same(&spot, &again) {
                        out.text = new;
                    } else {
                        out.failures.push(spot.differs().into());
                    }
                }
            }
            Err(failure) => out.failures.push(failure),
        }
        out
    }

    /// The lines of a formatted search, which must parse.
    fn lines_of(&self, spot: &Spot<'_>) -> Result<Vec<String>, Failure> {
        self.tree(spot)?;
        let mut sources = SourceMap::new();
        let source = spot.add_to(&mut sources);
        format::lines(source, spot.value).map_err(|error| Failure { error, sources })
    }

    /// Whether two searches parse to the same tree.
    fn is_same(&self, one: &Spot<'_>, other: &Spot<'_>) -> bool {
        let trees = (self.tree(one), self.tree(other));
        same::tokens(one.value) == same::tokens(other.value)
            && matches!(trees, (Ok(one), Ok(other)) if one == other)
    }
}

impl Spot<'_> {
    /// The error of a search that formatting would change.
    fn differs(&self) -> Error {
        self.error("formatting would change the meaning of this search: left unchanged")
    }

    /// An error at the line where the search starts.
    fn error(&self, why: &str) -> Error {
        let (line, column) = crate::source::line_column(self.text, self.raw.start);
        Error::format(self.path, line, column, why)
    }
}

/// The line ending at a position in a text: that of its line, or of the lines before if it is the last.
fn line_end(text: &str, at: usize) -> &'static str {
    let next = text[at..].find('\n').map(|next| at + next);
    match next.or_else(|| text[..at].rfind('\n')) {
        Some(end) if text[..end].ends_with('\r') => "\r\n",
        Some(_) | None => "\n",
    }
}
