//! Bytes to text: character sets, and bytes that are not text.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding};

use crate::extract::event::EventSink;
use crate::read::input::buffer::{Notes, Place};

const BLOCK: usize = 64 * 1024;

/// The message for bytes that are not text.
pub const NOT_UTF8: &str = "not UTF-8: invalid bytes are shown as \\xNN";
/// The message for zero bytes in text.
pub const ZEROS: &str = "zero bytes: they are shown as \\x00";

/// Decodes a line. Writes an invalid UTF-8 byte or a zero as `\xNN`, as Splunk shows it, and counts it.
pub fn text_of<'a>(bytes: &'a [u8], line: u64, sink: &mut dyn EventSink) -> Cow<'a, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if memchr::memchr(0, bytes).is_none() => Cow::Borrowed(text),
        Ok(_) | Err(_) => {
            let mut out = String::with_capacity(bytes.len() + 64);
            append(&mut out, bytes, true, line, sink);
            Cow::Owned(out)
        }
    }
}

/// Decodes bytes as text, with invalid ones as `\xNN`.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut out = String::with_capacity(bytes.len() + 64);
            for chunk in bytes.utf8_chunks() {
                out.push_str(chunk.valid());
                escape(&mut out, chunk.invalid());
            }
            Cow::Owned(out)
        }
    }
}

/// Appends the text of `bytes` to `out` and returns how many of them it used: an incomplete character at the
/// end is left unless nothing follows.
pub fn append(
    out: &mut String,
    bytes: &[u8],
    at_end: bool,
    line: u64,
    sink: &mut dyn EventSink,
) -> usize {
    let mut used = bytes.len();
    if let Err(error) = std::str::from_utf8(bytes)
        && !at_end
    {
        // A character cut off at the end has at most three bytes.
        let tail = bytes.len().saturating_sub(3);
        let cut = (tail..bytes.len()).find(|at| {
            std::str::from_utf8(&bytes[*at..])
                .is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
        });
        used = cut.unwrap_or(if error.error_len().is_none() {
            error.valid_up_to()
        } else {
            used
        });
    }
    let (mut bad, mut zeros) = (false, false);
    for chunk in bytes[..used].utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = memchr::memchr(0, rest.as_bytes()) {
            zeros = true;
            out.push_str(&rest[..at]);
            out.push_str("\\x00");
            rest = &rest[at + 1..];
        }
        out.push_str(rest);
        bad |= !chunk.invalid().is_empty();
        escape(out, chunk.invalid());
    }
    if bad {
        sink.bad(line, NOT_UTF8);
    }
    if zeros {
        sink.bad(line, ZEROS);
    }
    used
}

fn escape(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        out.push_str("\\x");
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// The last position at or before `at` where a character begins.
pub fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Detects the encoding from a file's first bytes; also returns the length of the byte order mark. The
/// encoding is `None` for UTF-8 and for anything but text. Without a mark, zeros in nearly every second byte
/// indicate UTF-16.
pub fn encoding(head: &[u8]) -> (Option<&'static Encoding>, usize) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => return (None, 3),
        [0xff, 0xfe, ..] => return (Some(encoding_rs::UTF_16LE), 2),
        [0xfe, 0xff, ..] => return (Some(encoding_rs::UTF_16BE), 2),
        _ => {}
    }
    // Text has no zero character; in other scripts only blanks and digits have a zero byte.
    let is_text = |from: usize| {
        let bytes = || head[from..].iter().step_by(2);
        let zeros = bytes().filter(|b| **b == 0).count();
        let other = bytes().filter(|b| **b < 0x20 && !b.is_ascii_whitespace());
        (zeros, other.count())
    };
    let pairs = head.len() / 2;
    if pairs < 2 {
        return (None, 0);
    }
    let starts = [b'<', b'{', b'['];
    let enough = pairs >= 8 || starts.contains(&head[0]) || starts.contains(&head[1]);
    let mostly = |high: (usize, usize), low: (usize, usize)| {
        enough && low.0 * 4 <= high.0 && low.1 * 20 <= pairs && high.0 * 3 >= pairs
    };
    let (even, odd) = (is_text(0), is_text(1));
    let found = if mostly(odd, even) {
        Some(encoding_rs::UTF_16LE)
    } else if mostly(even, odd) {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    };
    (found, 0)
}

