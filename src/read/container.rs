//! Directories, compressed files and archives: from a path to the files inside, streamed and
//! never unpacked to disk.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::read::expansion::{Budget, Counting, Limited};
use crate::read::input::Input;
use crate::read::listing;

/// Containers inside containers beyond this are refused.
const MAX_DEPTH: usize = 8;
/// Largest archive inside another container that must be held in memory.
const MAX_NESTED: usize = 512 << 20;

/// A file that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file, with the containers around it.
    pub file: PathBuf,
    /// Why.
    pub why: String,
}

/// One file inside whatever containers.
pub struct Leaf<'l, 'r> {
    /// Its bytes.
    pub input: &'l mut Input<'r>,
    /// Its own name, without the ending of a compression around it.
    pub name: &'l str,
    /// The path on disk when it is a plain file.
    pub path: Option<&'l Path>,
    /// Whether it was named by the user, not found in a directory or an archive.
    pub named: bool,
    /// When it was last changed.
    pub modified: Option<SystemTime>,
}

/// Goes through paths and hands every file to a function, which says why it passed it over
/// or that it took it.
pub struct Walker<'w> {
    on_file: &'w mut dyn FnMut(Leaf<'_, '_>) -> Result<Option<String>>,
    /// Bytes read from disk so far.
    read: Rc<Cell<u64>>,
    budget: Rc<Budget>,
    skipped: Vec<Skipped>,
    taken: usize,
}

/// What is known of a stream besides its bytes.
#[derive(Clone, Copy)]
struct About<'a> {
    name: &'a str,
    path: Option<&'a Path>,
    named: bool,
    modified: Option<SystemTime>,
    depth: usize,
}

