//! Decompression limit: bounds how far a compressed file may expand.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// Bytes that a file may expand to before its ratio is checked.
const FREE_EXPANSION: u64 = 256 << 20;
/// Maximum expansion of one byte of a file.
const MAX_RATIO: u64 = 500;
/// Maximum expansion of one file in bytes.
const MAX_EXPANSION: u64 = 256 << 30;

/// How far the current file has expanded.
#[derive(Default)]
pub struct DecompressionLimit {
    /// Bytes read from disk when the file was opened.
    pub start: Cell<u64>,
    /// Bytes decompressed so far.
    pub expanded: Cell<u64>,
}

/// Counts the bytes read from disk.
pub struct Counting<R> {
    /// The file.
    pub inner: R,
    /// The count.
    pub read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

impl<R: Seek> Seek for Counting<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// The message for damaged compressed data: what is wrong, and how it is handled.
pub fn damage(format: &str, why: &io::Error) -> String {
    let text = why.to_string();
    if why.kind() == io::ErrorKind::UnexpectedEof {
        format!("the {format} data is cut off here, the rest is missing")
    } else if text.to_ascii_lowercase().contains("checksum") {
        format!("the {format} data has a wrong checksum, some of it may be damaged")
    } else {
        format!("the {format} data is damaged here, a part is missing: {text}")
    }
}

/// Stops a file that expands beyond the limit.
pub struct LimitedReader<'l> {
    /// The decompressor.
    pub inner: &'l mut dyn Read,
    /// The format's name.
    pub format: &'static str,
    /// Bytes read from disk so far.
    pub read: Rc<Cell<u64>>,
    /// The limit.
    pub budget: Rc<DecompressionLimit>,
}

impl Read for LimitedReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out).map_err(|e| match e.kind() {
            // Reported by an outer container.
            io::ErrorKind::FileTooLarge | io::ErrorKind::Interrupted => e,
            kind => io::Error::new(kind, damage(self.format, &e)),
        })?;
        let expanded = self.budget.expanded.get() + count as u64;
        self.budget.expanded.set(expanded);
        let read = self.read.get() - self.budget.start.get();
        if expanded > MAX_EXPANSION || (expanded > FREE_EXPANSION && expanded / MAX_RATIO > read) {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!(
                    "expands to more than {} MiB out of {} KiB: refused, as it may never end; unpack it first if it is sound",
                    expanded >> 20,
                    read >> 10
                ),
            ));
        }
        Ok(count)
    }
}