/// Converts a character set to UTF-8.
pub struct DecodingReader<'r> {
    inner: &'r mut dyn Read,
    decoder: Decoder,
    notes: Notes,
    /// Lines before those in `out`.
    lines: u64,
    source: Vec<u8>,
    out: Vec<u8>,
    sent: usize,
    ended: bool,
}

impl<'r> DecodingReader<'r> {
    /// Creates a reader over the bytes after the byte order mark. Bytes that are not text are reported in
    /// `notes`.
    pub fn new(
        inner: &'r mut dyn Read,
        encoding: &'static Encoding,
        notes: Notes,
    ) -> DecodingReader<'r> {
        DecodingReader {
            inner,
            notes,
            lines: 0,
            decoder: encoding.new_decoder_without_bom_handling(),
            source: vec![0; BLOCK],
            out: Vec::new(),
            sent: 0,
            ended: false,
        }
    }

    /// Reads a block and converts it to UTF-8.
    fn convert(&mut self) -> io::Result<()> {
        let count = self.inner.read(&mut self.source)?;
        self.ended = count == 0;
        self.sent = 0;
        // A byte becomes at most three, and one character may be pending.
        self.out.resize(count * 3 + 16, 0);
        let (_, _, written, is_damaged) =
            self.decoder
                .decode_to_utf8(&self.source[..count], &mut self.out, self.ended);
        self.out.truncate(written);
        let lines = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
        if is_damaged {
            let shown = memchr::memmem::find(&self.out, "\u{fffd}".as_bytes());
            let line = self.lines + lines(&self.out[..shown.unwrap_or_default()]) + 1;
            let name = self.decoder.encoding().name();
            let why = format!("bytes that are not {name}: they are shown as \u{fffd}");
            let mut notes = self.notes.borrow_mut();
            notes.push((Some(Place::Line(line)), why));
        }
        self.lines += lines(&self.out);
        Ok(())
    }
}

impl Read for DecodingReader<'_> {
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

    use super::{DecodingReader, append, encoding, lossy};
    use crate::read::collect::Collect;
    use crate::read::input::buffer::Notes;

    #[test]
    fn utf16_and_marks_come_out_as_utf8() {
        let text = "2020-01-01 <a>é😀</a>\r\n";
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
            let mut reader = &bytes[mark..];
            let mut out = String::new();
            let encoding = encoding.expect("UTF-16");
            DecodingReader::new(&mut reader, encoding, Notes::default())
                .read_to_string(&mut out)
                .expect("valid");
            assert_eq!(out, text);
        }
        assert_eq!(
            encoding(&marked(&[0xef, 0xbb, 0xbf], text.as_bytes())),
            (None, 3)
        );
        for no_text in [
            &b"\0\0\0\0"[..],
            b"\0\x01\x02\x03",
            b"ab\0c",
            b"",
            b"PAR1\x15\0\x15\x02",
        ] {
            assert_eq!(encoding(no_text), (None, 0));
        }
    }

    #[test]
    fn what_is_no_text_stands_as_numbers() {
        assert_eq!(lossy(b"caf\xe9 \xff"), "caf\\xE9 \\xFF");
        let mut sink = Collect::default();
        let bytes = b"a\0b\xe9\xc3";
        let mut out = String::new();
        assert_eq!(append(&mut out, bytes, false, 3, &mut sink), 4);
        assert_eq!(out, "a\\x00b\\xE9");
        assert_eq!(append(&mut out, &bytes[4..], true, 3, &mut sink), 1);
        assert!(out.ends_with("\\xC3"));
        assert_eq!(sink.bad.len(), 3);
        let mut out = String::new();
        assert_eq!(append(&mut out, "xé".as_bytes(), false, 1, &mut sink), 3);
    }
}
