use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

use crate::read::input::container::kind::{MemberName, member_kind};
use crate::read::input::container::{Leaf, Walker};

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

/// Names and contents of the files inside, and why others were skipped.
fn walk(name: &str, bytes: &[u8]) -> (Vec<(String, String)>, Vec<String>) {
    let mut seen = Vec::new();
    let mut faults = Vec::new();
    let mut on_file = |leaf: Leaf<'_, '_>| {
        while leaf.input.fill() {}
        let text = String::from_utf8_lossy(leaf.input.data()).into_owned();
        faults.extend(leaf.input.take_faults().into_iter().map(|fault| fault.why));
        seen.push((leaf.input.origin().display().to_string(), text));
        Ok(None)
    };
    let mut walker = Walker::new(Rc::new(Cell::new(0)), Rc::default(), &mut on_file);
    walker.bytes(name, bytes).expect("the function never fails");
    let met = walker.finish();
    let mut problems: Vec<String> = met.skipped.into_iter().map(|file| file.why).collect();
    problems.extend(met.bad.into_iter().map(|bad| bad.why));
    problems.extend(faults);
    (seen, problems)
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
    let (seen, problems) = walk("x.tar.gz", &outer);
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        seen,
        [
            pair("x.tar.gz:a.log", "one"),
            pair("x.tar.gz:c.zip:d/b.json", "two")
        ]
    );
    assert_eq!(problems.len(), 2);
    let zst = zstd::encode_all(b"three".as_slice(), 1).expect("in memory");
    let (seen, problems) = walk("y.log.zst", &zst);
    assert_eq!(
        (seen, problems.len()),
        (vec![pair("y.log.zst", "three")], 0)
    );
}

#[test]
fn damage_is_reported() {
    let mut bytes = gzip(&vec![b'a'; 100_000]);
    bytes.truncate(bytes.len() / 2);
    let (_, problems) = walk("a.gz", &bytes);
    assert_eq!(
        problems,
        ["the gzip data is cut off here, the rest is missing"]
    );
    let mut bytes = zip(&[("a", b"x")]);
    bytes.truncate(20);
    let (seen, problems) = walk("a.zip", &bytes);
    assert_eq!((seen.len(), problems.len()), (0, 1));
}

#[test]
fn headers_of_gzip_data_may_have_every_part() {
    let plain = gzip(b"text");
    let mut full = plain[..10].to_vec();
    full[3] = 2 | 4 | 8 | 16;
    full.extend_from_slice(b"\x03\0abcname\0comment\0\x12\x34");
    full.extend_from_slice(&plain[10..]);
    let (seen, problems) = walk("a.gz", &[full.clone(), full.clone()].concat());
    assert_eq!((seen[0].1.as_str(), problems.len()), ("texttext", 0));
    for length in 3..full.len() {
        let (_, problems) = walk("a.gz", &full[..length]);
        assert_eq!(problems.len(), 1, "{length}: {problems:?}");
    }
}

#[test]
fn a_bomb_is_stopped() {
    let block = vec![b'\n'; 1 << 20];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..400 {
        encoder.write_all(&block).expect("in memory");
    }
    let bomb = encoder.finish().expect("in memory");
    let (seen, problems) = walk("a.gz", &bomb);
    assert!(problems[0].contains("expands"), "{problems:?}");
    assert!(seen[0].1.len() < 260 << 20);
}

#[test]
fn a_reader_that_panics_costs_its_file_alone() {
    let mut taken = Vec::new();
    let mut on_file = |leaf: Leaf<'_, '_>| {
        assert!(leaf.name != "b.log", "what nobody foresaw");
        taken.push(leaf.name.to_owned());
        Ok(None)
    };
    let receiving = Rc::new(Cell::new(false));
    let mut walker = Walker::new(Rc::default(), Rc::clone(&receiving), &mut on_file);
    for name in ["a.log", "b.log", "c.log"] {
        walker.bytes(name, b"x").expect("it goes on");
    }
    let skipped = walker.finish().skipped;
    assert_eq!(taken, ["a.log", "c.log"]);
    assert_eq!(skipped[0].file.to_string_lossy(), "b.log");
    assert!(skipped[0].why.contains("what nobody foresaw"));
    // A panic of the receiver of the events is a different case.
    receiving.set(true);
    let mut on_file = |_: Leaf<'_, '_>| panic!("not the file's fault");
    let mut walker = Walker::new(Rc::default(), receiving, &mut on_file);
    let panic = crate::error::caught(|| walker.bytes("a.log", b"x")).expect_err("it goes through");
    assert_eq!(panic, "not the file's fault");
}

#[test]
fn names_that_lead_out_are_told() {
    for name in ["../a", "a/../../b", "/a", "C:\\a", "a\\..\\b"] {
        assert_eq!(member_kind(name), MemberName::Unsafe, "{name}");
    }
    assert_eq!(member_kind("./a/b"), MemberName::Plain);
    assert_eq!(member_kind("a/.b"), MemberName::Hidden);
}
