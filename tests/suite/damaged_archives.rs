//! Compressed files and archives that are damaged: what can be unpacked is read, and a note names the
//! rest.

use std::io::Write as _;

use crate::drive::{Place, Run};

/// Rows `{"a":1}`, `{"a":2}`, ... with values that do not compress well.
pub fn rows(numbers: std::ops::Range<u64>) -> Vec<u8> {
    let row = |n: u64| {
        let salt = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
        format!("{{\"a\":{n},\"salt\":\"{salt:016x}\"}}\n")
    };
    numbers.map(row).collect::<String>().into_bytes()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("there is memory");
    // As the program `zstd` writes it.
    encoder.include_checksum(true).expect("it is known");
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in members {
        zip.start_file(*name, options).expect("a member");
        zip.write_all(bytes).expect("memory can be written");
    }
    zip.finish().expect("an archive").into_inner()
}

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, *bytes)
            .expect("memory can be written");
    }
    tar.into_inner().expect("memory can be written")
}

/// The numbers of the rows that a file gives, and the run.
#[track_caller]
pub fn numbers(place: &Place, file: &str) -> (Vec<u64>, Run) {
    let spl = "* | sort 0 a | table a";
    let run = place.search(&["--data", file, "--format", "csv"], spl);
    let found = run.fine().out.lines().skip(1);
    // What damage leaves may look like a row.
    let found = found.filter_map(|n| n.parse().ok()).collect();
    (found, run)
}

/// Where some bytes begin.
pub fn position(bytes: &[u8], of: &[u8], from: usize) -> usize {
    let found = bytes[from..].windows(of.len()).position(|w| w == of);
    from + found.expect("it is there")
}

fn all(numbers: std::ops::Range<u64>) -> Vec<u64> {
    numbers.collect()
}

#[test]
fn what_comes_before_the_cut_is_read() {
    let place = Place::new();
    for (ending, packed, name) in [
        ("gz", gzip(&rows(0..9_000)), "gzip"),
        // The decoder gives a block of up to 128 KiB as a whole or not at all.
        ("zst", zstd(&rows(0..40_000)), "zstd"),
    ] {
        let file = format!("cut.ndjson.{ending}");
        place.write(&file, &packed[..packed.len() / 2]);
        let (found, run) = numbers(&place, &file);
        let count = found.len() as u64;
        assert!(count > 3_000, "{file}: {count}");
        assert_eq!(found, all(0..count), "{file}");
        run.says(&[
            &format!(
                "{file}: 1 place could not be read, the first at line {}",
                count + 1
            ),
            &format!("the {name} data is cut off here, the rest is missing"),
        ]);
        assert_eq!(run.err.matches("note:").count(), 1, "{}", run.err);
        // A few bytes less are nearly all rows.
        place.write(&file, &packed[..packed.len() - 30]);
        let (nearly, _) = numbers(&place, &file);
        assert!(nearly.len() > found.len(), "{file}: {}", nearly.len());
    }
}

#[test]
fn bytes_before_damage_are_not_lost_in_a_buffer() {
    let place = Place::new();
    // Small enough that all is decoded in one go.
    let mut bent = gzip(&rows(0..400));
    let from = bent.len() / 2;
    bent[from..from + 40].fill(0xff);
    place.write("bent.ndjson.gz", bent);
    let (found, run) = numbers(&place, "bent.ndjson.gz");
    assert!(found.len() > 100, "{}", found.len());
    assert_eq!(found[..100], all(0..100));
    run.says(&["bent.ndjson.gz: ", "the gzip data"]);
}

#[test]
fn a_damaged_piece_costs_none_of_those_behind_it() {
    let place = Place::new();
    type Pack = fn(&[u8]) -> Vec<u8>;
    for (ending, pack) in [("gz", gzip as Pack), ("zst", zstd)] {
        let [a, b, c] = [0..2_000, 2_000..4_000, 4_000..6_000].map(|n| pack(&rows(n)));
        let file = format!("x.ndjson.{ending}");
        place.write(&file, [a.clone(), b.clone(), c.clone()].concat());
        let (found, run) = numbers(&place, &file);
        assert_eq!(found, all(0..6_000), "{file}");
        assert!(!run.err.contains("could not be read"), "{}", run.err);
        // One in the middle that is bent, and one that is cut off.
        let mut bent = b.clone();
        let middle = bent.len() / 2;
        bent[middle..middle + 300].fill(0xff);
        for damaged in [bent, b[..middle].to_vec()] {
            place.write(&file, [a.clone(), damaged, c.clone()].concat());
            let (found, run) = numbers(&place, &file);
            let has = |numbers: std::ops::Range<u64>| {
                numbers.clone().all(|n| found.binary_search(&n).is_ok())
            };
            assert!(
                has(0..2_000) && has(4_000..6_000),
                "{file}: {}",
                found.len()
            );
            run.says(&[&format!("{file}: "), " data "]);
        }
    }
}

