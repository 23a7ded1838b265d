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

/// How a text file writes its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or bytes that are no text.
    Utf8,
    /// Two bytes, the low one first.
    Utf16Le,
    /// Two bytes, the high one first.
    Utf16Be,
}

/// The encoding that a file's first bytes tell, and how many of them are the byte order mark.
/// Without a mark a first character `<`, `{` or `[` in two bytes tells it.
pub fn encoding(head: &[u8]) -> (Encoding, usize) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
        [b'<' | b'{' | b'[', 0, second, 0, ..] if *second != 0 => (Encoding::Utf16Le, 0),
        [0, b'<' | b'{' | b'[', 0, second, ..] if *second != 0 => (Encoding::Utf16Be, 0),
        _ => (Encoding::Utf8, 0),
    }
}

/// Turns UTF-16 into UTF-8.
pub struct Utf16Reader<'r> {
    inner: &'r mut dyn Read,
    big_endian: bool,
    /// Bytes that do not make a unit yet.
    pending: Vec<u8>,
    high: Option<u16>,
    out: Vec<u8>,
    sent: usize,
    ended: bool,
}

impl<'r> Utf16Reader<'r> {
    /// A reader over bytes after the byte order mark.
    pub fn new(inner: &'r mut dyn Read, big_endian: bool) -> Utf16Reader<'r> {
        Utf16Reader {
            inner,
            big_endian,
            pending: Vec::new(),
            high: None,
            out: Vec::new(),
            sent: 0,
            ended: false,
        }
    }

    /// Reads a block of UTF-16 and puts it out as UTF-8.
    fn convert(&mut self) -> io::Result<()> {
        self.out.clear();
        self.sent = 0;
        let old = self.pending.len();
        self.pending.resize(old + BLOCK, 0);
        let count = self.inner.read(&mut self.pending[old..]);
        self.pending
            .truncate(old + count.as_ref().copied().unwrap_or(0));
        self.ended = count? == 0;
        let units = self.pending.len() / 2;
        for pair in self.pending[..units * 2].chunks_exact(2) {
            let pair = [pair[0], pair[1]];
            let unit = if self.big_endian {
                u16::from_be_bytes(pair)
            } else {
                u16::from_le_bytes(pair)
            };
            let is_high = (0xd800..0xdc00).contains(&unit);
            match self.high.take() {
                None if is_high => self.high = Some(unit),
                None => push_units(&mut self.out, &[unit]),
                Some(high) if is_high => {
                    push_units(&mut self.out, &[high]);
                    self.high = Some(unit);
                }
                Some(high) => push_units(&mut self.out, &[high, unit]),
            }
        }
        self.pending.drain(..units * 2);
        Ok(())
    }
}

fn push_units(out: &mut Vec<u8>, units: &[u16]) {
    for c in char::decode_utf16(units.iter().copied()) {
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

impl Read for Utf16Reader<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.sent == self.out.len() {
            if self.ended {
                return Ok(0);
            }
            self.convert()?;
        }
        let count = target.len().min(self.out.len() - self.sent);
        target[..count].copy_from_slice(&self.out[self.sent..self.sent + count]);
        self.sent += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::path::Path;

    use super::{Encoding, Input, LONGEST, Utf16Reader, encoding};

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

    #[test]
    fn utf16_and_marks_come_out_as_utf8() {
        let text = "<a>é😀</a>";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
        for bytes in [
            little.clone(),
            big.clone(),
            marked(&[0xff, 0xfe], &little),
            marked(&[0xfe, 0xff], &big),
        ] {
            let (encoding, mark) = encoding(&bytes);
            assert_ne!(encoding, Encoding::Utf8);
            let mut reader = &bytes[mark..];
            let mut out = String::new();
            Utf16Reader::new(&mut reader, encoding == Encoding::Utf16Be)
                .read_to_string(&mut out)
                .expect("valid");
            assert_eq!(out, text);
        }
        assert_eq!(
            encoding(&marked(&[0xef, 0xbb, 0xbf], text.as_bytes())),
            (Encoding::Utf8, 3)
        );
    }
}
