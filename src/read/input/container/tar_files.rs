//! Tar archives, including damaged ones.

use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::error::Result;
use crate::read::input::buffer::{Input, Place};
use crate::read::input::container::{About, Walker};

/// Bytes of a header.
const BLOCK: usize = 512;

impl Walker<'_> {
    /// Walks the members of an archive. After a damaged header it continues with the next one.
    pub(super) fn tar(&mut self, input: &mut Input<'_>, about: About<'_>) -> Result<()> {
        let origin = input.origin().to_owned();
        let taken = self.taken;
        let mut damage = Vec::new();
        while let Some((why, is_known)) = self.tar_members(&origin, input, about)? {
            let at = input.position();
            // The layer below or the cut-off member has reported it already.
            let faults = input.take_faults();
            if faults.is_empty() && !is_known {
                let why = format!("the tar archive is damaged here, a member is missing: {why}");
                damage.push((Place::Byte(at), why));
            }
            damage.extend(faults.into_iter().map(|fault| (fault.place, fault.why)));
            if !next_header(input) {
                break;
            }
        }
        for (place, why) in damage {
            self.damaged(&origin, place, why, taken);
        }
        Ok(())
    }

    /// Walks members up to the end or to damage. Returns the damage, and whether the last member reported it
    /// as well.
    fn tar_members(
        &mut self,
        origin: &Path,
        input: &mut Input<'_>,
        about: About<'_>,
    ) -> Result<Option<(String, bool)>> {
        let mut archive = tar::Archive::new(input);
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(why) => return Ok(Some((why.to_string(), false))),
        };
        let mut is_cut = false;
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(why) => return Ok(Some((why.to_string(), is_cut))),
            };
            let kind = entry.header().entry_type();
            let member = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            if kind.is_gnu_sparse() {
                self.skip(
                    crate::read::input::container::member_path(origin, &member),
                    "a sparse file, which is not supported inside tar: unpack it first",
                );
                continue;
            }
            if !kind.is_file() {
                continue;
            }
            let modified = entry.header().mtime().ok();
            let modified =
                modified.and_then(|s| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(s)));
            let left = entry.size();
            let mut whole = Whole {
                inner: &mut entry,
                left,
                is_cut: false,
            };
            self.member(origin, &member, modified, &mut whole, about)?;
            is_cut = whole.is_cut;
        }
        Ok(None)
    }
}

/// Skips to the next header with a correct checksum. Returns false if there is none.
fn next_header(input: &mut Input<'_>) -> bool {
    /// Offset of the format's magic bytes in a header.
    const MARK: usize = 257;
    loop {
        let data = input.head(BLOCK);
        let begins = |mark: usize| {
            let at = mark.checked_sub(MARK)?;
            let mut header = tar::Header::new_old();
            header
                .as_mut_bytes()
                .copy_from_slice(data.get(at..at + BLOCK)?);
            let bytes = header.as_bytes();
            let sum = |range: &[u8]| range.iter().map(|b| u32::from(*b)).sum::<u32>();
            let sum = sum(&bytes[..148]) + sum(&bytes[156..]) + 8 * u32::from(b' ');
            (header.cksum().ok()? == sum).then_some(at)
        };
        if let Some(at) = memchr::memmem::find_iter(data, b"ustar").find_map(begins) {
            input.consume(at);
            return true;
        }
        let passed = data.len().saturating_sub(BLOCK - 1);
        input.consume(passed);
        if !input.fill() {
            return false;
        }
    }
}

/// An archive member that ends early if the archive does.
struct Whole<'e> {
    inner: &'e mut dyn Read,
    left: u64,
    is_cut: bool,
}

impl Read for Whole<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out);
        match read {
            Ok(0) if self.left > 0 && !out.is_empty() => {
                self.is_cut = true;
                let why = "the archive is cut off inside of this member: the rest is missing";
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, why))
            }
            Ok(count) => {
                self.left = self.left.saturating_sub(count as u64);
                Ok(count)
            }
            Err(e) => {
                self.is_cut = true;
                Err(e)
            }
        }
    }
}
