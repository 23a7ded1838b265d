//! Atomic writes of the user's files: writes a temporary file in the same folder, syncs it and renames it
//! into place.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};

/// Maximum symbolic links followed, as in Linux.
const MOST_LINKS: usize = 40;

/// A file being written. Until [`AtomicFile::keep`] is called, the existing file stays unchanged; dropping
/// it earlier leaves nothing behind.
///
/// - A symbolic link is followed: its target is replaced, not the link.
/// - The permissions of an existing file are kept. Its owner, its extended attributes and its other hard
///   links are not: the name points to a new file.
/// - A read-only file is refused, even if its folder would allow replacing it.
/// - Pipes, terminals, `/dev/null` and open descriptors (`/dev/stdout`) have no old content to keep and no
///   folder to rename in: they are written directly.
#[derive(Debug)]
pub struct AtomicFile {
    /// The name given by the user, for errors.
    name: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A temporary file next to the target.
    Beside { new: NamedTempFile, target: PathBuf },
    /// The target itself.
    Direct(File),
}

impl AtomicFile {
    /// Begins a file.
    ///
    /// # Errors
    /// If the folder does not exist, or the file can't be written.
    pub fn create(path: &Path) -> Result<AtomicFile> {
        let place = place(path).map_err(|why| Error::file(path, why))?;
        Ok(AtomicFile {
            name: path.to_owned(),
            place,
        })
    }

    /// The temporary file, if there is one: for a program that exits without dropping anything.
    pub fn temporary(&self) -> Option<&Path> {
        match &self.place {
            Place::Beside { new, .. } => Some(new.path()),
            Place::Direct(_) => None,
        }
    }

    /// Renames the file into place.
    ///
    /// # Errors
    /// If the disk is full, or the file can't be replaced; an existing file stays.
    pub fn keep(self) -> Result<()> {
        let fail = |why| Error::file(&self.name, why);
        match self.place {
            Place::Beside { new, target } => {
                new.as_file().sync_all().map_err(fail)?;
                new.persist(&target).map_err(|why| fail(why.error))?;
                sync(folder_of(&target)).map_err(fail)
            }
            Place::Direct(mut file) => file.flush().map_err(fail),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Beside { new, .. } => new.write(bytes),
            Place::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Beside { new, .. } => new.flush(),
            Place::Direct(file) => file.flush(),
        }
    }
}

/// Writes a file completely, or leaves it unchanged; see [`AtomicFile`].
///
/// # Errors
/// If it cannot be written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)
        .map_err(|why| Error::file(path, why))?;
    file.keep()
}

/// Determines where the file `path` is written.
fn place(path: &Path) -> io::Result<Place> {
    let before = match std::fs::metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => None,
        other => Some(other?),
    };
    let target = followed(path)?;
    match (before, target) {
        (None, Some(target)) => beside(target, None),
        (Some(before), Some(target)) if before.is_file() => {
            // Renaming requires only the permissions of the folder.
            File::options().write(true).open(&target)?;
            beside(target, Some(before))
        }
        // To a pipe, appending is the same, and it keeps the content of a file that the shell opened.
        _ => File::options().append(true).open(path).map(Place::Direct),
    }
}

fn beside(target: PathBuf, before: Option<Metadata>) -> io::Result<Place> {
    let folder = folder_of(&target);
    // For a plain error message if the folder does not exist.
    std::fs::metadata(folder)?;
    let mut builder = Builder::new();
    builder.prefix(".spelunk-").suffix(".tmp");
    if let Some(permissions) = of_new_file() {
        builder.permissions(permissions);
    }
    let new = builder.tempfile_in(folder).map_err(plain)?;
    if let Some(before) = before {
        new.as_file().set_permissions(before.permissions())?;
    }
    Ok(Place::Beside { new, target })
}

/// The permissions of a new file, before the system applies the umask.
#[cfg(unix)]
fn of_new_file() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn of_new_file() -> Option<Permissions> {
    None
}

/// The system's error, without the name of the temporary file.
fn plain(why: io::Error) -> io::Error {
    let cause = why.get_ref().and_then(|inner| inner.source());
    match cause {
        Some(cause) => io::Error::new(why.kind(), cause.to_string()),
        None => why,
    }
}

/// Follows symbolic links to their target, which need not exist. Returns `None` if a link leads to an open
/// descriptor of a process (`/proc/self/fd/1`): no file can be renamed to that name.
fn followed(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let is_link = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_symlink());
        if !is_link {
            return Ok(Some(path));
        }
        let folder = folder_of(&path);
        if folder.canonicalize()?.starts_with("/proc") {
            return Ok(None);
        }
        path = folder.join(std::fs::read_link(&path)?);
    }
    Err(io::Error::other("too many symbolic links"))
}

/// The folder of a file; for a bare name the current one.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

/// Makes renames in a folder durable, if the system supports it.
fn sync(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    // Windows cannot open folders, and does not need to.
    if cfg!(windows) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // A writable but unreadable folder, or a file system without support for this.
        Err(why) if matches!(why.kind(), InvalidInput | PermissionDenied | Unsupported) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;

    use super::{AtomicFile, write_atomic};

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let names = entries.map(|e| e.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|n| n.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_is_not_kept_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        let mut file = AtomicFile::create(&path).expect("begun");
        file.write_all(b"half").expect("written");
        drop(file);
        assert!(names(folder.path()).is_empty());
        write_atomic(&path, b"old").expect("written");
        let mut file = AtomicFile::create(&path).expect("begun");
        file.write_all(b"ne").expect("written");
        assert_eq!(std::fs::read(&path).expect("there"), b"old");
        file.write_all(b"w").expect("written");
        file.keep().expect("kept");
        assert_eq!(std::fs::read(&path).expect("there"), b"new");
        assert_eq!(names(folder.path()), ["a.csv"]);
    }

    #[test]
    fn a_neighbour_with_the_ending_tmp_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let neighbour = folder.path().join("a.tmp");
        std::fs::write(&neighbour, "mine").expect("written");
        write_atomic(&folder.path().join("a.svg"), b"x").expect("written");
        assert_eq!(std::fs::read(&neighbour).expect("there"), b"mine");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_permissions_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("d")).expect("a folder");
        symlink("d/b", at("a")).expect("a link");
        symlink("c", at("d/b")).expect("a link");
        write_atomic(&at("a"), b"1").expect("written");
        assert_eq!(std::fs::read(at("d/c")).expect("there"), b"1");
        for mode in [0o640, 0o755] {
            std::fs::set_permissions(at("d/c"), PermissionsExt::from_mode(mode)).expect("set");
            write_atomic(&at("a"), b"2").expect("written");
            let meta = std::fs::metadata(at("d/c")).expect("there");
            assert_eq!(meta.permissions().mode() & 0o777, mode);
        }
        assert!(at("a").is_symlink() && at("d/b").is_symlink());
        symlink("round", at("round")).expect("a link");
        assert!(write_atomic(&at("round"), b"3").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_has_the_permissions_of_any_other() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let (ours, theirs) = (folder.path().join("a"), folder.path().join("b"));
        write_atomic(&ours, b"1").expect("written");
        std::fs::write(&theirs, b"1").expect("written");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(&ours), mode(&theirs));
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("no/a.csv");
        let why = write_atomic(&path, b"").expect_err("no folder").to_string();
        assert_eq!(
            why,
            format!("{}: No such file or directory", path.display())
        );
        let why = write_atomic(folder.path(), b"")
            .expect_err("a folder")
            .to_string();
        assert!(why.ends_with("Is a directory"), "{why}");
    }
}
