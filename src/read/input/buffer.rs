//! The bytes of one file, read on demand: head, lines, blocks.
//!
//! Damage never fails a read: the input ends where nothing more can be read and records why as a [`Fault`].
//! So every reader returns the events before the damage, and its caller reports the rest.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::error::{Error, without_number};

/// Bytes read at a time, and bytes of a file examined to determine its format.
const BLOCK: usize = 256 * 1024;
/// Maximum length of a line, record or element kept in memory.
pub const LONGEST: usize = 64 * 1024 * 1024;

/// A place of damage in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of the text, from 1; 0 if unknown.
    Line(u64),
    /// A byte of the file on disk, or of an archive member, from 0.
    Byte(u64),
}

/// Damage found while reading bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place.
    pub place: Place,
    /// What is wrong, and how it was handled.
    pub why: String,
    /// Whether bytes are missing there, so that a line around the place is cut off.
    pub cuts: bool,
}

/// Damage that a reader below an [`Input`] reports without failing: what is wrong, and where. No place means
/// that bytes are missing before the next ones it returns.
pub type Notes = Rc<RefCell<Vec<(Option<Place>, String)>>>;

/// The bytes of one file, from inside any containers.
pub struct Input<'r> {
    origin: PathBuf,
    reader: &'r mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    line: u64,
    /// The stream offset at which the buffer begins.
    offset: u64,
    /// Consumed bytes kept in the buffer for [`Input::go_to`].
    kept: usize,
    notes: Notes,
    /// Why the input ended early.
    failure: Option<(io::ErrorKind, String)>,
    faults: Vec<Fault>,
}

/// One line, without its line end.
pub struct Line<'i> {
    /// The line number, from 1.
    pub number: u64,
    /// The bytes; only the first [`LONGEST`] of a longer line.
    pub bytes: &'i [u8],
    /// Whether the line was longer than [`LONGEST`].
    pub too_long: bool,
}

impl<'r> Input<'r> {
    /// Creates an input over a reader; `origin` is the name in messages.
    pub fn new(origin: &Path, reader: &'r mut dyn Read) -> Input<'r> {
        Input {
            origin: origin.to_owned(),
            reader,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            line: 0,
            offset: 0,
            kept: 0,
            notes: Notes::default(),
            failure: None,
            faults: Vec::new(),
        }
    }

    /// Sets where the reader leaves its notes.
    pub fn noted(mut self, notes: Notes) -> Input<'r> {
        self.notes = notes;
        self
    }

    /// The file, with the containers around it: `logs.zip:a/b.json`.
    pub fn origin(&self) -> &Path {
        &self.origin
    }

    /// Returns an error about this input at a line (0 if unknown).
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

    /// Reads more bytes. Returns false at the end, including an early one.
    pub fn fill(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let free = self.start.saturating_sub(self.kept);
        if free > 0 && free >= self.buffer.len() / 2 {
            self.buffer.drain(..free);
            self.start -= free;
            self.offset += free as u64;
        }
        let old = self.buffer.len();
        self.buffer.resize(old + BLOCK, 0);
        let read = loop {
            match self.reader.read(&mut self.buffer[old..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer
            .truncate(old + read.as_ref().map_or(0, |count| *count));
        let notes: Vec<_> = self.notes.borrow_mut().drain(..).collect();
        for (place, why) in notes {
            self.fault(old, place, why);
        }
        match read {
            Ok(count) => self.ended = count == 0,
            Err(e) => {
                self.ended = true;
                let why = without_number(&e.to_string()).to_owned();
                self.fault(old, None, why.clone());
                self.failure = Some((e.kind(), why));
            }
        }
        !self.ended
    }

    /// Records damage; without a place of its own it is after the bytes that the buffer held before.
    fn fault(&mut self, end: usize, place: Option<Place>, why: String) {
        let before = &self.buffer[self.start..end];
        let lines = memchr::memchr_iter(b'\n', before).count() as u64;
        let within_line = before.last().is_some_and(|byte| *byte != b'\n');
        self.faults.push(Fault {
            place: place.unwrap_or(Place::Line(self.line + lines + 1)),
            // With a wrong checksum, all bytes arrived nevertheless.
            cuts: place.is_none() && within_line && !why.contains("checksum"),
            why,
        });
    }

    /// Takes the damage found so far.
    pub fn take_faults(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.faults)
    }

    /// Adds damage found by a reader of these bytes.
    pub fn add_faults(&mut self, faults: Vec<Fault>) {
        self.faults.extend(faults);
    }

    /// Whether damage cuts off a line.
    pub fn is_cut(&self, line: u64) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.cuts && fault.place == Place::Line(line))
    }

