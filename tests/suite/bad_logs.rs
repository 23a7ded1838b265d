//! Logs that are damaged or out of order: what can be read is, and what can't be is counted with
//! its reason.

use std::io::Write as _;

use crate::drive::{Place, Run};
use crate::testing::shared;

fn search(place: &Place, file: &str, spl: &str) -> Run {
    place.search(&["--data", file, "--format", "ndjson"], spl)
}

fn count(place: &Place, file: &str) -> usize {
    let out = search(place, file, "* | stats count").fine().out.clone();
    let digits: String = out.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a count")
}

/// The bytes of an EVTX file's header, of which 128 hold something, and of a chunk.
const HEADER: usize = 4096;
const CHUNK: usize = 65_536;

/// An event log of real life with several chunks, if there are logs to join: the fullest chunks
/// of all, behind a header that says how many there are.
fn event_log() -> Option<Vec<u8>> {
    let dir = shared("data/evtx")?;
    let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let files: Vec<Vec<u8>> = paths.iter().filter_map(|p| std::fs::read(p).ok()).collect();
    let mut chunks: Vec<&[u8]> = files
        .iter()
        .flat_map(|bytes| bytes.get(HEADER..).unwrap_or_default().chunks_exact(CHUNK))
        .filter(|chunk| chunk.starts_with(b"ElfChnk\0"))
        .collect();
    if chunks.len() < 3 {
        panic!("{}: {} chunks are too few", dir.display(), chunks.len());
    }
    // Where the free space of a chunk begins.
    let used = |chunk: &&[u8]| u32::from_le_bytes(chunk[48..52].try_into().expect("four bytes"));
    chunks.sort_by_key(|chunk| std::cmp::Reverse(used(chunk)));
    chunks.truncate(4);
    let mut joined = files[0][..HEADER].to_vec();
    joined[8..16].fill(0);
    joined[16..24].copy_from_slice(&(chunks.len() as u64 - 1).to_le_bytes());
    joined[42..44].copy_from_slice(&(chunks.len() as u16).to_le_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&joined[..120]);
    joined[124..128].copy_from_slice(&sum.sum().to_le_bytes());
    for chunk in chunks {
        joined.extend_from_slice(chunk);
    }
    Some(joined)
}

#[test]
fn a_damaged_event_log_gives_the_rest_of_its_events() {
    let Some(whole) = event_log() else { return };
    let place = Place::new();
    place.write("whole.evtx", &whole);
    let all = count(&place, "whole.evtx");
    // Cut in the middle of the second chunk.
    place.write("cut.evtx", &whole[..4096 + 65_536 + 30_000]);
    let cut = count(&place, "cut.evtx");
    assert!(cut > 0 && cut < all, "{cut} of {all}");
    search(&place, "cut.evtx", "*")
        .fine()
        .says(&["cut.evtx: ", "the last chunk is cut off"]);
    // The first chunk's header is gone.
    let mut bent = whole.clone();
    bent[4096..4096 + 128].fill(0xaa);
    place.write("bent.evtx", &bent);
    let rest = count(&place, "bent.evtx");
    assert!(rest > 0 && rest < all, "{rest} of {all}");
    search(&place, "bent.evtx", "*")
        .fine()
        .says(&["1 place could not be read", "a damaged chunk"]);
    // The file's header says nothing: the chunks say all.
    let mut headless = whole.clone();
    headless[..HEADER].fill(0);
    place.write("headless.evtx", headless);
    assert_eq!(count(&place, "headless.evtx"), all);
    search(&place, "headless.evtx", "*")
        .fine()
        .says(&["the file's header is damaged"]);
    // Bytes of the second chunk are missing, and all later ones begin too early.
    let second = HEADER + CHUNK;
    let third = second + CHUNK;
    place.write("without.evtx", [&whole[..second], &whole[third..]].concat());
    let without = count(&place, "without.evtx");
    let lost = [&whole[..second + 30_000], &whole[second + 33_000..]].concat();
    place.write("lost.evtx", lost);
    let rest = count(&place, "lost.evtx");
    assert!(without < rest && rest < all, "{without} < {rest} < {all}");
    // What a record inside says is overwritten, behind its header of 24 bytes.
    let mut bent = whole;
    let from = 4096 + 20_000;
    let record = bent[from..].windows(4).position(|w| w == b"**\0\0");
    let record = from + record.expect("a record in the first chunk");
    bent[record + 24..record + 84].fill(0xff);
    place.write("record.evtx", &bent);
    let rest = count(&place, "record.evtx");
    assert!(rest > 0 && rest < all, "{rest} of {all}");
    search(&place, "record.evtx", "*")
        .fine()
        .says(&["a damaged record"]);
    place.write("header.evtx", b"ElfFile\0");
    search(&place, "header.evtx", "*").fails(1, &["the file's header is cut off"]);
}

