use std::path::PathBuf;

use polars::prelude::{AnyValue, DataFrame};
use proptest::prelude::{any, prop, proptest};

use crate::error::Result;
use crate::read::{Batch, Options, ReadReport, read_bytes, read_paths};
use crate::testing::{chance, shared};

fn bytes(name: &str, bytes: &[u8]) -> Result<(Vec<Batch>, ReadReport)> {
    let mut batches = Vec::new();
    let mut sink = |batch| {
        batches.push(batch);
        Ok(())
    };
    let report = read_bytes(name, bytes, &Options::default(), &mut |_| {}, &mut sink)?;
    Ok((batches, report))
}

fn paths(paths: &[PathBuf]) -> Result<(Vec<Batch>, ReadReport)> {
    let mut batches = Vec::new();
    let mut sink = |batch| {
        batches.push(batch);
        Ok(())
    };
    let report = read_paths(paths, &Options::default(), &mut |_| {}, &mut sink)?;
    Ok((batches, report))
}

fn text(frame: &DataFrame, name: &str, row: usize) -> String {
    match frame.column(name).expect(name).get(row).expect("a row") {
        AnyValue::String(text) => text.to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        other => other.to_string(),
    }
}

#[test]
fn content_comes_before_the_name() {
    for (name, content, sourcetype) in [
        ("a.log", "{\"a\":1}\n", "_json"),
        ("a.csv", "[{\"a\":1}]", "_json"),
        ("a.csv", "a,b\n1,2\n", "csv"),
        (
            "a.json",
            "<Event><System><EventID>1</EventID></System></Event>",
            "XmlWinEventLog",
        ),
        ("a", "2020-08-01 07:53:13 a=1\n", "text"),
        ("a.dat", "some text\n", "text"),
    ] {
        let (batches, report) = bytes(name, content.as_bytes()).expect(name);
        assert_eq!(report.events, 1, "{name}");
        assert_eq!(batches[0].sourcetype, sourcetype, "{name}");
    }
}

#[test]
fn what_an_event_says_of_itself_is_in_the_base_columns() {
    let rows = "{\"_time\":5,\"_raw\":\"r\",\"host\":\"h\",\"source\":\"s\",\"sourcetype\":\"t\",\"index\":\"i\",\"x\":true}\n{\"x\":null}";
    let (batches, _) = bytes("dir/a.json", rows.as_bytes()).expect("readable");
    assert_eq!(batches.len(), 2);
    let first = &batches[0];
    assert_eq!(
        (
            first.source.as_str(),
            first.sourcetype.as_str(),
            first.index.as_str()
        ),
        ("s", "t", "i")
    );
    assert_eq!(first.host.as_deref(), Some("h"));
    assert_eq!(text(&first.frame, "_raw", 0), "r");
    assert_eq!(text(&first.frame, "x", 0), "true");
    let second = &batches[1];
    assert_eq!(
        (second.source.as_str(), second.index.as_str()),
        ("dir/a.json", "main")
    );
    assert_eq!(second.frame.width(), 6);
}

#[test]
fn nothing_readable_is_an_error_and_an_empty_file_is_none() {
    for (name, content) in [
        ("a.json", b"{\"a\":\n".as_slice()),
        ("a.bin", b"\x00\x01\x02\x03"),
        ("a.gz", b"\x1f\x8b\x08\x00rubbish"),
        ("a.xml", b"<Event><System></System></Event>"),
        ("a.parquet", b"PAR1rubbish"),
        ("a.evtx", b"ElfFile\0rubbish"),
    ] {
        assert!(bytes(name, content).is_err(), "{name}");
    }
    for content in ["", "\n\n"] {
        let (batches, report) = bytes("a.json", content.as_bytes()).expect("empty");
        assert_eq!((batches.len(), report.events, report.files), (0, 0, 1));
    }
    assert!(paths(&[PathBuf::from("/nonexistent/a.json")]).is_err());
}

#[test]
fn bad_lines_are_counted_by_reason() {
    let (batches, report) =
        bytes("a.json", b"{\"a\":1}\n{\"a\"\n{\"a\"\n{\"a\":\"\xff\"}\n").expect("readable");
    assert_eq!(batches[0].frame.height(), 4);
    let counts: Vec<(u64, u64)> = report.bad.iter().map(|b| (b.count, b.first)).collect();
    assert_eq!(counts, [(2, 2), (1, 4)]);
}

