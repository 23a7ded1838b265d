//! Detects containers by their bytes, and classifies the names of archive members.

use std::path::{Component, Path};

/// The last component of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The class of an archive member's name.
#[derive(Debug, PartialEq, Eq)]
pub enum MemberName {
    /// Nothing special.
    Plain,
    /// Hidden: `.x`, and files that macOS adds.
    Hidden,
    /// Absolute, or with `..`.
    Unsafe,
}

/// Classifies a member's name.
pub fn member_kind(name: &str) -> MemberName {
    let unified = name.replace('\\', "/");
    let drive = unified.as_bytes().get(1) == Some(&b':');
    let mut hidden = false;
    for component in Path::new(&unified).components() {
        match component {
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return MemberName::Unsafe;
            }
            Component::CurDir => {}
            Component::Normal(part) => {
                let part = part.as_encoded_bytes();
                hidden |= part.starts_with(b".") || part == b"__MACOSX";
            }
        }
    }
    if drive {
        MemberName::Unsafe
    } else if hidden {
        MemberName::Hidden
    } else {
        MemberName::Plain
    }
}

/// A kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
    /// `.zip`
    Zip,
    /// `.tar`
    Tar,
}

impl Container {
    /// Returns the container that starts with these bytes, if any.
    pub fn of(head: &[u8], name: &str) -> Option<Container> {
        if head.starts_with(&[0x1f, 0x8b, 0x08]) {
            return Some(Container::Gzip);
        }
        if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return Some(Container::Zstd);
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Container::Zip);
        }
        let old_tar = has_ending(name, "tar") && head.len() >= 512 && head[0] != 0;
        if head.get(257..262) == Some(b"ustar") || old_tar {
            return Some(Container::Tar);
        }
        None
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Container::Gzip => "gzip",
            Container::Zstd => "zstd",
            Container::Zip => "zip",
            Container::Tar => "tar",
        }
    }

    /// The magic bytes of compressed data.
    pub fn mark(self) -> &'static [u8] {
        match self {
            Container::Gzip => b"\x1f\x8b\x08",
            Container::Zstd => b"\x28\xb5\x2f\xfd",
            Container::Zip => b"PK\x03\x04",
            Container::Tar => b"ustar",
        }
    }

    /// Whether the bytes right after a compressed member begin another one.
    pub fn begins_member(self, head: &[u8]) -> bool {
        // A zstd frame without data.
        let skippable = self == Container::Zstd
            && head.get(1..4) == Some(b"\x2a\x4d\x18")
            && head[0] & 0xf0 == 0x50;
        skippable || head.starts_with(self.mark())
    }

    /// Whether bytes found in the middle of data begin a compressed member: they match what the headers of
    /// real writers have in common.
    pub fn surely_begins_member(self, head: &[u8]) -> bool {
        match self {
            // Flags, compression level and system of RFC 1952.
            Container::Gzip => {
                head.starts_with(self.mark())
                    && head.get(3..10).is_some_and(|rest| {
                        rest[0] & 0xe0 == 0
                            && matches!(rest[5], 0 | 2 | 4)
                            && matches!(rest[6], 0..=13 | 255)
                    })
            }
            // The reserved bit of RFC 8878.
            Container::Zstd => {
                head.starts_with(self.mark()) && head.get(4).is_some_and(|flags| flags & 8 == 0)
            }
            Container::Zip | Container::Tar => head.starts_with(self.mark()),
        }
    }

    /// The name of the file inside a compressed file.
    pub fn inner_name(self, name: &str) -> &str {
        let endings: &[&str] = match self {
            Container::Gzip => &["gz", "gzip", "tgz"],
            Container::Zstd => &["zst", "zstd"],
            Container::Zip | Container::Tar => &[],
        };
        match name.rsplit_once('.') {
            Some((stem, _)) if endings.iter().any(|e| has_ending(name, e)) => stem,
            Some(_) | None => name,
        }
    }
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, e)| e.eq_ignore_ascii_case(ending))
}
