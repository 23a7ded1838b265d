//! Directories, compressed files and archives: walks from a path to the files inside, streaming them without
//! unpacking to disk.
//!
//! Damage costs only what it damages: the rest of a member, a member, an archive. The walk reports it and
//! continues with the next one.

mod decoders;
mod kind;
mod members;
mod tar_files;
mod zip_files;

use std::cell::Cell;
use std::fs::File;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, Result, panic_text, without_number};
use crate::read::BadLines;
use crate::read::input::buffer::{Fault, Input, Notes, Place};
use crate::read::input::container::kind::{Container, MemberName, file_name, member_kind};
use crate::read::input::container::members::Members;
use crate::read::input::decompression_limit::{Counting, DecompressionLimit, LimitedReader};
use crate::read::input::discover::{self, InputFile, Listing};

/// Maximum nesting of containers.
const MAX_DEPTH: usize = 8;
/// Maximum size of an archive inside another container, which must be held in memory.
const MAX_NESTED: usize = 512 << 20;

/// A file that was not read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file, with the containers around it.
    pub file: PathBuf,
    /// The line of the file with the reason; 0 if there is none.
    pub line: u64,
    /// Why.
    pub why: String,
    /// Suggested remedies, one per line.
    pub hints: Vec<String>,
    /// Whether it is not data at all, rather than damaged data.
    pub is_unknown: bool,
}

impl Skipped {
    /// A file that was not read for that reason.
    pub fn new(file: impl Into<PathBuf>, why: impl std::fmt::Display) -> Skipped {
        Skipped {
            file: file.into(),
            line: 0,
            why: without_number(&why.to_string()).to_owned(),
            hints: Vec::new(),
            is_unknown: false,
        }
    }

    /// A file that was not read because of an error.
    pub fn of(file: &Path, error: Error) -> Skipped {
        let (line, why) = match *error.kind {
            ErrorKind::File { why, .. } => (0, why),
            ErrorKind::Format { line, why, .. } => (line as u64, why),
            kind => (0, kind.to_string()),
        };
        Skipped {
            line,
            hints: error.hints,
            ..Skipped::new(file, why)
        }
    }

    /// The error to report if nothing at all could be read: these files, in their order.
    pub fn error(skipped: &[Skipped]) -> Option<Error> {
        let (first, others) = skipped.split_first()?;
        let why = match others.len() {
            0 => first.why.clone(),
            1 => format!("{} (1 more file could not be read either)", first.why),
            n => format!("{} ({n} more files could not be read either)", first.why),
        };
        let line = usize::try_from(first.line).unwrap_or(usize::MAX);
        let error = match line {
            0 => Error::file(&first.file, why),
            line => Error::format(&first.file, line, 0, why),
        };
        Some(first.hints.iter().fold(error, Error::hint))
    }
}

/// One file, inside any containers.
pub struct Leaf<'l, 'r> {
    /// Its bytes.
    pub input: &'l mut Input<'r>,
    /// Its own name, without the extension of its compression.
    pub name: &'l str,
    /// The path on disk if it is a plain file.
    pub path: Option<&'l Path>,
    /// Whether the user named it; otherwise it was found in a directory or an archive.
    pub named: bool,
    /// When it was last modified.
    pub modified: Option<SystemTime>,
}

/// Reads a file, or says why it did not. An error ends the walk.
pub type OnFile<'f> = dyn FnMut(Leaf<'_, '_>) -> Result<Option<Skipped>> + 'f;

/// Walks paths and passes every file to a function.
pub struct Walker<'w> {
    on_file: &'w mut OnFile<'w>,
    /// Bytes read from disk so far.
    read: Rc<Cell<u64>>,
    /// Whether the receiver of the events is running: its panics are not the file's fault.
    receiving: Rc<Cell<bool>>,
    budget: Rc<DecompressionLimit>,
    skipped: Vec<Skipped>,
    bad: Vec<BadLines>,
    taken: u64,
}