#[test]
fn batches_are_bounded_in_rows_and_cells() {
    let mut rows = String::new();
    for row in 0..70_000 {
        rows.push_str(&format!("{{\"a\":{row}}}\n"));
    }
    let (batches, _) = bytes("a.json", rows.as_bytes()).expect("readable");
    let heights: Vec<usize> = batches.iter().map(|b| b.frame.height()).collect();
    assert_eq!(heights, [65_536, 70_000 - 65_536]);

    let mut rows = String::new();
    for row in 0..6_000 {
        rows.push_str(&format!("{{\"key{row}\":{row}}}\n"));
    }
    let (batches, report) = bytes("a.json", rows.as_bytes()).expect("readable");
    assert_eq!(report.events, 6_000);
    assert!(batches.len() > 1 && batches.iter().all(|b| b.frame.width() < 3_000));
}

#[test]
fn directories_are_read_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write("b/x.json", "{\"a\":1}");
    write("a.log", "one\ntwo\n");
    write(".hidden.log", "no");
    write("readme.md", "no");
    write("picture.bin", "\0\0");
    let (batches, report) = paths(&[folder.path().to_owned()]).expect("readable");
    assert_eq!((report.events, report.files), (3, 2));
    assert_eq!(report.skipped.len(), 2);
    assert!(batches[0].origin.ends_with("a.log"));
}

#[test]
fn real_archives_give_all_their_events() {
    for (path, events) in [
        ("data/attack_data/T1047/attack_data.tar.gz", 8220),
        (
            "data/otrf/atomic__windows__defense_evasion__host__covenant_installutil.zip",
            1730,
        ),
        (
            "data/otrf/atomic__windows__defense_evasion__host__psh_disable_eventlog_service_startuptype_modification.zip",
            6563,
        ),
    ] {
        let Some(path) = shared(path) else { return };
        let (batches, report) = paths(&[path]).expect("readable");
        assert_eq!(report.events, events);
        assert_eq!(report.bad, []);
        for batch in batches {
            assert_eq!(batch.sourcetype, "XmlWinEventLog");
            assert_eq!(batch.frame.column("_time").expect("there").null_count(), 0);
            assert_eq!(
                batch.frame.column("Computer").expect("there").null_count(),
                0
            );
        }
    }
}

#[test]
fn a_log_of_xml_and_classic_text_gives_both() {
    let Some(path) = shared("data/attack_data/certutil_exe_certificate_extraction.raw") else {
        return;
    };
    let text = std::fs::read_to_string(&path).expect("text");
    let xml = text.matches("<Event xmlns").count();
    let classic = text.lines().filter(|l| l.starts_with("LogName=")).count();
    let (_, report) = paths(&[path]).expect("readable");
    assert_eq!(report.bad, []);
    assert_eq!(report.events as usize, xml + classic);
}

#[test]
fn event_log_files_are_read_whole() {
    let Some(path) = shared("data/evtx") else {
        return;
    };
    let (batches, report) = paths(&[path]).expect("readable");
    assert_eq!(report.files, 59);
    assert_eq!(report.bad, []);
    for batch in batches {
        for name in ["_time", "EventCode", "Computer", "Channel", "EventRecordID"] {
            let column = batch.frame.column(name).expect(name);
            assert_eq!(
                column.null_count(),
                0,
                "{name} in {}",
                batch.origin.display()
            );
        }
    }
}

/// Sourcetypes recognized from the events themselves.
const TOLD: [&str; 13] = [
    "aws:cloudtrail",
    "aws:cloudwatchlogs:vpcflow",
    "aws:securityhub:finding",
    "azure:monitor:aad",
    "crowdstrike:events:sensor",
    "linux:audit",
    "linux_secure",
    "mscs:azure:audit",
    "mscs:azure:eventhub:defender:advancedhunting",
    "o365:management:activity",
    "osquery:results",
    "suricata",
    "sysmon:linux",
];