#[test]
fn what_follows_compressed_data_is_ignored_with_a_note() {
    let place = Place::new();
    for (ending, packed) in [("gz", gzip(&rows(0..500))), ("zst", zstd(&rows(0..500)))] {
        let file = format!("x.ndjson.{ending}");
        for (after, what) in [
            (vec![0; 700], "700 bytes after"),
            (b"-----END-----\n".to_vec(), "14 bytes after"),
            (vec![7], "1 byte after"),
        ] {
            place.write(&file, [&packed[..], &after].concat());
            let (found, run) = numbers(&place, &file);
            assert_eq!(found, all(0..500), "{file}");
            let at = format!("the first at byte {}", packed.len());
            run.says(&[&file, what, &at, "not part of it: ignored"]);
        }
        // Padding between two of them.
        let second = match ending {
            "gz" => gzip(&rows(500..900)),
            _ => zstd(&rows(500..900)),
        };
        place.write(&file, [&packed[..], &[0; 300], &second].concat());
        let (found, _) = numbers(&place, &file);
        assert_eq!(found, all(0..900), "{file}");
    }
}

#[test]
fn members_of_a_zip_archive_fail_one_by_one() {
    let place = Place::new();
    let members = [rows(0..2_000), rows(2_000..4_000), rows(4_000..6_000)];
    let [a, b, c] = [&members[0], &members[1], &members[2]];
    let whole = zip(&[("a.ndjson", a), ("b.ndjson", b), ("in/c.ndjson", c)]);
    let second = position(&whole, b"PK\x03\x04", 1);
    let directory = position(&whole, b"PK\x01\x02", 0);

    // A wrong checksum: all that the member holds is there.
    let mut bent = whole.clone();
    let entry = position(&bent, b"PK\x01\x02", directory + 1);
    bent[entry + 16..entry + 20].fill(0x11);
    place.write("sum.zip", bent);
    let (found, run) = numbers(&place, "sum.zip");
    assert_eq!(found, all(0..6_000));
    run.says(&["sum.zip:b.ndjson: 1 place", "a wrong checksum"]);

    // Damage in the middle of a member: what comes before it is there.
    let mut bent = whole.clone();
    let middle = (second + position(&whole, b"PK\x03\x04", second + 1)) / 2;
    bent[middle..middle + 200].fill(0xff);
    place.write("bent.zip", bent);
    let (found, run) = numbers(&place, "bent.zip");
    assert!(found.len() > 4_300, "{}", found.len());
    let has =
        |numbers: std::ops::Range<u64>| numbers.clone().all(|n| found.binary_search(&n).is_ok());
    assert!(has(0..2_300) && has(4_000..6_000));
    run.says(&["bent.zip:b.ndjson: ", "the zip data"]);

    // A header of a member that is gone.
    let mut bent = whole.clone();
    bent[second..second + 4].fill(0);
    place.write("gone.zip", bent);
    let (found, run) = numbers(&place, "gone.zip");
    assert_eq!(found.len(), 4_000);
    run.says(&["gone.zip:b.ndjson: skipped: damaged"]);

    // A member that is encrypted, as the flags say, and one packed in an unknown way.
    let mut locked = whole.clone();
    let entry = position(&locked, b"PK\x01\x02", directory + 1);
    locked[entry + 8] |= 1;
    locked[second + 6] |= 1;
    place.write("locked.zip", locked);
    let (found, run) = numbers(&place, "locked.zip");
    assert_eq!(found.len(), 4_000);
    run.says(&["locked.zip:b.ndjson: skipped: encrypted"]);
    let mut odd = whole.clone();
    odd[entry + 10] = 98;
    odd[second + 8] = 98;
    place.write("odd.zip", odd);
    let (found, run) = numbers(&place, "odd.zip");
    assert_eq!(found.len(), 4_000);
    run.says(&["odd.zip:b.ndjson: skipped: its compression (method 98) is not supported"]);
}

