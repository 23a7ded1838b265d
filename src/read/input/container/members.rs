//! Compressed data in several pieces one after the other, as `cat a.gz b.gz` and tools that compress in
//! parallel write it: gzip members, zstd frames.
//!
//! A damaged piece costs what comes after the damage in it: reading goes on with the next piece. Other
//! bytes behind a piece, such as the zeros that fill up a tape's block, are ignored.

use std::io::{self, BufRead, Read};

use crate::read::input::buffer::{Input, Notes, Place};
use crate::read::input::container::decoders::{Gzip, Step, Zstd};
use crate::read::input::container::kind::Container;
use crate::read::input::decompression_limit::damage;

/// Consumed bytes in which the next piece is sought behind a damaged one: a decoder may run into that
/// before it notices.
const BEHIND: usize = 1 << 20;

/// Bytes that tell whether a piece begins.
const HEAD: usize = 10;

/// The content of all pieces. Damage is noted and never an error; only what stops a container further
/// out is one.
pub struct Members<'i, 'r> {
    kind: Container,
    input: &'i mut Input<'r>,
    notes: Notes,
    state: State,
    /// Where the piece that is being read begins.
    begins: u64,
    /// Whether it gave anything.
    gave: bool,
    /// The last byte that was given.
    last: u8,
}

enum State {
    Gzip(Gzip),
    Zstd(Zstd),
    /// Behind a piece.
    Between,
    /// Behind damage.
    Damaged(io::Error),
    Ended,
}

impl<'i, 'r> Members<'i, 'r> {
    /// The pieces of an input, which is gzip or zstd data. Damage goes to `notes`.
    ///
    /// # Errors
    /// No memory.
    pub fn new(
        kind: Container,
        input: &'i mut Input<'r>,
        notes: Notes,
    ) -> io::Result<Members<'i, 'r>> {
        input.keep(BEHIND);
        let mut members = Members {
            kind,
            input,
            notes,
            state: State::Ended,
            begins: 0,
            gave: true,
            last: b'\n',
        };
        members.begin()?;
        Ok(members)
    }

    fn note(&self, place: Option<Place>, why: String) {
        self.notes.borrow_mut().push((place, why));
    }

    /// Begins a piece here.
    fn begin(&mut self) -> io::Result<()> {
        self.begins = self.input.position();
        self.state = match self.kind {
            Container::Zstd => State::Zstd(Zstd::new()?),
            Container::Gzip | Container::Zip | Container::Tar => State::Gzip(Gzip::new()),
        };
        Ok(())
    }

    /// Goes on behind a piece.
    fn next(&mut self) -> io::Result<()> {
        let at = self.input.position();
        let head = self.input.head(HEAD);
        if head.is_empty() {
            for fault in self.input.take_faults() {
                self.note(None, fault.why);
            }
            return Ok(());
        }
        self.gave = true;
        if self.kind.begins_member(head) {
            return self.begin();
        }
        let found = self.seek();
        let skipped = self.input.position() - at;
        let bytes = if skipped == 1 { "byte" } else { "bytes" };
        let name = self.kind.name();
        let why = format!("{skipped} {bytes} after the {name} data are no part of it: ignored");
        self.note(Some(Place::Byte(at)), why);
        if found { self.begin() } else { Ok(()) }
    }

    /// Goes on behind damage.
    fn damaged(&mut self, why: &io::Error) -> io::Result<()> {
        // What looked like the next piece and gives nothing was none.
        if self.gave {
            self.note(None, damage(self.kind.name(), why));
        }
        self.gave = false;
        self.input.go_to(self.begins + 1);
        if self.seek() { self.begin() } else { Ok(()) }
    }

    /// Goes to where the next piece begins; false when there is none.
    fn seek(&mut self) -> bool {
        let kind = self.kind;
        loop {
            let data = self.input.data();
            let begins = |at: &usize| kind.surely_begins_member(&data[*at..]);
            let mut marks = memchr::memmem::find_iter(data, kind.mark());
            if let Some(at) = marks.find(begins) {
                BufRead::consume(self.input, at);
                return true;
            }
            let passed = data.len().saturating_sub(HEAD - 1);
            BufRead::consume(self.input, passed);
            if !self.input.fill() {
                let rest = self.input.data().len();
                BufRead::consume(self.input, rest);
                return false;
            }
        }
    }
}

impl Read for Members<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let (count, step) = match &mut self.state {
                State::Gzip(gzip) => gzip.step(self.input, out),
                State::Zstd(zstd) => zstd.step(self.input, out),
                State::Ended => return Ok(0),
                State::Between => {
                    self.state = State::Ended;
                    self.next()?;
                    continue;
                }
                State::Damaged(_) => {
                    let State::Damaged(why) = std::mem::replace(&mut self.state, State::Ended)
                    else {
                        return Ok(0);
                    };
                    // Said by a container further out.
                    if why.kind() == io::ErrorKind::FileTooLarge {
                        return Err(why);
                    }
                    self.damaged(&why)?;
                    // The line that is cut off must not run into the next piece's first one.
                    let goes_on = !matches!(self.state, State::Ended);
                    if goes_on && std::mem::replace(&mut self.last, b'\n') != b'\n' {
                        out[0] = b'\n';
                        return Ok(1);
                    }
                    continue;
                }
            };
            match step {
                Step::More => {}
                Step::End => self.state = State::Between,
                Step::Damaged(why) => self.state = State::Damaged(why),
            }
            if count > 0 {
                (self.gave, self.last) = (true, out[count - 1]);
                return Ok(count);
            }
        }
    }
}
