//! Files that are damaged, among others that are not: all that can be read is searched, and notes on
//! standard error name the rest.

use std::collections::BTreeMap;

use crate::damaged_archives::{gzip, numbers, position, rows, tar, zip, zstd};
use crate::damaged_tables::parquet;
use crate::drive::{Place, Run};
use crate::support;

/// How many events each source gives.
#[track_caller]
fn sources(run: &Run) -> BTreeMap<String, u64> {
    let lines = run.fine().out.lines().skip(1);
    let pair = |line: &str| {
        let (source, count) = line.rsplit_once(',').expect("two columns");
        (
            source.trim_matches('"').to_owned(),
            count.parse().expect("a count"),
        )
    };
    lines.map(pair).collect()
}

const BY_SOURCE: &str = "* | stats count by source | table source count";

fn xml(id: u64) -> String {
    format!("<Event xmlns='x'><System><EventID>{id}</EventID></System></Event>\n")
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A sound file of every kind and a damaged one beside it, in the folder `logs`: the sources, whether
/// they are sound, and at least how many events each has.
fn every_kind(place: &Place) -> Vec<(String, bool, u64)> {
    let text = |from: u64, to: u64| -> String {
        let line = |n: u64| format!("2024-05-15 11:{:02}:{:02} code={n}\n", n / 60 % 60, n % 60);
        (from..to).map(line).collect()
    };
    let csv: String = (0..50).map(|n| format!("{n},v{n}\n")).collect();
    let csv = format!("a,b\n{csv}");
    let array = |damaged: bool| {
        let mut rows: Vec<String> = (0..50).map(|n| format!("{{\"a\":{n}}}")).collect();
        if damaged {
            rows[20] = "{\"a\":20,\"b\":\"open}".to_owned();
        }
        format!("[{}]\n", rows.join(",\n"))
    };
    let lines = rows(0..50);
    let packed = gzip(&rows(0..2_000));
    let mut bent_line = lines.clone();
    bent_line[..2].fill(b'?');
    let events: String = (0..50).map(xml).collect();
    let mut bent_xml = events.clone();
    bent_xml.truncate(bent_xml.len() - 20);
    let mut odd = utf16(&text(0, 50));
    // A half of a surrogate pair where a digit of the second line was.
    let second = odd.len() / 50 + 30;
    odd[second / 2 * 2 + 1] = 0xd8;
    let frames = [zstd(&rows(0..500)), zstd(&rows(500..1_000))];
    let mut bent_frame = frames.concat();
    let middle = frames[0].len() / 2;
    bent_frame[middle..middle + 300].fill(0xff);
    let archive = zip(&[("a.ndjson", &lines), ("b.ndjson", &lines)]);
    let mut bent_zip = archive.clone();
    let directory = position(&archive, b"PK\x01\x02", 0);
    bent_zip[directory + 16..directory + 20].fill(9);
    let tarred = tar(&[("a.ndjson", &lines), ("b.ndjson", &lines)]);
    let mut bent_tar = tarred.clone();
    let header = position(&tarred, b"a.ndjson", 0);
    bent_tar[header..header + 4].fill(b'?');
    let table = parquet(0..3_000, 1_000);
    let mut bent_table = table.clone();
    let second = table.len() / 3 + 100;
    bent_table[second..second + 500].fill(0xff);
    let mut latin = text(0, 49).into_bytes();
    latin.extend_from_slice(b"2024-05-15 11:59:00 user=caf\xe9\n");

    /// A name, the bytes as they should be and as they are, and how many events each has.
    type Pair = (&'static str, Vec<u8>, Vec<u8>, u64, u64);
    let kinds: Vec<Pair> = vec![
        ("line.ndjson", lines.clone(), bent_line, 50, 49),
        (
            "array.json",
            array(false).into(),
            array(true).into(),
            50,
            49,
        ),
        (
            "table.csv",
            csv.clone().into(),
            format!("{csv}50,\"open\n51,x\n").into(),
            50,
            52,
        ),
        ("latin.log", text(0, 50).into(), latin, 50, 50),
        ("wide.log", utf16(&text(0, 50)), odd, 50, 49),
        (
            "text.ndjson.gz",
            packed.clone(),
            packed[..packed.len() / 2].to_vec(),
            2_000,
            500,
        ),
        ("text.ndjson.zst", frames.concat(), bent_frame, 1_000, 500),
        ("table.parquet", table, bent_table, 3_000, 1_000),
    ];
    place.write("logs/good/events.xml", events);
    place.write("logs/bad/events.xml", bent_xml);
    // They name no log they are of.
    let mut all = vec![("XmlWinEventLog".to_owned(), true, 99)];
    for (name, sound, damaged, sound_events, damaged_events) in kinds {
        place.write(&format!("logs/good/{name}"), sound);
        place.write(&format!("logs/bad/{name}"), damaged);
        all.push((format!("logs/good/{name}"), true, sound_events));
        all.push((format!("logs/bad/{name}"), false, damaged_events));
    }
    for (name, sound, damaged, left) in [
        ("x.zip", archive, bent_zip, ["a", "b"].as_slice()),
        ("x.tar", tarred, bent_tar, &["b"]),
    ] {
        place.write(&format!("logs/good/{name}"), sound);
        place.write(&format!("logs/bad/{name}"), damaged);
        for member in ["a", "b"] {
            all.push((format!("logs/good/{name}:{member}.ndjson"), true, 50));
        }
        for member in left {
            all.push((format!("logs/bad/{name}:{member}.ndjson"), false, 50));
        }
    }
    place.write(
        "logs/bad/rubbish.evtx",
        [&b"ElfFile\0"[..], &[0xaa; 9_000]].concat(),
    );
    place.write(
        "logs/bad/rubbish.parquet",
        [&b"PAR1"[..], &[0xaa; 900]].concat(),
    );
    all
}

#[track_caller]
fn has_all(found: &BTreeMap<String, u64>, expected: &[(String, bool, u64)]) {
    for (source, is_sound, events) in expected {
        let there = found.get(source).copied().unwrap_or_default();
        match is_sound {
            true => assert_eq!(there, *events, "{source}"),
            false => assert!(there >= *events, "{source}: {there} of {events}"),
        }
    }
}

#[test]
fn a_folder_of_every_kind_of_damage_gives_all_that_is_sound() {
    let place = Place::new();
    let expected = every_kind(&place);
    let options = ["--data", "logs", "--format", "csv", "--limit", "1000"];
    let run = place.search(&options, BY_SOURCE);
    has_all(&sources(&run), &expected);
    // Five lines at most, unless all are asked for.
    assert_eq!(run.err.matches("note:").count(), 6, "{}", run.err);
    run.says(&[" more (-v shows all)"]);
    let all = place.search(&[&options[..], &["-v"]].concat(), BY_SOURCE);
    for (file, says) in [
        (
            "line.ndjson",
            "1 place could not be read, the first at line 1: not a JSON object",
        ),
        (
            "array.json",
            "1 place could not be read, the first at line 21",
        ),
        (
            "table.csv",
            "1 place could not be read, the first at line 52: a quote is not closed",
        ),
        (
            "events.xml",
            "1 place could not be read, the first at line 50: the XML event is cut off",
        ),
        (
            "latin.log",
            "1 place could not be read, the first at line 50: not UTF-8",
        ),
        (
            "wide.log",
            "1 place could not be read, the first at line 2: bytes that are not UTF-16LE",
        ),
        (
            "text.ndjson.gz",
            "the gzip data is cut off here, the rest is missing",
        ),
        (
            "text.ndjson.zst",
            "places could not be read, the first at line 2",
        ),
        ("x.zip:a.ndjson", "the zip data has a wrong checksum"),
        (
            "x.tar",
            "the tar archive is damaged here, a member is missing",
        ),
        (
            "table.parquet",
            "1 place could not be read, the first at row 1001: 1000 rows are damaged",
        ),
        ("rubbish.evtx", "skipped: "),
        ("rubbish.parquet", "skipped: damaged"),
    ] {
        let line = all
            .err
            .lines()
            .find(|l| l.starts_with(&format!("note: logs/bad/{file}: ")) && l.contains(says));
        assert!(line.is_some(), "{file}: {says}\n{}", all.err);
    }
    assert!(!all.err.contains("logs/good"), "{}", all.err);
    place
        .search(&["--data", "logs", "--quiet"], BY_SOURCE)
        .fine();

    // The same in an archive, out of a list of paths, and through the store.
    let places: Vec<String> = ["logs/good", "logs/bad"].map(str::to_owned).to_vec();
    let lists = [
        "--data", &places[1], "--data", &places[0], "--format", "csv", "--limit", "1000",
    ];
    has_all(&sources(&place.search(&lists, BY_SOURCE)), &expected);
    let replay = place.run(&["replay", "logs"]);
    replay.fine().says(&[" skipped", "could not be read"]);
    let stored = ["--format", "csv", "--limit", "1000"];
    has_all(&sources(&place.search(&stored, BY_SOURCE)), &expected);
}

#[test]
fn detections_run_over_what_can_be_read() {
    let place = Place::new();
    every_kind(&place);
    let data = support::root().join("datasets/attack_techniques/T1047/wmi_lateral_movement");
    let log = std::fs::read(data.join("windows-sysmon.log")).expect("it is shipped");
    place.write("logs/good/windows-sysmon.log", log);
    let args = [
        "run",
        "remote_process_instantiation_via_wmi",
        "--data",
        "logs",
    ];
    let run = place.run(&[&args[..], &["--format", "ndjson"]].concat());
    assert!(
        run.fine().out.contains("\"status\":\"rows\""),
        "{}",
        run.out
    );
    run.says(&["logs/bad/"]);
    let html = place.run(&[&args[..], &["--format", "html", "-o", "x.html"]].concat());
    html.fine().says(&["logs/bad/"]);
    assert!(place.read("x.html").contains("<html"));
}

#[test]
fn the_prompt_goes_on_with_what_can_be_read() {
    let place = Place::new();
    place.write("logs/a.ndjson", rows(0..3));
    place.write("logs/b.ndjson.gz", &gzip(&rows(3..9))[..5]);
    let script = ".format ndjson\n.data logs\n* | stats count\n.data nosuch\n* | stats count\n";
    let run = place.feed(&["repl", "--now", "1700000000"], script.as_bytes());
    assert_eq!(run.out, "{\"count\":3}\n{\"count\":3}\n", "{run:?}");
    run.says(&["logs/b.ndjson.gz: skipped: ", "nosuch: No such file"]);
}

#[test]
fn a_file_that_was_named_fails_only_alone() {
    let place = Place::new();
    place.write("good.ndjson", rows(0..3));
    place.write("rubbish.bin", [0_u8, 1, 2, 3].repeat(100));
    place.write("cut.gz", b"\x1f\x8b\x08\0");
    place.write("folder/a.evtx", b"ElfFile\0");
    let data = |files: &[&str]| {
        let mut args: Vec<&str> = files.iter().flat_map(|file| ["--data", file]).collect();
        args.extend(["--format", "ndjson"]);
        place.search(&args, "* | stats count")
    };
    let run = data(&["rubbish.bin", "good.ndjson", "cut.gz", "folder"]);
    assert_eq!(run.fine().out, "{\"count\":3}\n");
    run.says(&[
        "note: rubbish.bin: skipped: binary data of no known format",
        "note: cut.gz: skipped: ",
        "the gzip data is cut off here",
        "note: folder/a.evtx: skipped: the file's header is cut off",
    ]);
    // Alone, the first says why, and how to go on.
    data(&["rubbish.bin", "cut.gz", "folder"]).fails(
        1,
        &[
            "rubbish.bin: binary data of no known format (2 more files could not be read either)",
            "known formats:",
        ],
    );
    data(&["folder"]).fails(1, &["folder/a.evtx: the file's header is cut off"]);
    // What is not there at all is a slip of the user's.
    data(&["good.ndjson", "nosuch.ndjson"]).fails(1, &["nosuch.ndjson: No such file"]);
    place
        .run(&["replay", "good.ndjson", "rubbish.bin"])
        .fine()
        .says(&[
            "rubbish.bin: skipped: ",
            "3 events from 1 file",
            "1 file skipped",
        ]);
    place
        .run(&["replay", "rubbish.bin", "cut.gz"])
        .fails(1, &["cut.gz:1: ", "(1 more file could not be read either)"]);
    // Empty files are no damage.
    place.write("empty.log", "");
    assert_eq!(data(&["empty.log", "cut.gz"]).fine().out, "{\"count\":0}\n");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_and_skipped() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let place = Place::new();
    place.write("logs/in/a.ndjson", rows(0..3));
    let at = |name: &str| place.path().join("logs").join(name);
    symlink("nowhere", at("gone")).expect("a link can be made");
    symlink("..", at("in/loop")).expect("a link can be made");
    symlink("in/a.ndjson", at("z.ndjson")).expect("a link can be made");
    let made = std::process::Command::new("mkfifo")
        .arg(at("pipe.log"))
        .status();
    let has_pipe = made.is_ok_and(|status| status.success());
    place.write("logs/shut.ndjson", rows(3..5));
    place.write("logs/closed/b.ndjson", rows(5..7));
    let shut = |name: &str, mode: u32| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(at(name), mode).expect("it is ours");
    };
    shut("shut.ndjson", 0);
    shut("closed", 0);
    let (found, run) = numbers(&place, "logs");
    // The administrator may read all of it.
    let may_read = std::fs::read(at("shut.ndjson")).is_ok();
    shut("closed", 0o755);
    run.says(&[
        "logs/gone: skipped: a link that leads nowhere",
        "logs/in/loop: skipped: a link to a folder",
    ]);
    if has_pipe {
        run.says(&["logs/pipe.log: skipped: a pipe or a device"]);
    }
    if !may_read {
        assert_eq!(found, [0, 0, 1, 1, 2, 2]);
        run.says(&[
            "logs/shut.ndjson: skipped: Permission denied",
            "logs/closed: skipped: Permission denied",
        ]);
    }
    // Nothing but that is an error.
    place.write("only/x", "");
    std::fs::remove_file(place.path().join("only/x")).expect("it is there");
    symlink("nowhere", place.path().join("only/gone")).expect("a link can be made");
    place
        .search(&["--data", "only"], "*")
        .fails(1, &["only/gone: a link that leads nowhere"]);
}

#[test]
fn pointers_to_large_files_are_no_data() {
    let place = Place::new();
    place.write("logs/a.ndjson", rows(0..3));
    place.write(
        "logs/b.log",
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n",
    );
    let (found, run) = numbers(&place, "logs");
    assert_eq!(found, [0, 1, 2]);
    run.says(&["logs/b.log: skipped: a Git LFS pointer to a file of 12345 bytes"]);
}

#[test]
fn a_record_of_a_table_that_is_cut_off_does_not_count() {
    let place = Place::new();
    let table: String = (0..5_000)
        .map(|n| format!("{n},user-{n},{}\n", n * 7919))
        .collect();
    let packed = gzip(format!("a,user,code\n{table}").as_bytes());
    place.write("cut.csv.gz", &packed[..packed.len() / 2]);
    let run = place.search(
        &["--data", "cut.csv.gz", "--format", "csv"],
        "* | eval right=if(code == a * 7919 AND user == \"user-\".a, 1, 0) | stats count sum(right) as right",
    );
    let counts = run.fine().out.lines().nth(1).expect("a row").to_owned();
    let (count, right) = counts.split_once(',').expect("two columns");
    assert_eq!(count, right);
    assert!(count.parse::<u64>().expect("a count") > 1_000, "{count}");
    run.says(&[
        "cut.csv.gz: 1 place could not be read",
        "the gzip data is cut off here",
    ]);
}

#[test]
fn a_damaged_file_in_the_data_of_a_test_does_not_fail_it() {
    let place = Place::new();
    let data = support::root().join("datasets/attack_techniques/T1047/wmi_lateral_movement");
    let log = std::fs::read(data.join("windows-sysmon.log")).expect("it is shipped");
    place.write("data/datasets/t/sysmon.log", log);
    place.write("data/datasets/t/cut.log", &gzip(&rows(0..9))[..9]);
    place.write(
        "content/detections/endpoint/x.yml",
        "name: Finds It\nid: 0a1b\ntype: Hunting\nsearch: 'sourcetype=XmlWinEventLog EventCode=1 | stats count by dest'\n\
         tests:\n- name: one\n  attack_data:\n  - data: datasets/t/sysmon.log\n    sourcetype: XmlWinEventLog\n\
         \x20\x20- data: datasets/t/cut.log\n    sourcetype: other\n",
    );
    let run = place.run(&[
        "test",
        "content/detections",
        "--attack-data",
        "data",
        "--format",
        "ndjson",
    ]);
    assert!(run.out.contains("\"status\":\"passed\""), "{run:?}");
    run.says(&["cut.log: skipped: ", "the gzip data is cut off here"]);
}