#[test]
fn xml_that_is_cut_or_laughs_is_counted() {
    let place = Place::new();
    let event =
        |id: &str| format!("<Event xmlns='x'><System><EventID>{id}</EventID></System></Event>\n");
    let whole = [event("1"), event("2"), event("3")].concat();
    place.write("cut.xml", &whole[..whole.len() - 30]);
    let run = search(&place, "cut.xml", "* | table EventCode");
    assert_eq!(run.fine().out.lines().count(), 2);
    run.says(&["1 place could not be read, the first at line 3: the XML event is cut off"]);
    let mut laughs = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE l [<!ENTITY l0 \"ha\">");
    for n in 1..12 {
        let before = format!("&l{};", n - 1).repeat(10);
        laughs += &format!("<!ENTITY l{n} \"{before}\">");
    }
    laughs += "]>\n<Events>\n";
    laughs += &event("&l11;");
    laughs += &event("7");
    laughs += "</Events>\n";
    place.write("laughs.xml", laughs);
    let run = search(&place, "laughs.xml", "* | table EventCode");
    assert_eq!(run.fine().out, "{\"EventCode\":\"7\"}\n");
    run.says(&["1 place could not be read, the first at line 4: unknown entity `l11`"]);
}

#[test]
fn long_lines_are_read_and_longer_ones_counted() {
    let place = Place::new();
    let line = |mebibytes: usize| format!("{{\"a\":\"{}\"}}\n", "x".repeat(mebibytes << 20));
    place.write("long.ndjson", [line(50), line(65), line(0)].concat());
    let run = search(
        &place,
        "long.ndjson",
        "* | eval n=len(a), m=len(_raw) | table n m",
    );
    let expected = format!(
        "{{\"n\":{},\"m\":{}}}\n{{\"n\":0,\"m\":8}}\n",
        50 << 20,
        (50 << 20) + 8
    );
    assert_eq!(run.fine().out, expected);
    run.says(&["1 place could not be read, the first at line 2: longer than 64 MiB"]);
}

#[test]
fn an_archive_can_not_write_beside_itself_nor_grow_without_end() {
    let place = Place::new();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for name in ["../up.json", "/root.json", "in/ok.json"] {
        zip.start_file(name, options).expect("a member");
        zip.write_all(b"{\"a\":1}\n")
            .expect("memory can be written");
    }
    let bytes = zip.finish().expect("an archive").into_inner();
    place.write("a.zip", bytes);
    let run = search(&place, "a.zip", "* | table a");
    assert_eq!(run.fine().out, "{\"a\":1}\n");
    run.says(&["a.zip:../up.json: skipped: refused: the name leads out of the archive"]);
    run.says(&["a.zip:/root.json: skipped: refused"]);
    assert!(!place.path().join("../up.json").exists());

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..400 {
        gzip.write_all(&blanks).expect("memory can be written");
    }
    place.write(
        "bomb.json.gz",
        gzip.finish().expect("memory can be written"),
    );
    search(&place, "bomb.json.gz", "*").fails(1, &["bomb.json.gz", "expands to more than 256 MiB"]);
}

#[test]
fn odd_times_are_kept_as_they_are() {
    let place = Place::new();
    place.write(
        "times.ndjson",
        "{\"_time\":\"2999-01-01T00:00:00Z\",\"a\":1}\n{\"_time\":1e300,\"a\":2}\n\
         {\"_time\":\"2020-01-01T00:00:00+99:00\",\"a\":3}\n{\"_time\":-5,\"a\":4}\n\
         {\"_time\":99999999999999999999,\"a\":5}\n",
    );
    let run = search(&place, "times.ndjson", "* | sort a | table a _time");
    let out = run.fine().out.clone();
    assert_eq!(out.lines().count(), 5);
    assert!(
        out.starts_with("{\"a\":1,\"_time\":32472144000}\n{\"a\":2}\n"),
        "{out}"
    );
    assert!(out.contains("{\"a\":4,\"_time\":-5}"), "{out}");
    run.says(&["`_time` is not a time"]);
    // A clock that goes back: every event has its own time, newest first.
    place.write(
        "back.log",
        "2020-01-01 00:00:09 c\n2020-01-01 00:00:05 a\n2020-01-01 00:00:07 b\n",
    );
    let run = search(&place, "back.log", "* | rex \"(?<x>.)$\" | table x");
    assert_eq!(
        run.fine().out,
        "{\"x\":\"c\"}\n{\"x\":\"b\"}\n{\"x\":\"a\"}\n"
    );
    place
        .search(&["--data", "back.log", "--tz", "Mars/Crater"], "*")
        .fails(2, &["Mars/Crater"]);
}

