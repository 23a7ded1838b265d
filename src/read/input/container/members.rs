//! Multi-member compressed data, as written by `cat a.gz b.gz` and by parallel compressors: gzip members,
//! zstd frames.
//!
//! Damage in a member costs the rest of that member: reading resumes at the next one. Other bytes after a
//! member, such as the zeros that pad a tape block, are ignored.

use std::io::{self, BufRead, Read};

use crate::read::input::buffer::{Input, Notes, Place};
use crate::read::input::container::decoders::{Gzip, Step, Zstd};
use crate::read::input::container::kind::Container;
use crate::read::input::decompression_limit::damage;

/// Consumed bytes that are searched for the next member after a damaged one: a decoder may run into it before
/// it notices the damage.
const BEHIND: usize = 1 << 20;

/// Bytes that identify the beginning of a member.
const HEAD: usize = 10;

/// The content of all members. Damage is noted and never an error; only errors that stop an outer container
/// are returned.
pub struct Members<'i, 'r> {
    kind: Container,
    input: &'i mut Input<'r>,
    notes: Notes,
    state: State,
    /// Where the current member begins.
    begins: u64,
    /// Whether it returned any bytes.
    gave: bool,
    /// The last byte returned.
    last: u8,
}

enum State {
    Gzip(Gzip),
    Zstd(Zstd),
    /// After a member.
    Between,
    /// After damage.
    Damaged(io::Error),
    Ended,
}

impl<'i, 'r> Members<'i, 'r> {
    /// Reads the members of gzip or zstd data. Damage goes to `notes`.
    ///
    /// # Errors
    /// If there is not enough memory.
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

    /// Begins a member here.
    fn begin(&mut self) -> io::Result<()> {
        self.begins = self.input.position();
        self.state = match self.kind {
            Container::Zstd => State::Zstd(Zstd::new()?),
            Container::Gzip | Container::Zip | Container::Tar => State::Gzip(Gzip::new()),
        };
        Ok(())
    }

    /// Continues after a member.
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
        let why = format!("{skipped} {bytes} after the {name} data are not part of it: ignored");
        self.note(Some(Place::Byte(at)), why);
        if found { self.begin() } else { Ok(()) }
    }

    /// Continues after damage.
    fn damaged(&mut self, why: &io::Error) -> io::Result<()> {
        // A supposed member that returned nothing was not one.
        if self.gave {
            self.note(None, damage(self.kind.name(), why));
        }
        self.gave = false;
        self.input.go_to(self.begins + 1);
        if self.seek() { self.begin() } else { Ok(()) }
    }

    /// Seeks the beginning of the next member. Returns false if there is none.
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
                    // Reported by an outer container.
                    if why.kind() == io::ErrorKind::FileTooLarge {
                        return Err(why);
                    }
                    self.damaged(&why)?;
                    // The cut-off line must not run into the first line of the next member.
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
