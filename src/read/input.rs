//! The bytes of one file, pulled in as they are needed: head, lines, blocks.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// How much is read at a time, and how much of a file is looked at to tell its format.
const BLOCK: usize = 256 * 1024;
/// Longest line, record or element that is kept in memory.
pub const LONGEST: usize = 64 * 1024 * 1024;

/// One file's bytes, whatever containers they came out of.
pub struct Input<'r> {
    origin: PathBuf,
    reader: &'r mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    line: u64,
}

/// One line, without its end.
pub struct Line<'i> {
    /// Number from 1.
    pub number: u64,
    /// The bytes; only the first [`LONGEST`] of a longer line.
    pub bytes: &'i [u8],
    /// Whether the line was longer than [`LONGEST`].
    pub too_long: bool,
}

impl<'r> Input<'r> {
    /// An input over a reader; `origin` is the name shown in messages.
    pub fn new(origin: &Path, reader: &'r mut dyn Read) -> Input<'r> {
        Input {
            origin: origin.to_owned(),
            reader,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            line: 0,
        }
    }

    /// The file, with the containers around it: `logs.zip:a/b.json`.
    pub fn origin(&self) -> &Path {
        &self.origin
    }

    /// An error about this input at a line (0 when unknown).
    pub fn error(&self, line: u64, why: impl std::fmt::Display) -> Error {
        Error::format(
            &self.origin,
            usize::try_from(line).unwrap_or(usize::MAX),
            0,
            why,
        )
    }

    /// The bytes read but not consumed.
    pub fn data(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Number of lines consumed.
    pub fn line_number(&self) -> u64 {
        self.line
    }

    /// Reads some more; false at the end.
    ///
    /// # Errors
    /// When the file cannot be read or unpacked.
    pub fn fill(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 && self.start >= self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        let old = self.buffer.len();
        self.buffer.resize(old + BLOCK, 0);
        let count = loop {
            match self.reader.read(&mut self.buffer[old..]) {
                Ok(count) => break count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.buffer.truncate(old);
                    return Err(Error::file(&self.origin, e));
                }
            }
        };
        self.buffer.truncate(old + count);
        self.ended = count == 0;
        Ok(!self.ended)
    }

    /// At least `count` bytes, fewer only at the end; they are not consumed.
    ///
    /// # Errors
    /// When the file cannot be read or unpacked.
    pub fn head(&mut self, count: usize) -> Result<&[u8]> {
        while self.data().len() < count && self.fill()? {}
        Ok(self.data())
    }

    /// Takes `count` bytes out; they must have been seen in [`Input::data`].
    pub fn consume(&mut self, count: usize) {
        let end = (self.start + count).min(self.buffer.len());
        self.line += memchr::memchr_iter(b'\n', &self.buffer[self.start..end]).count() as u64;
        self.start = end;
    }

    /// The next line.
    ///
    /// # Errors
    /// When the file cannot be read or unpacked.
    pub fn line(&mut self) -> Result<Option<Line<'_>>> {
        let mut searched = 0;
        let (length, skip, too_long) = loop {
            if let Some(found) = memchr::memchr(b'\n', &self.data()[searched..]) {
                let length = searched + found;
                break (length.min(LONGEST), length + 1, length > LONGEST);
            }
            searched = self.data().len();
            if searched > LONGEST {
                break (LONGEST, self.end_of_long_line()?, true);
            }
            if !self.fill()? {
                if searched == 0 {
                    return Ok(None);
                }
                break (searched, searched, false);
            }
        };
        self.line += 1;
        let begin = self.start;
        self.start += skip;
        let mut bytes = &self.buffer[begin..begin + length];
        if let Some(cut) = bytes.strip_suffix(b"\r") {
            bytes = cut;
        }
        Ok(Some(Line {
            number: self.line,
            bytes,
            too_long,
        }))
    }

    /// Reads on to the end of a line of which [`LONGEST`] bytes are there and keeps nothing of
    /// it beyond them. Gives the length to skip.
    fn end_of_long_line(&mut self) -> Result<usize> {
        loop {
            let kept = self.start + LONGEST;
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[kept..]) {
                return Ok(LONGEST + found + 1);
            }
            self.buffer.truncate(kept);
            if !self.fill()? {
                return Ok(LONGEST);
            }
        }
    }

    /// Everything that is left, for formats that cannot be read piece by piece.
    ///
    /// # Errors
    /// When the file cannot be read, or is longer than `limit`.
    pub fn rest(&mut self, limit: usize) -> Result<Vec<u8>> {
        while self.fill()? {
            if self.data().len() > limit {
                return Err(self.error(
                    0,
                    format!(
                        "larger than {} MiB: unpack it first, this format must be read as a whole",
                        limit >> 20
                    ),
                ));
            }
        }
        let mut rest = std::mem::take(&mut self.buffer);
        rest.drain(..std::mem::take(&mut self.start));
        Ok(rest)
    }
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.data().is_empty() {
            if self.ended {
                return Ok(0);
            }
            self.buffer.clear();
            self.start = 0;
            return self.reader.read(out);
        }
        let count = out.len().min(self.data().len());
        out[..count].copy_from_slice(&self.data()[..count]);
        self.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Input, LONGEST};

    #[test]
    fn lines_are_lent_without_their_ends() {
        let mut bytes: &[u8] = b"a\r\n\nlast";
        let mut input = Input::new(Path::new("x"), &mut bytes);
        let mut seen = Vec::new();
        while let Some(line) = input.line().expect("readable") {
            seen.push((
                line.number,
                String::from_utf8_lossy(line.bytes).into_owned(),
            ));
        }
        assert_eq!(
            seen,
            [
                (1, "a".to_owned()),
                (2, String::new()),
                (3, "last".to_owned())
            ]
        );
    }

    #[test]
    fn a_line_beyond_the_bound_is_cut_and_the_next_one_found() {
        let mut bytes = vec![b'x'; LONGEST + 3_000_000];
        bytes.extend_from_slice(b"\nnext\n");
        let mut reader = bytes.as_slice();
        let mut input = Input::new(Path::new("x"), &mut reader);
        let line = input.line().expect("readable").expect("a line");
        assert!(line.too_long && line.bytes.len() == LONGEST);
        let line = input.line().expect("readable").expect("a line");
        assert_eq!((line.number, line.bytes), (2, b"next".as_slice()));
        assert!(input.line().expect("readable").is_none());
    }
}