#[test]
fn field_names_may_be_any_and_come_twice() {
    let place = Place::new();
    place.write(
        "names.ndjson",
        "{\"a.b\":1,\"c{}\":2,\"d e\":3,\"\":4,\"f\":5,\"f\":6,\"g\":{\"h.i\":[7]},\"é\":8}\n",
    );
    let run = search(
        &place,
        "names.ndjson",
        "* | table a.b \"c{}\" \"d e\" f \"g.h.i{}\" é",
    );
    assert_eq!(
        run.fine().out,
        "{\"a.b\":1,\"c{}\":2,\"d e\":3,\"f\":[\"5\",\"6\"],\"g.h.i{}\":7,\"é\":8}\n"
    );
    place.write("twice.csv", "x,x,y z,\n1,2,3,4\n");
    let run = search(&place, "twice.csv", "* | table x \"y z\"");
    assert_eq!(run.fine().out, "{\"x\":[\"1\",\"2\"],\"y z\":\"3\"}\n");
}

#[test]
fn other_encodings_and_bytes_that_are_none_are_read() {
    let place = Place::new();
    let text = "2020-01-01 00:00:05 user=\"José Größe\"\r\n2020-01-01 00:00:06 user=\"東\"\r\n";
    let units = || text.encode_utf16();
    place.write(
        "le.log",
        units().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
    );
    place.write(
        "be.log",
        units().flat_map(u16::to_be_bytes).collect::<Vec<u8>>(),
    );
    for file in ["le.log", "be.log"] {
        let run = search(&place, file, "* | table user");
        assert_eq!(
            run.fine().out,
            "{\"user\":\"東\"}\n{\"user\":\"José Größe\"}\n",
            "{file}"
        );
        run.fine();
        assert_eq!(run.err, "", "{file}");
    }
    place.write(
        "zeros.log",
        b"2020-01-01 00:00:05 user=a\0b\n2020-01-01 00:00:06 user=caf\xe9 x\n",
    );
    let run = search(&place, "zeros.log", "* | sort _time | table user _raw");
    assert_eq!(
        run.fine().out,
        "{\"user\":\"a\\\\x00b\",\"_raw\":\"2020-01-01 00:00:05 user=a\\\\x00b\"}\n\
         {\"user\":\"caf\\\\xE9\",\"_raw\":\"2020-01-01 00:00:06 user=caf\\\\xE9 x\"}\n"
    );
    run.says(&["line 1: zero bytes", "line 2: not UTF-8"]);
    place.write(
        "app/default/props.conf",
        "[source::...latin.log]\nCHARSET = ISO-8859-1\n",
    );
    place.write("latin.log", b"name=caf\xe9\n");
    let run = place.search(
        &["--app", "app", "--data", "latin.log", "--format", "ndjson"],
        "* | table name",
    );
    assert_eq!(run.fine().out, "{\"name\":\"café\"}\n");
}

#[test]
fn wrong_rules_are_warned_of_by_file_line_stanza_and_key() {
    let place = Place::new();
    place.write("a.log", "2020-01-01 00:00:05 x=1\n");
    let run = |props: &str, transforms: &str| {
        let _ = std::fs::remove_dir_all(place.path().join("app"));
        place.write("app/default/props.conf", props);
        place.write("app/default/transforms.conf", transforms);
        place.search(&["--app", "app", "--data", "a.log"], "* | table x y")
    };
    run("[text]\nEXTRACT-y = (?<y>.\nbad line\n", "")
        .fine()
        .says(&["app/default/props.conf:3: expected `[stanza]`, `key = value` or a comment"]);
    for (props, transforms, says) in [
        (
            "[text]\nEXTRACT-y = (?<y>.\n",
            "",
            "props.conf:2: [text] EXTRACT-y",
        ),
        (
            "[text]\nSEDCMD-y = s/(/x/\n",
            "",
            "props.conf:2: [text] SEDCMD-y",
        ),
        (
            "[text]\nREPORT-y = t\n",
            "[t]\nREGEX = (?<y>.\n",
            "props.conf:2: [text] REPORT-y",
        ),
        (
            "[text]\nTRANSFORMS-y = t\n",
            "[t]\nREGEX = (\nDEST_KEY = queue\nFORMAT = x\n",
            "props.conf:2: [text] TRANSFORMS-y",
        ),
        (
            "[text]\nTRANSFORMS-y = t\n",
            "[t]\nINGEST_EVAL = y=nosuch(x)\n",
            "transforms.conf:1: transform [t]: unknown function `nosuch`",
        ),
        (
            "[text]\nTRANSFORMS-y = t\n",
            "[t]\nINGEST_EVAL = just text\n",
            "transforms.conf:1: transform [t]: `just text`: expected <name>=<expression>",
        ),
    ] {
        run(props, transforms).fine().says(&[says]);
    }
}