impl<'w> Walker<'w> {
    /// A walker; `read` counts the bytes that are read from disk.
    pub fn new(
        read: Rc<Cell<u64>>,
        on_file: &'w mut dyn FnMut(Leaf<'_, '_>) -> Result<Option<String>>,
    ) -> Walker<'w> {
        Walker {
            on_file,
            read,
            budget: Rc::default(),
            skipped: Vec::new(),
            taken: 0,
        }
    }

    /// The files that were passed over.
    pub fn into_skipped(self) -> Vec<Skipped> {
        self.skipped
    }

    /// Goes through a file or a directory.
    ///
    /// # Errors
    /// When something cannot be read or unpacked, nothing in it is of a known format, or the
    /// function says so.
    pub fn path(&mut self, path: &Path) -> Result<()> {
        let (taken, skipped) = (self.taken, self.skipped.len());
        for file in listing::list(path)? {
            self.file(&file.path, file.named)?;
        }
        match self.skipped.get(skipped..) {
            Some([first, others @ ..]) if self.taken == taken => {
                let others = others.len();
                let why = match others {
                    0 => first.why.clone(),
                    _ => format!(
                        "{} ({others} more files could not be read either)",
                        first.why
                    ),
                };
                Err(Error::file(&first.file, why))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Goes through bytes that stand for a file of that name.
    ///
    /// # Errors
    /// As [`Walker::path`].
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.budget.start.set(self.read.get());
        self.budget.expanded.set(0);
        let mut reader = Counting {
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
        self.stream(Path::new(name), &mut reader, about)
    }

    /// Reads one file; what is wrong with its format is told by [`Walker::into_skipped`] unless
    /// it was named.
    ///
    /// # Errors
    /// When it cannot be read or unpacked, or the function says so.
    pub fn file(&mut self, path: &Path, named: bool) -> Result<()> {
        let file = File::open(path).map_err(|e| Error::file(path, e))?;
        let metadata = file.metadata().map_err(|e| Error::file(path, e))?;
        self.budget.start.set(self.read.get());
        self.budget.expanded.set(0);
        let mut reader = Counting {
            inner: file,
            read: Rc::clone(&self.read),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let about = About {
            name: &name,
            path: metadata.is_file().then_some(path),
            named,
            modified: metadata.modified().ok(),
            depth: 0,
        };
        self.stream(path, &mut reader, about)
    }

    fn stream(&mut self, origin: &Path, reader: &mut dyn Read, about: About<'_>) -> Result<()> {
        let mut input = Input::new(origin, reader);
        let Some(kind) = Container::of(input.head(512)?, about.name) else {
            return self.leaf(&mut input, about);
        };
        if about.depth == MAX_DEPTH {
            return Err(input.error(0, "too many containers inside each other"));
        }
        let name = about.name;
        let inner = About {
            name: kind.inner_name(name),
            path: None,
            depth: about.depth + 1,
            ..about
        };
        match kind {
            Container::Gzip => {
                let mut decoder = flate2::read::MultiGzDecoder::new(&mut input);
                let mut limited = self.limited(&mut decoder, "gzip");
                self.stream(origin, &mut limited, inner)
            }
            Container::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(&mut input)
                    .map_err(|e| Error::file(origin, e))?;
                let mut limited = self.limited(&mut decoder, "zstd");
                self.stream(origin, &mut limited, inner)
            }
            Container::Tar => self.tar(origin, &mut input, inner),
            Container::Zip => match about.path {
                Some(path) => {
                    let file = File::open(path).map_err(|e| Error::file(path, e))?;
                    let read = Rc::clone(&self.read);
                    self.zip(origin, Counting { inner: file, read }, inner)
                }
                None => {
                    let bytes = input.rest(MAX_NESTED)?;
                    self.zip(origin, Cursor::new(bytes), inner)
                }
            },
        }
    }

    fn leaf(&mut self, input: &mut Input<'_>, about: About<'_>) -> Result<()> {
        let origin = input.origin().to_owned();
        let leaf = Leaf {
            input,
            name: about.name,
            path: about.path,
            named: about.named,
            modified: about.modified,
        };
        match (self.on_file)(leaf)? {
            None => self.taken += 1,
            Some(why) => self.skip(origin, why),
        }
        Ok(())
    }

    fn skip(&mut self, file: PathBuf, why: impl Into<String>) {
        self.skipped.push(Skipped {
            file,
            why: why.into(),
        });
    }

    fn limited<'l>(&self, inner: &'l mut dyn Read, format: &'static str) -> Limited<'l> {
        Limited {
            inner,
            format,
            read: Rc::clone(&self.read),
            budget: Rc::clone(&self.budget),
        }
    }

    fn tar(&mut self, origin: &Path, input: &mut Input<'_>, about: About<'_>) -> Result<()> {
        let damaged =
            |e: io::Error| Error::file(origin, format!("the tar archive is damaged: {e}"));
        let mut archive = tar::Archive::new(input);
        for entry in archive.entries().map_err(damaged)? {
            let mut entry = entry.map_err(damaged)?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let member = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let modified = entry.header().mtime().ok().and_then(|s| {
                SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(s))
            });
            self.member(origin, &member, modified, &mut entry, about)?;
        }
        Ok(())
    }

    fn zip<R: Read + Seek>(&mut self, origin: &Path, file: R, about: About<'_>) -> Result<()> {
        let mut archive = zip::ZipArchive::new(file)
            .map_err(|e| Error::file(origin, format!("the zip archive is damaged: {e}")))?;
        for index in 0..archive.len() {
            let mut entry = match archive.by_index(index) {
                Ok(entry) => entry,
                Err(why) => {
                    self.skip(origin.to_owned(), format!("member {}: {why}", index + 1));
                    continue;
                }
            };
            if entry.is_dir() || entry.is_symlink() {
                continue;
            }
            let member = entry.name().to_owned();
            let mut limited = self.limited(&mut entry, "zip");
            self.member(origin, &member, about.modified, &mut limited, about)?;
        }
        Ok(())
    }

    fn member(
        &mut self,
        archive: &Path,
        member: &str,
        modified: Option<SystemTime>,
        reader: &mut dyn Read,
        about: About<'_>,
    ) -> Result<()> {
        let mut origin = archive.as_os_str().to_owned();
        origin.push(":");
        origin.push(member);
        let origin = PathBuf::from(origin);
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

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[derive(Debug, PartialEq, Eq)]
enum MemberName {
    Plain,
    /// Not meant to be seen: `.x`, and what the Mac adds.
    Hidden,
    /// Absolute, or with `..`.
    Unsafe,
}

fn member_kind(name: &str) -> MemberName {
    let unified = name.replace('\\', "/");
    let drive = unified.as_bytes().get(1) == Some(&b':');
    let mut hidden = false;
    for component in Path::new(&unified).components() {
        match component {
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return MemberName::Unsafe;
            }
            Component::CurDir => {}
            Component::Normal(part) => {
                let part = part.as_encoded_bytes();
                hidden |= part.starts_with(b".") || part == b"__MACOSX";
            }
        }
    }
    if drive {
        MemberName::Unsafe
    } else if hidden {
        MemberName::Hidden
    } else {
        MemberName::Plain
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Gzip,
    Zstd,
    Zip,
    Tar,
}

impl Container {
    /// The container that starts with these bytes, if it is one.
    fn of(head: &[u8], name: &str) -> Option<Container> {
        if head.starts_with(&[0x1f, 0x8b, 0x08]) {
            return Some(Container::Gzip);
        }
        if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return Some(Container::Zstd);
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Container::Zip);
        }
        let old_tar = has_ending(name, "tar") && head.len() == 512 && head[0] != 0;
        if head.get(257..262) == Some(b"ustar") || old_tar {
            return Some(Container::Tar);
        }
        None
    }

    /// The name of what is inside a compressed file.
    fn inner_name(self, name: &str) -> &str {
        let endings: &[&str] = match self {
            Container::Gzip => &["gz", "gzip", "tgz"],
            Container::Zstd => &["zst", "zstd"],
            Container::Zip | Container::Tar => &[],
        };
        match name.rsplit_once('.') {
            Some((stem, _)) if endings.iter().any(|e| has_ending(name, e)) => stem,
            Some(_) | None => name,
        }
    }
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, e)| e.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests;