#[test]
fn published_examples_tell_their_sourcetype() {
    #[derive(serde::Deserialize)]
    struct Source {
        sourcetype: Option<String>,
        example_log: Option<String>,
    }
    let Some(folder) = shared("content/data_sources") else {
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let source: Source = serde_saphyr::from_str(&text).expect("YAML");
        let (Some(sourcetype), Some(example)) = (source.sourcetype, source.example_log) else {
            continue;
        };
        if !TOLD.contains(&sourcetype.as_str()) {
            continue;
        }
        let (batches, report) = bytes("a.log", example.as_bytes()).expect("readable");
        assert_eq!(report.events, 1, "{}", path.display());
        assert_eq!(batches[0].sourcetype, sourcetype, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 90, "only {seen} examples");
}

#[test]
fn linux_logs_may_mix_syslog_and_the_xml_of_sysmon() {
    let xml = "<Event><System><Provider Name=\"Linux-Sysmon\"/><EventID>5</EventID>\
        <TimeCreated SystemTime=\"1970-01-01T00:00:05Z\"/><Channel>Linux-Sysmon/Operational</Channel>\
        <Computer>web01</Computer></System><EventData><Data Name=\"ProcessId\">7</Data></EventData></Event>";
    let lines = format!(
        "<14>Jan  1 00:00:05 web01 sysmon[3]: {xml}\n1970-01-01T00:00:06Z web01 sshd[5]: hello\n\
         1970-01-01T00:00:07Z web01 cron[5]: hello\n"
    );
    let (batches, report) = bytes("syslog", lines.as_bytes()).expect("readable");
    assert_eq!((report.events, report.bad.len()), (3, 0));
    let sysmon = batches
        .iter()
        .find(|b| b.sourcetype == "sysmon:linux")
        .expect("Sysmon");
    assert_eq!(sysmon.source, "Syslog:Linux-Sysmon/Operational");
    assert_eq!(text(&sysmon.frame, "ProcessId", 0), "7");
    assert!(text(&sysmon.frame, "_raw", 0).starts_with("<14>Jan"));
    // Without anything before it.
    let (batches, _) = bytes("a.log", xml.as_bytes()).expect("readable");
    assert_eq!(batches[0].sourcetype, "sysmon:linux");
}

proptest! {
    #![proptest_config(chance(256))]

    /// Damage anywhere causes an error, a counted place or different rows: never a panic.
    #[test]
    fn damage_is_survived(
        sample in 0..DAMAGEABLE.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..20),
    ) {
        let (name, content) = DAMAGEABLE[sample];
        let mut content = content.as_bytes().to_vec();
        for (place, byte, how) in cuts {
            if content.is_empty() {
                break;
            }
            let at = place.index(content.len());
            match how {
                0 => content[at] = byte,
                1 => content.insert(at, byte),
                _ => drop(content.drain(at..(at + 3).min(content.len()))),
            }
        }
        // Whether it is an error depends on the damage.
        bytes(name, &content).ok();
    }
}

const DAMAGEABLE: &[(&str, &str)] = &[
    (
        "a.json",
        "{\"Records\":[{\"a\":\"]}\"},\n{\"eventTime\":\"1970-01-01T00:00:05Z\"}],\"nextLink\":\"é\"}\n{\"value\":[{}]}",
    ),
    (
        "conn.log",
        "#separator \\x09\n#set_separator\t,\n#path\tconn\n#fields\tts\tid\tx\n#types\ttime\tstring\tset[string]\n1.5\t\\xc3\\xa9\ta,b\n",
    ),
    (
        "a.log",
        "#Software: x\n#Date: 1970-01-01\n#Fields: date time cs(é) x-y\n1970-01-01 00:00:05 \"a b\" -\n",
    ),
    (
        "a.log",
        "type=A msg=audit(1.5:7): msg='op=é x=1'\u{1d}UID=\"r\"\n<34>1 1970-01-01T00:00:05Z h é 1 - - m\nJan  1 00:00:05 h é[1]: x\n::1 - é [10/Oct/2000:13:55:36 -0700] \"GET /\" 200 1\n",
    ),
    (
        "a.log",
        "<14>Jan  1 00:00:05 h sysmon: <Event><System><Provider Name=\"Linux-Sysmon\"/><EventID>5</EventID></System></Event>\n",
    ),
    (
        "a.json",
        "{\"_time\":5,\"a\":{\"b\":[1,2,{\"c\":null}]},\"d\":\"\\u00e9\\ud83d\\ude00\"}\n{\"EventID\":1,\"Channel\":\"x\",\"EventTime\":\"2020-01-01 00:00:00\"}\n",
    ),
    ("a.json", "[{\"_time\":5,\n\"a\":[1,{}]},\n{\"d\":\"x\"}]"),
    ("a.csv", "_time,a,\"b c\"\n5,\"x\ny\",\"é\"\"\"\n6,7,8\n"),
    (
        "a.log",
        "<34>Oct 11 22:14:15 su: a=\"b\\\"c\" d='e' é=ü f=g\n10/Oct/2000:13:55:36 -0700 x\n",
    ),
    (
        "a.xml",
        "<Event xmlns='x'><System><EventID>1</EventID><TimeCreated SystemTime='2020-01-01T00:00:00Z'/></System><EventData><Data Name='a&amp;'>&#x41;é</Data></EventData></Event>\n",
    ),
    (
        "a.txt",
        "01/14/2021 11:41:39 PM\nLogName=Security\nEventCode=4104\nMessage=Creating Scriptblock text (1 of 1):\nx\n\nScriptBlock ID: 5\nPath:\n",
    ),
];
