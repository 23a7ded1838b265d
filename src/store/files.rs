//! Atomic writes of the store's files, its folders and its locks.

use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use polars::prelude::{
    Column, DataFrame, DataType, ParquetCompression, ParquetWriter, StatisticsOptions,
};

use crate::error::{Error, Result, without_number};
use crate::store::manifest::Kind;

/// The file that readers lock, in the store's folder.
pub const READERS: &str = "readers";

/// Rows of a row group: small enough that a narrow time range leaves most of a file unread.
const ROW_GROUP: usize = 16_384;

/// Writes a temporary file next to a file of the store, syncs it and renames it into place. The temporary
/// name is always the same, so that the next writer replaces what a killed one left. For files that a user
/// names use [`crate::store::write_atomic`].
///
/// # Errors
/// If it cannot be written.
pub fn swap_in(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("tmp");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|e| {
        // An incomplete file is of no use.
        std::fs::remove_file(&beside).ok();
        Error::file(path, e)
    })?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Writes rows as Parquet and syncs the file. The name is a temporary one: the caller renames it.
///
/// # Errors
/// If it cannot be written.
pub fn write_parquet(path: &Path, frame: &mut DataFrame) -> Result<()> {
    let file = File::create(path).map_err(|e| Error::file(path, e))?;
    // Parquet metadata is written field by field.
    let mut buffered = BufWriter::with_capacity(1 << 20, &file);
    let written = ParquetWriter::new(&mut buffered)
        .with_compression(ParquetCompression::Zstd(None))
        .with_statistics(StatisticsOptions::default())
        .with_row_group_size(Some(ROW_GROUP))
        .finish(frame);
    let synced = match written {
        Ok(_) => match buffered.flush() {
            Ok(()) => file.sync_all().map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        },
        Err(e) => Err(e.to_string()),
    };
    synced.map_err(|why| {
        std::fs::remove_file(path).ok();
        Error::file(path, why)
    })
}

/// Checks the first and last bytes of a Parquet file: Polars would only report a missing or incomplete file
/// when it reads it, and without naming it.
///
/// # Errors
/// If it is missing or incomplete.
pub fn check_magic(path: &Path) -> Result<(), String> {
    const MARK: &[u8] = b"PAR1";
    let whole = || -> std::io::Result<bool> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() < 12 {
            return Ok(false);
        }
        let (mut first, mut last) = ([0; 4], [0; 4]);
        file.read_exact(&mut first)?;
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut last)?;
        Ok(first == MARK && last == MARK)
    };
    match whole() {
        Ok(true) => Ok(()),
        Ok(false) => Err("the stored file is damaged".to_owned()),
        Err(why) => Err(without_number(&why.to_string()).to_owned()),
    }
}

/// The frame with only the types that are stored.
///
/// # Errors
/// If a column cannot be cast to one of them.
pub fn storable(frame: DataFrame) -> Result<DataFrame> {
    let stored = |c: &Column| Kind::of(c.dtype()).data_type();
    if frame.columns().iter().all(|c| *c.dtype() == stored(c)) {
        return Ok(frame);
    }
    let internal = |e: polars::prelude::PolarsError| Error::internal(e.to_string());
    let rows = frame.height();
    let columns = frame
        .into_columns()
        .into_iter()
        .map(|c| {
            let kind: DataType = stored(&c);
            c.cast(&kind).map_err(internal)
        })
        .collect::<Result<Vec<Column>>>()?;
    DataFrame::new(rows, columns).map_err(internal)
}

/// Makes renames in a folder durable.
///
/// # Errors
/// If the folder cannot be synced.
pub fn sync_folder(folder: &Path) -> Result<()> {
    // Windows cannot open folders, and does not need to.
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| Error::file(folder, e))
}

/// The entries of a folder; empty if it does not exist.
///
/// # Errors
/// If it cannot be listed.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?
            .map(|entry| entry.map(|e| e.path()))
            .collect()
    };
    match list() {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(|e| Error::file(folder, e)),
    }
}

/// Removes a file, if it exists.
///
/// # Errors
/// If it cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file(path, e)),
        _ => Ok(()),
    }
}

/// Locks a file against readers while the result lives. Returns `None` if there is a reader.
pub fn try_lock_exclusive(path: &Path) -> Option<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Takes the lock of a store, which lasts as long as the file is open.
///
/// # Errors
/// If another process has it.
pub fn lock(path: &Path) -> Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| Error::file(path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::file(
            path,
            "another process is writing into this store",
        )
        .hint("try again when it is done, or give another `--home`")),
        Err(TryLockError::Error(e)) => Err(Error::file(path, e)),
    }
}

/// Encodes a name for use in a path: anything but letters, digits, `_`, `-` and `.` becomes `%XX`.
pub fn path_part(name: &str) -> String {
    let mut out = String::new();
    for (at, byte) in name.bytes().enumerate() {
        // A leading dot would hide the folder, or lead out of it.
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || (byte == b'.' && at > 0);
        if plain {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all that is written");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::path_part;

    #[test]
    fn names_stay_inside_the_store() {
        assert_eq!(path_part("Endpoint.Processes"), "Endpoint.Processes");
        assert_eq!(path_part("../x y"), "%2E.%2Fx%20y");
    }
}
