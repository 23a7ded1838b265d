//! Zip archives, including damaged ones.

use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use flate2::Crc;
use zip::CompressionMethod;
use zip::result::ZipError;

use crate::error::{Result, caught};
use crate::read::input::buffer::{Input, Place};
use crate::read::input::container::decoders::{Inflate, Step};
use crate::read::input::container::{About, Walker, member_path};

/// Magic bytes of a member.
const MARK: &[u8] = b"PK\x03\x04";
/// Bytes of an archive read at a time.
const BUFFER: usize = 64 * 1024;
/// Bytes of a member's header before its name.
const HEADER: usize = 30;

impl Walker<'_> {
    /// Walks the members that an archive's central directory names. The directory is at the end of the file:
    /// if it is cut off, walks the members found in `again`, which has the same bytes.
    pub(super) fn zip<R: Read + Seek>(
        &mut self,
        origin: &Path,
        file: R,
        again: &mut Input<'_>,
        about: About<'_>,
    ) -> Result<()> {
        let opened = match caught(|| zip::ZipArchive::new(file)) {
            Ok(Ok(archive)) => Ok(archive),
            Ok(Err(why)) => Err(why.to_string()),
            Err(panic) => Err(panic),
        };
        let mut archive = match opened {
            Ok(archive) => archive,
            Err(why) => return self.without_directory(origin, &why, again, about),
        };
        for index in 0..archive.len() {
            let name = archive.name_for_index(index).map(str::to_owned);
            let name = name.unwrap_or_else(|| format!("member {}", index + 1));
            let refused = match archive.by_index_raw(index) {
                Ok(entry) if entry.is_dir() || entry.is_symlink() => continue,
                Ok(entry) if entry.encrypted() => ENCRYPTED.to_owned(),
                Ok(entry) => {
                    let content = match entry.compression() {
                        CompressionMethod::Stored => Some(Method::Stored),
                        CompressionMethod::Deflated => Some(Method::Deflated),
                        _ => None,
                    };
                    let expected = Some((entry.crc32(), entry.size()));
                    match content {
                        Some(method) => {
                            let mut input = BufReader::with_capacity(BUFFER, entry);
                            let mut content = Content::new(&mut input, method, expected);
                            let mut limited = self.limited(&mut content, "zip");
                            self.member(origin, &name, about.modified, &mut limited, about)?;
                            continue;
                        }
                        // The reason is reported where it would be unpacked.
                        None => String::new(),
                    }
                }
                Err(why) => refusal(&why),
            };
            let refused = match archive.by_index(index) {
                Err(why) if refused.is_empty() => refusal(&why),
                Ok(_) | Err(_) => refused,
            };
            self.skip(member_path(origin, &name), refused);
        }
        Ok(())
    }

    /// Walks the members one after the other, each by its own header.
    fn without_directory(
        &mut self,
        origin: &Path,
        why: &str,
        input: &mut Input<'_>,
        about: About<'_>,
    ) -> Result<()> {
        let taken = self.taken;
        let mut others = Vec::new();
        while let Some(header) = next_header(input) {
            if header.name.ends_with('/') {
                continue;
            }
            let method = match (header.is_encrypted, header.method) {
                (false, 0) if header.size.is_some() => Method::Stored,
                (false, 8) => Method::Deflated,
                (is_encrypted, method) => {
                    let why = match is_encrypted {
                        true => ENCRYPTED.to_owned(),
                        false => unsupported(method),
                    };
                    self.skip(member_path(origin, &header.name), why);
                    continue;
                }
            };
            let mut bytes = (&mut *input).take(header.size.unwrap_or(u64::MAX));
            let mut content = Content::new(&mut bytes, method, header.expected);
            let mut limited = self.limited(&mut content, "zip");
            self.member(origin, &header.name, about.modified, &mut limited, about)?;
        }
        others.extend(input.take_faults());
        let why = format!(
            "the zip archive's directory is damaged or cut off, members may be missing: {why}"
        );
        self.damaged(origin, Place::Line(0), why, taken);
        self.faults(origin, others, taken);
        Ok(())
    }
}

