//! Files in which searches are laid out in place: what of them is a search, and the proof that
//! nothing else changes.
//!
//! The name of a file says what it holds. The new text is read again as spelunk reads it, and
//! must give the same tree for every search and the same value for everything else; otherwise
//! the search stays as it was, and that is an error.

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

/// What a file with searches is, by the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `.spl`: a search and nothing else.
    Search,
    /// `.yml`, `.yaml`: a detection; the value of `search` is one.
    Yaml,
    /// `.conf`: the values of `search`, and in `macros.conf` definitions that are searches.
    Conf,
}

impl FileKind {
    /// The kind of a file of that name; none of a file that holds no searches.
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

/// A file whose searches are laid out.
#[derive(Debug, Default)]
pub struct LaidOut {
    /// All of its text.
    pub text: String,
    /// Searches found in it.
    pub searches: usize,
    /// Searches that stay as they were, and why.
    pub failures: Vec<Failure>,
}

impl Session {
    /// Lays out the searches in the text of the file `path`. The text has no byte order mark.
    /// Of a YAML file that was not `named` but found in a folder, `search` is laid out only if
    /// the file has a `name` or an `id` too: others use that key for something else.
    ///
    /// # Errors
    /// A file that can't be read for what its name says. Searches that can't be laid out are
    /// among [`LaidOut::failures`].
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

    /// The whole text is a search.
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
                // Only the end of the last line is missing.
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

    /// The lines of a search that is laid out, which must be one that parses.
    fn lines_of(&self, spot: &Spot<'_>) -> Result<Vec<String>, Failure> {
        self.tree(spot)?;
        let mut sources = SourceMap::new();
        let source = spot.add_to(&mut sources);
        format::lines(source, spot.value).map_err(|error| Failure { error, sources })
    }

    /// Whether two searches read the same.
    fn is_same(&self, one: &Spot<'_>, other: &Spot<'_>) -> bool {
        let trees = (self.tree(one), self.tree(other));
        same::tokens(one.value) == same::tokens(other.value)
            && matches!(trees, (Ok(one), Ok(other)) if one == other)
    }
}

impl Spot<'_> {
    /// An error of a search that can't be laid out.
    fn differs(&self) -> Error {
        self.error("laid out, this search would read differently: it stays as it is")
    }

    /// An error at the line where the search begins.
    fn error(&self, why: &str) -> Error {
        let (line, column) = crate::source::line_column(self.text, self.raw.start);
        Error::format(self.path, line, column, why)
    }
}

/// How lines end at a place in a text: as its line does, or if that is the last one, as those
/// before.
fn line_end(text: &str, at: usize) -> &'static str {
    let next = text[at..].find('\n').map(|next| at + next);
    match next.or_else(|| text[..at].rfind('\n')) {
        Some(end) if text[..end].ends_with('\r') => "\r\n",
        Some(_) | None => "\n",
    }
}