/// The result of a walk.
pub struct Met {
    /// Files that were read.
    pub taken: u64,
    /// Files that were not read.
    pub skipped: Vec<Skipped>,
    /// Damage of containers that were read in part.
    pub bad: Vec<BadLines>,
}

/// The known facts about a stream.
#[derive(Clone, Copy)]
struct About<'a> {
    name: &'a str,
    path: Option<&'a Path>,
    named: bool,
    modified: Option<SystemTime>,
    depth: usize,
}

impl<'w> Walker<'w> {
    /// Creates a walker; `read` counts the bytes read from disk, `receiving` says whether the receiver of the
    /// events is running.
    pub fn new(
        read: Rc<Cell<u64>>,
        receiving: Rc<Cell<bool>>,
        on_file: &'w mut OnFile<'w>,
    ) -> Walker<'w> {
        Walker {
            on_file,
            read,
            receiving,
            budget: Rc::default(),
            skipped: Vec::new(),
            bad: Vec::new(),
            taken: 0,
        }
    }

    /// Returns the result.
    pub fn finish(self) -> Met {
        Met {
            taken: self.taken,
            skipped: self.skipped,
            bad: self.bad,
        }
    }

    /// Walks the files of a path.
    ///
    /// # Errors
    /// Returns the function's error.
    pub fn listing(&mut self, listing: Listing) -> Result<()> {
        self.skipped.extend(listing.skipped);
        listing.files.iter().try_for_each(|file| self.file(file))
    }

    /// Walks bytes as if they were a file of that name.
    ///
    /// # Errors
    /// Returns the function's error.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let reader = Counting {
            inner: bytes,
            read: Rc::clone(&self.read),
        };
        let about = About {
            name: file_name(name),
            path: None,
            named: true,
            modified: None,
            depth: 0,
        };
        self.guarded(Path::new(name), reader, about)
    }

    /// Walks one file.
    ///
    /// # Errors
    /// Returns the function's error.
    pub fn file(&mut self, found: &InputFile) -> Result<()> {
        let path = &found.path;
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = match opened {
            Ok(opened) => opened,
            Err(why) => {
                self.skip(path, why);
                return Ok(());
            }
        };
        let reader = Counting {
            inner: file,
            read: Rc::clone(&self.read),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let about = About {
            name: &name,
            path: metadata.is_file().then_some(path),
            named: found.named,
            modified: metadata.modified().ok(),
            depth: 0,
        };
        self.guarded(path, reader, about)
    }

    /// Walks a stream; a panic ends the file, not the walk.
    fn guarded(&mut self, origin: &Path, mut reader: impl Read, about: About<'_>) -> Result<()> {
        self.budget.start.set(self.read.get());
        self.budget.expanded.set(0);
        let taken = self.taken;
        let walk = AssertUnwindSafe(|| self.stream(origin, &mut reader, about));
        match catch_unwind(walk) {
            Ok(walked) => walked,
            Err(panic) if self.receiving.get() => resume_unwind(panic),
            Err(panic) => {
                let why = broken(&panic_text(&*panic));
                self.damaged(origin, Place::Line(0), why, taken);
                Ok(())
            }
        }
    }

    fn stream(&mut self, origin: &Path, reader: &mut dyn Read, about: About<'_>) -> Result<()> {
        self.input(Input::new(origin, reader), about)
    }

    /// Walks an input: a file, or a container of files.
    fn input(&mut self, mut input: Input<'_>, about: About<'_>) -> Result<()> {
        let head = input.head(512);
        if about.depth == 0
            && let Some(why) = discover::pointer(head)
        {
            let origin = input.origin().to_owned();
            self.skip(origin, why);
            return Ok(());
        }
        let Some(kind) = Container::of(head, about.name) else {
            return self.leaf(&mut input, about);
        };
        let origin = input.origin().to_owned();
        if about.depth == MAX_DEPTH {
            self.skip(origin, "too many containers inside each other");
            return Ok(());
        }
        let inner = About {
            name: kind.inner_name(about.name),
            path: None,
            depth: about.depth + 1,
            ..about
        };
        let taken = self.taken;
        match kind {
            Container::Gzip | Container::Zstd => {
                let notes = Notes::default();
                let mut members = match Members::new(kind, &mut input, Rc::clone(&notes)) {
                    Ok(members) => members,
                    Err(why) => {
                        self.skip(origin, why);
                        return Ok(());
                    }
                };
                let mut limited = self.limited(&mut members, kind.name());
                // The notes contain what is wrong with the bytes.
                return self.input(Input::new(&origin, &mut limited).noted(notes), inner);
            }
            Container::Tar => self.tar(&mut input, inner)?,
            Container::Zip => match about.path {
                Some(path) => match File::open(path) {
                    Ok(file) => {
                        let read = Rc::clone(&self.read);
                        let file = Counting { inner: file, read };
                        self.zip(&origin, file, &mut input, inner)?;
                    }
                    Err(why) => self.skip(origin.clone(), why),
                },
                None => match input.rest(MAX_NESTED) {
                    Ok(bytes) => {
                        let mut again = bytes.as_slice();
                        let mut again = Input::new(&origin, &mut again);
                        self.zip(&origin, Cursor::new(&bytes), &mut again, inner)?;
                    }
                    Err(why) => self.skip(origin.clone(), why),
                },
            },
        }
        self.faults(&origin, input.take_faults(), taken);
        Ok(())
    }

    fn leaf(&mut self, input: &mut Input<'_>, about: About<'_>) -> Result<()> {
        let leaf = Leaf {
            input,
            name: about.name,
            path: about.path,
            named: about.named,
            modified: about.modified,
        };
        match (self.on_file)(leaf)? {
            None => self.taken += 1,
            Some(skipped) => self.skipped.push(skipped),
        }
        Ok(())
    }

    fn skip(&mut self, file: impl Into<PathBuf>, why: impl std::fmt::Display) {
        self.skipped.push(Skipped::new(file, why));
    }

    /// Reports damage of a container. If no file was read since the count was `taken`, the container as a
    /// whole is skipped.
    fn damaged(&mut self, file: &Path, place: Place, why: String, taken: u64) {
        if self.taken == taken {
            self.skip(file, why);
            return;
        }
        let (unit, first) = match place {
            Place::Line(_) => ("line", 0),
            Place::Byte(at) => ("byte", at),
        };
        self.bad.push(BadLines {
            file: file.to_owned(),
            count: 1,
            unit,
            first,
            why,
        });
    }

    fn faults(&mut self, file: &Path, faults: Vec<Fault>, taken: u64) {
        for Fault { place, why, .. } in faults {
            self.damaged(file, place, why, taken);
        }
    }

    fn limited<'l>(&self, inner: &'l mut dyn Read, format: &'static str) -> LimitedReader<'l> {
        LimitedReader {
            inner,
            format,
            read: Rc::clone(&self.read),
            budget: Rc::clone(&self.budget),
        }
    }

    /// Walks an archive member.
    fn member(
        &mut self,
        archive: &Path,
        member: &str,
        modified: Option<SystemTime>,
        reader: &mut dyn Read,
        about: About<'_>,
    ) -> Result<()> {
        let origin = member_path(archive, member);
        match member_kind(member) {
            MemberName::Hidden => Ok(()),
            MemberName::Unsafe => {
                self.skip(origin, "refused: the name leads out of the archive");
                Ok(())
            }
            MemberName::Plain => {
                let about = About {
                    name: file_name(member),
                    named: false,
                    modified,
                    ..about
                };
                self.stream(&origin, reader, about)
            }
        }
    }
}

/// The message for a file on which a reader panics.
pub fn broken(panic: &str) -> String {
    format!("the reader fails here, which is a bug: please report it ({panic})")
}

/// `logs.zip:a/b.json`
fn member_path(archive: &Path, member: &str) -> PathBuf {
    let mut path = archive.as_os_str().to_owned();
    path.push(":");
    path.push(member);
    PathBuf::from(path)
}

#[cfg(test)]
mod tests;