#[test]
fn a_zip_archive_without_its_directory_is_read_member_by_member() {
    let place = Place::new();
    let members = [rows(0..2_000), rows(2_000..4_000), rows(4_000..6_000)];
    let [a, b, c] = [&members[0], &members[1], &members[2]];
    let whole = zip(&[("a.ndjson", a), ("b.ndjson", b), ("in/c.ndjson", c)]);
    let directory = position(&whole, b"PK\x01\x02", 0);
    place.write("cut.zip", &whole[..directory + 20]);
    let (found, run) = numbers(&place, "cut.zip");
    assert_eq!(found, all(0..6_000));
    run.says(&["cut.zip: 1 place could not be read: the zip archive's directory is damaged"]);
    // Cut inside of the second member.
    place.write("cut.zip", &whole[..directory / 2]);
    let (found, run) = numbers(&place, "cut.zip");
    assert!(found.len() > 2_500, "{}", found.len());
    assert_eq!(found, all(0..found.len() as u64));
    run.says(&["cut.zip:b.ndjson: 1 place", "the zip data is cut off here"]);
    // Inside of another archive, which can't be read twice.
    place.write("outer.tar", tar(&[("x/cut.zip", &whole[..directory / 2])]));
    let (inner, run) = numbers(&place, "outer.tar");
    assert_eq!(inner, found);
    run.says(&["outer.tar:x/cut.zip:b.ndjson: 1 place"]);
    // Written to a pipe: the sizes come behind the members.
    let mut streamed = Vec::new();
    let mut zip = zip::ZipWriter::new_stream(&mut streamed);
    for (name, bytes) in [("a.ndjson", a), ("b.ndjson", b)] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).expect("a member");
        zip.write_all(bytes).expect("memory can be written");
    }
    zip.finish().expect("an archive");
    let directory = position(&streamed, b"PK\x01\x02", 0);
    place.write("cut.zip", &streamed[..directory]);
    let (found, _) = numbers(&place, "cut.zip");
    assert_eq!(found, all(0..4_000));
}

#[test]
fn members_of_a_tar_archive_fail_one_by_one() {
    let place = Place::new();
    let members = [rows(0..2_000), rows(2_000..4_000), rows(4_000..6_000)];
    let [a, b, c] = [&members[0], &members[1], &members[2]];
    let whole = tar(&[("a.ndjson", a), ("b.ndjson", b), ("c.ndjson", c)]);
    let header = position(&whole, b"b.ndjson", 0);
    let mut bent = whole.clone();
    bent[header..header + 3].fill(b'x');
    place.write("bent.tar", &bent);
    let (found, run) = numbers(&place, "bent.tar");
    assert_eq!(found, [all(0..2_000), all(4_000..6_000)].concat());
    run.says(&["bent.tar: 1 place could not be read", "a member is missing"]);
    place.write("bent.tar.gz", gzip(&bent));
    let (found, run) = numbers(&place, "bent.tar.gz");
    assert_eq!(found.len(), 4_000);
    run.says(&["bent.tar.gz: 1 place could not be read"]);

    place.write("cut.tar", &whole[..header + 20_000]);
    let (found, run) = numbers(&place, "cut.tar");
    assert!(found.len() > 2_300, "{}", found.len());
    run.says(&[
        "cut.tar:b.ndjson: 1 place could not be read",
        "the archive is cut off inside of this member",
    ]);
    let packed = gzip(&whole);
    place.write("cut.tgz", &packed[..packed.len() / 2]);
    let (found, run) = numbers(&place, "cut.tgz");
    assert!(found.len() > 2_000, "{}", found.len());
    assert_eq!(found, all(0..found.len() as u64));
    run.says(&["cut.tgz", "the gzip data is cut off here"]);
}

#[test]
fn containers_of_which_nothing_is_left_are_errors() {
    let place = Place::new();
    let packed = gzip(&rows(0..10));
    place.write("x.ndjson.gz", &packed[..12]);
    place.write("x.zip", zip(&[("a.ndjson", b"{\"a\":\n")]));
    place.write("x.tar", &tar(&[("a.ndjson", b"{\"a\":1}\n")])[..300]);
    for (file, why) in [
        ("x.ndjson.gz", "the gzip data is cut off here"),
        ("x.zip", "x.zip:a.ndjson:1: the JSON object is cut off"),
        ("x.tar", "x.tar: "),
    ] {
        place.search(&["--data", file], "*").fails(1, &[file, why]);
    }
}
