use std::cell::Cell;
use std::io::{Read, Write};
use std::rc::Rc;

use crate::error::Result;
use crate::read::container::{Leaf, MemberName, Walker, member_kind};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // `set_path` itself refuses bad names.
        header.as_gnu_mut().expect("gnu").name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).expect("in memory");
    }
    builder.into_inner().expect("in memory")
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("in memory");
        writer.write_all(bytes).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

/// Names and texts of the files inside, and what was skipped.
fn walk(name: &str, bytes: &[u8]) -> Result<(Vec<(String, String)>, usize)> {
    let mut seen = Vec::new();
    let mut on_file = |leaf: Leaf<'_, '_>| {
        let mut text = String::new();
        if let Err(e) = leaf.input.read_to_string(&mut text) {
            return Err(leaf.input.error(0, e));
        }
        seen.push((leaf.input.origin().display().to_string(), text));
        Ok(None)
    };
    let mut walker = Walker::new(Rc::new(Cell::new(0)), &mut on_file);
    walker.bytes(name, bytes)?;
    let skipped = walker.into_skipped().len();
    Ok((seen, skipped))
}

#[test]
fn containers_inside_each_other_are_opened() {
    let inner = zip(&[("d/b.json", b"two"), ("__MACOSX/._b.json", b"x")]);
    let outer = gzip(&tar(&[
        ("a.log", b"one"),
        ("c.zip", &inner),
        (".hidden", b"x"),
        ("../e.log", b"x"),
        ("/f.log", b"x"),
    ]));
    let (seen, skipped) = walk("x.tar.gz", &outer).expect("readable");
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        seen,
        [
            pair("x.tar.gz:a.log", "one"),
            pair("x.tar.gz:c.zip:d/b.json", "two")
        ]
    );
    assert_eq!(skipped, 2);
    let zst = zstd::encode_all(b"three".as_slice(), 1).expect("in memory");
    let (seen, _) = walk("y.log.zst", &zst).expect("readable");
    assert_eq!(seen, [pair("y.log.zst", "three")]);
}

#[test]
fn damage_is_told() {
    let mut bytes = gzip(&vec![b'a'; 100_000]);
    bytes.truncate(bytes.len() / 2);
    assert!(walk("a.gz", &bytes).is_err());
    let mut bytes = zip(&[("a", b"x")]);
    bytes.truncate(20);
    assert!(walk("a.zip", &bytes).is_err());
}

#[test]
fn a_bomb_is_stopped() {
    let block = vec![b'\n'; 1 << 20];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..400 {
        encoder.write_all(&block).expect("in memory");
    }
    let bomb = encoder.finish().expect("in memory");
    let error = walk("a.gz", &bomb).expect_err("a bomb");
    assert!(error.to_string().contains("expands"), "{error}");
}

#[test]
fn names_that_lead_out_are_told() {
    for name in ["../a", "a/../../b", "/a", "C:\\a", "a\\..\\b"] {
        assert_eq!(member_kind(name), MemberName::Unsafe, "{name}");
    }
    assert_eq!(member_kind("./a/b"), MemberName::Plain);
    assert_eq!(member_kind("a/.b"), MemberName::Hidden);
}