    /// Whether the decoder has met damage so far.
    pub fn is_damaged(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Returns at least `count` bytes, fewer only at the end, without consuming them.
    pub fn head(&mut self, count: usize) -> &[u8] {
        while self.data().len() < count && self.fill() {}
        self.data()
    }

    /// The number of bytes consumed.
    pub fn position(&self) -> u64 {
        self.offset + self.start as u64
    }

    /// Keeps this many consumed bytes from now on.
    pub fn keep(&mut self, bytes: usize) {
        self.kept = bytes;
    }

    /// Moves to a byte position, limited to the bytes that are in the buffer: those kept and those read
    /// ahead.
    pub fn go_to(&mut self, position: u64) {
        let at = usize::try_from(position.saturating_sub(self.offset));
        self.start = at.unwrap_or(usize::MAX).min(self.buffer.len());
    }

    /// Consumes `count` bytes, which must be in [`Input::data`].
    pub fn consume(&mut self, count: usize) {
        let end = (self.start + count).min(self.buffer.len());
        self.line += memchr::memchr_iter(b'\n', &self.buffer[self.start..end]).count() as u64;
        self.start = end;
    }

    /// Reads the next line.
    pub fn line(&mut self) -> Option<Line<'_>> {
        let mut searched = 0;
        let (length, skip, too_long) = loop {
            if let Some(found) = memchr::memchr(b'\n', &self.data()[searched..]) {
                let length = searched + found;
                break (length.min(LONGEST), length + 1, length > LONGEST);
            }
            searched = self.data().len();
            if searched > LONGEST {
                break (LONGEST, self.end_of_long_line(), true);
            }
            if !self.fill() {
                if searched == 0 {
                    return None;
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
        Some(Line {
            number: self.line,
            bytes,
            too_long,
        })
    }

    /// Reads on to the end of a line that has [`LONGEST`] bytes in the buffer, without keeping the rest.
    /// Returns the length to skip.
    fn end_of_long_line(&mut self) -> usize {
        loop {
            let kept = self.start + LONGEST;
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[kept..]) {
                return LONGEST + found + 1;
            }
            self.buffer.truncate(kept);
            if !self.fill() {
                return LONGEST;
            }
        }
    }

    /// Reads everything left, for formats that cannot be streamed.
    ///
    /// # Errors
    /// If it is longer than `limit`.
    pub fn rest(&mut self, limit: usize) -> Result<Vec<u8>, String> {
        while self.fill() {
            if self.data().len() > limit {
                return Err(format!(
                    "larger than {} MiB: unpack it first, this format must be read as a whole",
                    limit >> 20
                ));
            }
        }
        let mut rest = std::mem::take(&mut self.buffer);
        rest.drain(..std::mem::take(&mut self.start));
        Ok(rest)
    }
}

/// For decompressors: they see an early end as an error, unlike readers of events.
impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = {
            let data = self.fill_buf()?;
            let count = out.len().min(data.len());
            out[..count].copy_from_slice(&data[..count]);
            count
        };
        self.start += count;
        Ok(count)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.data().is_empty()
            && !self.fill()
            && let Some((kind, why)) = &self.failure
        {
            return Err(io::Error::new(*kind, why.clone()));
        }
        Ok(self.data())
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.buffer.len());
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
        while let Some(line) = input.line() {
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
        let line = input.line().expect("a line");
        assert!(line.too_long && line.bytes.len() == LONGEST);
        let line = input.line().expect("a line");
        assert_eq!((line.number, line.bytes), (2, b"next".as_slice()));
        assert!(input.line().is_none());
    }
}
