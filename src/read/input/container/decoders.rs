//! Decompresses one member of compressed data, and returns everything before damage in it.
//!
//! The libraries' readers drop up to a whole buffer of decoded data when they find damage, so this module
//! drives their decoders itself.

use std::io::{self, BufRead};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use zstd::stream::raw::{InBuffer, Operation as _, OutBuffer};

use crate::read::input::buffer::Input;

/// How decoding continues.
pub enum Step {
    /// More data may follow.
    More,
    /// All data was returned.
    End,
    /// The next data can't be decoded.
    Damaged(io::Error),
}

fn cut_off() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// Deflate data.
pub struct Inflate {
    state: Decompress,
    crc: Crc,
}

impl Inflate {
    /// A decoder at the start of the data.
    pub fn new() -> Inflate {
        Inflate {
            state: Decompress::new(false),
            crc: Crc::new(),
        }
    }

    /// Decodes the next bytes into `out`; returns their number and how decoding continues.
    pub fn step(&mut self, input: &mut dyn BufRead, out: &mut [u8]) -> (usize, Step) {
        loop {
            let data = match input.fill_buf() {
                Ok(data) => data,
                Err(e) => return (0, Step::Damaged(e)),
            };
            let at_end = data.is_empty();
            let flush = match at_end {
                true => FlushDecompress::Finish,
                false => FlushDecompress::None,
            };
            let (read, made) = (self.state.total_in(), self.state.total_out());
            let done = self.state.decompress(data, out, flush);
            // These are also valid for data before damage.
            let used = (self.state.total_in() - read) as usize;
            let count = (self.state.total_out() - made) as usize;
            input.consume(used);
            self.crc.update(&out[..count]);
            let step = match done {
                Ok(Status::StreamEnd) => Step::End,
                Ok(Status::Ok | Status::BufError) if count > 0 => Step::More,
                Ok(Status::Ok | Status::BufError) if at_end => Step::Damaged(cut_off()),
                Ok(Status::Ok | Status::BufError) if used > 0 => continue,
                Ok(Status::Ok | Status::BufError) | Err(_) => {
                    Step::Damaged(invalid("corrupt deflate stream"))
                }
            };
            return (count, step);
        }
    }
}

/// A gzip member. <https://www.rfc-editor.org/rfc/rfc1952>
pub struct Gzip {
    /// `None` before the header is read.
    body: Option<Inflate>,
    /// Whether only the trailer remains.
    is_decoded: bool,
}

impl Gzip {
    /// A decoder at the start of the member.
    pub fn new() -> Gzip {
        Gzip {
            body: None,
            is_decoded: false,
        }
    }

    /// Like [`Inflate::step`].
    pub fn step(&mut self, input: &mut Input<'_>, out: &mut [u8]) -> (usize, Step) {
        let Some(body) = &mut self.body else {
            return match header(input) {
                Ok(length) => {
                    BufRead::consume(input, length);
                    self.body = Some(Inflate::new());
                    (0, Step::More)
                }
                Err(e) => (0, Step::Damaged(e)),
            };
        };
        if !self.is_decoded {
            let (count, step) = body.step(input, out);
            return match step {
                Step::End => {
                    self.is_decoded = true;
                    (count, Step::More)
                }
                other => (count, other),
            };
        }
        let trailer = input.head(8);
        let Some(&[a, b, c, d, e, f, g, h]) = trailer.first_chunk() else {
            return (0, Step::Damaged(cut_off()));
        };
        let expected = (
            u32::from_le_bytes([a, b, c, d]),
            u32::from_le_bytes([e, f, g, h]),
        );
        BufRead::consume(input, 8);
        let step = match (body.crc.sum(), body.crc.amount()) == expected {
            true => Step::End,
            false => Step::Damaged(invalid("a wrong checksum")),
        };
        (0, step)
    }
}

/// Returns the length of a gzip header.
fn header(input: &mut Input<'_>) -> io::Result<usize> {
    /// Maximum length of a name or comment.
    const LONGEST: usize = 1 << 20;
    let mut byte = |at: usize| input.head(at + 1).get(at).copied().ok_or_else(cut_off);
    let (method, flags) = (byte(2)?, byte(3)?);
    if method != 8 || flags & 0xe0 != 0 {
        return Err(invalid("not a header of gzip data"));
    }
    let mut end = 10;
    if flags & 4 != 0 {
        end += 2 + usize::from(u16::from_le_bytes([byte(end)?, byte(end + 1)?]));
    }
    // A name and a comment, each ending with a zero byte.
    for _ in 0..(flags & (8 | 16)).count_ones() {
        while byte(end)? != 0 {
            if end > LONGEST {
                return Err(invalid("not a header of gzip data"));
            }
            end += 1;
        }
        end += 1;
    }
    if flags & 2 != 0 {
        end += 2;
    }
    byte(end - 1)?;
    Ok(end)
}

/// A zstd frame. <https://www.rfc-editor.org/rfc/rfc8878>
pub struct Zstd {
    state: zstd::stream::raw::Decoder<'static>,
    /// Bytes that the decoder requests: one block at a time, so that the blocks before damage are returned.
    wanted: usize,
}

impl Zstd {
    /// A decoder at the start of the frame.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn new() -> io::Result<Zstd> {
        Ok(Zstd {
            state: zstd::stream::raw::Decoder::new()?,
            wanted: 5,
        })
    }

    /// Like [`Inflate::step`].
    pub fn step(&mut self, input: &mut Input<'_>, out: &mut [u8]) -> (usize, Step) {
        let data = input.head(self.wanted);
        let at_end = data.is_empty();
        let mut source = InBuffer::around(&data[..data.len().min(self.wanted)]);
        let mut target = OutBuffer::around(out);
        let done = self.state.run(&mut source, &mut target);
        let (used, count) = (source.pos(), target.pos());
        BufRead::consume(input, used);
        let step = match done {
            Ok(0) => Step::End,
            Ok(_) if at_end && count == 0 => Step::Damaged(cut_off()),
            Ok(wanted) => {
                self.wanted = wanted;
                Step::More
            }
            Err(e) => Step::Damaged(e),
        };
        (count, step)
    }
}