const ENCRYPTED: &str = "encrypted: unpack it with its password first";

fn unsupported(method: u16) -> String {
    format!("its compression (method {method}) is not supported: unpack it first")
}

/// Why a member can't be read.
fn refusal(why: &ZipError) -> String {
    match why {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ENCRYPTED.to_owned(),
        ZipError::CompressionMethodNotSupported(method) => unsupported(*method),
        other => format!("damaged: {other}"),
    }
}

/// The local header of a member.
struct Header {
    name: String,
    is_encrypted: bool,
    method: u16,
    /// Its size in the archive, if known before it is read.
    size: Option<u64>,
    /// The checksum and length of its content, if known before it is read.
    expected: Option<(u32, u64)>,
}

/// Reads the next member's header. <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, 4.3.7
fn next_header(input: &mut Input<'_>) -> Option<Header> {
    loop {
        let data = input.head(HEADER);
        match memchr::memmem::find(data, MARK) {
            Some(at) => input.consume(at),
            None => {
                let passed = data.len().saturating_sub(MARK.len() - 1);
                input.consume(passed);
                if !input.fill() {
                    return None;
                }
                continue;
            }
        }
        let head = input.head(HEADER);
        if head.len() < HEADER {
            return None;
        }
        let short = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let long =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (flags, method, crc) = (short(6), short(8), long(14));
        let (packed, unpacked) = (u64::from(long(18)), u64::from(long(22)));
        let (named, extra) = (usize::from(short(26)), usize::from(short(28)));
        let rest = HEADER + named + extra;
        let head = input.head(rest);
        if head.len() < rest {
            return None;
        }
        let name = String::from_utf8_lossy(&head[HEADER..HEADER + named]).into_owned();
        input.consume(rest);
        // They follow the content, or are too large for their fields here.
        let follows = flags & 8 != 0;
        let is_large = packed == u64::from(u32::MAX) || unpacked == u64::from(u32::MAX);
        let is_known = !follows && !is_large;
        return Some(Header {
            name,
            is_encrypted: flags & 1 != 0,
            method,
            size: is_known.then_some(packed),
            expected: is_known.then_some((crc, unpacked)),
        });
    }
}

/// The compression of a member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
}

/// A member's content, checked against its header.
struct Content<'c> {
    input: &'c mut dyn BufRead,
    inflate: Option<Inflate>,
    seen: Crc,
    expected: Option<(u32, u64)>,
    /// How decoding continues after the bytes returned.
    step: Step,
}

impl<'c> Content<'c> {
    /// The content in those bytes; `expected` is its checksum and length.
    fn new(
        input: &'c mut dyn BufRead,
        method: Method,
        expected: Option<(u32, u64)>,
    ) -> Content<'c> {
        Content {
            input,
            inflate: (method == Method::Deflated).then(Inflate::new),
            seen: Crc::new(),
            expected,
            step: Step::More,
        }
    }

    /// Checks that all content arrived intact.
    fn check(&self) -> io::Result<()> {
        let Some((sum, length)) = self.expected else {
            return Ok(());
        };
        // The length is modulo 2^32.
        if u64::from(self.seen.amount()) < length & u64::from(u32::MAX) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.seen.sum() != sum {
            let why = "a wrong checksum";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(())
    }
}

impl Read for Content<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.step, Step::End) {
                Step::More => {}
                Step::End => return self.check().map(|()| 0),
                Step::Damaged(why) => return Err(why),
            }
            let (count, step) = match &mut self.inflate {
                Some(inflate) => inflate.step(self.input, out),
                None => match self.input.read(out) {
                    Ok(0) => (0, Step::End),
                    Ok(count) => (count, Step::More),
                    Err(why) => (0, Step::Damaged(why)),
                },
            };
            self.seen.update(&out[..count]);
            self.step = step;
            if count > 0 {
                return Ok(count);
            }
        }
    }
}
