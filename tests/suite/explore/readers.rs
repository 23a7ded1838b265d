//! Files of every format changed by chance: what can be read is, what can't be is counted or
//! refused by the file's name, and nothing panics or goes on without end.

use std::io::Write as _;

use polars::prelude::{DataFrame, ParquetWriter, df};
use spelunk::internal::{Batch, ReadOptions, read_bytes};

use crate::damaged_tables;
use crate::explore::{Subject, always, by_chance, explored, fewer};
use crate::mutation::{self, Chance};
use crate::testing::shared;

/// A name and the bytes of a file.
type File = (&'static str, Vec<u8>);

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).expect("memory can be written");
    out.finish().expect("memory can be written")
}

fn parquet() -> Vec<u8> {
    let mut frame = df! {
        "_time" => [1_715_774_300i64, 1_715_774_301],
        "a" => [Some("x"), None],
        "n" => [1.5, -0.0],
    }
    .expect("columns of one length");
    let mut out = Vec::new();
    let writer = ParquetWriter::new(&mut out);
    writer.finish(&mut frame).expect("memory can be written");
    out
}

/// A file of one format, small enough that a change is likely to hit something.
fn samples() -> Vec<File> {
    let text = |name, text: &str| (name, text.as_bytes().to_vec());
    let lines = "2024-05-15 11:00:01 host=a user=\"ann b\" code=5\n2024-05-15 11:00:02 host=b\n";
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["a.log", "in/b.json"] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).expect("a member");
        zip.write_all(b"{\"a\":1}\n{\"a\":[2,{\"b\":null}]}\n")
            .expect("memory can be written");
    }
    let zip = zip.finish().expect("an archive").into_inner();
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(lines.len() as u64);
    header.set_cksum();
    tar.append_data(&mut header, "x/y.log", lines.as_bytes())
        .expect("memory can be written");
    let tar = tar.into_inner().expect("memory can be written");
    vec![
        text(
            "a.ndjson",
            "{\"_time\":1715774300,\"a\":{\"b\":[1,\"x\",null,true]},\"é\":\"\\ud83d\\ude00\"}\n{\"a\":-0.5e3}\n",
        ),
        text(
            "a.json",
            "[{\"@timestamp\":\"2024-05-15T11:00:00Z\",\"k\":1},{\"k\":{\"l\":[[],{}]}}]",
        ),
        text(
            "winlog.json",
            "{\"@timestamp\":\"2024-05-15T11:00:00Z\",\"winlog\":{\"event_id\":1,\"provider_name\":\"Microsoft-Windows-Sysmon\",\"event_data\":{\"Image\":\"c\"}}}\n",
        ),
        text(
            "nx.json",
            "{\"EventTime\":\"2024-05-15 11:00:00\",\"EventID\":4688,\"SourceName\":\"Microsoft-Windows-Security-Auditing\",\"Message\":\"A\\r\\n\\r\\nSubject:\\r\\n\\tID:\\t\\tS-1\"}\n",
        ),
        text(
            "cloud.json",
            "{\"Records\":[{\"eventVersion\":\"1.08\",\"eventTime\":\"2024-05-15T11:00:00Z\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\"}]}",
        ),
        text(
            "a.csv",
            "_time,a,\"b c\"\n1715774300,1,\"x \"\"y\"\"\n1715774301,,\"two\nlines\"\n",
        ),
        text("tabs.tsv", "a\tb\n1\t2\n3\t4\n"),
        text(
            "w3c.log",
            "#Software: IIS\n#Fields: date time s-ip cs-method\n2024-05-15 11:00:00 10.0.0.1 GET\n",
        ),
        text(
            "conn.log",
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\tts\tuid\tid.orig_h\n#types\ttime\tstring\taddr\n1715774300.5\tC1\t10.0.0.1\n",
        ),
        text(
            "sys.log",
            "<34>May 15 11:00:00 host su[12]: failed for user=root\n<165>1 2024-05-15T11:00:00Z h app 1 ID47 [x@1 a=\"b\"] text\n",
        ),
        text(
            "cef.log",
            "May 15 11:00:00 h CEF:0|V|P|1|100|name|5|src=10.0.0.1 msg=a b=c cs1Label=x cs1=y\nLEEF:2.0|V|P|1|E|^|src=1^dst=2\n",
        ),
        text(
            "audit.log",
            "type=SYSCALL msg=audit(1715774300.123:42): arch=c000003e syscall=59 comm=\"sh\" key=(null)\ntype=EXECVE msg=audit(1715774300.123:42): argc=2 a0=\"ls\" a1=2D6C\n",
        ),
        text(
            "access.log",
            "10.0.0.1 - - [15/May/2024:11:00:00 +0000] \"GET /a?b=c HTTP/1.1\" 200 5 \"-\" \"x\"\n",
        ),
        text("kv.log", lines),
        text(
            "win.txt",
            "05/15/2024 11:00:00 AM\nLogName=Security\nEventCode=4624\nMessage=An account\n\nSubject:\n\tSecurity ID:\t\tS-1-5\n\n05/15/2024 11:00:01 AM\nLogName=Security\nEventCode=1\n",
        ),
        text(
            "win.xml",
            "<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><TimeCreated SystemTime='2024-05-15T11:00:00.1Z'/><Computer>h</Computer></System><EventData><Data Name='Image'>c &amp; d</Data><Data>e</Data></EventData></Event></Events>\n",
        ),
        ("a.log.gz", gzip(lines.as_bytes())),
        (
            "two.log.gz",
            [gzip(lines.as_bytes()), gzip(lines.as_bytes())].concat(),
        ),
        ("a.zip", zip),
        ("a.tar", tar.clone()),
        ("a.tgz", gzip(&tar)),
        (
            "utf16.log",
            lines.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        (
            "big.csv",
            "\u{feff}a;é\n1;x\n"
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect(),
        ),
        ("a.parquet", parquet()),
        ("groups.parquet", damaged_tables::parquet(0..40, 10)),
        (
            "a.log.zst",
            zstd::encode_all(lines.as_bytes(), 1).expect("memory can be written"),
        ),
        text(
            "flow.log",
            "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n\
             2 123456789010 eni-1 10.0.0.1 10.0.0.2 443 49152 6 10 840 1715774300 1715774360 ACCEPT OK\n",
        ),
        text(
            "fw.log",
            "<166>Oct 10 2023 12:00:00 fw01 : %ASA-6-302013: Built outbound TCP connection 7\n\
             May 10 11:08:39 fw 1,2022/05/10 11:08:38,0132,THREAT,url,2305,2022/05/10 11:08:37,2.18.4.7\n\
             Audit:[timestamp=10-10-2023 12:00:00.000, user=admin, action=search, info=granted]\n",
        ),
        text(
            "wrapped.json",
            "{\"preview\":false,\"result\":{\"_raw\":\"{\\\"a\\\":1}\",\"_time\":\"2024-05-15T11:00:00.000+00:00\"}}\n",
        ),
        text(
            "cr.log",
            "2024-05-15 11:00:00 a=1\r2024-05-15 11:00:01 a=2\r",
        ),
        (
            "latin.log",
            b"2024-05-15 11:00:00 caf\xe9=\xfc gr\xf6\xdfe=7\n".to_vec(),
        ),
    ]
}

/// Lines and parts of lines of all formats.
#[rustfmt::skip]
const PARTS: &[&[u8]] = &[
    b"{\"a\":1}", b"{\"a\":{\"b\":[1,{}]}", b"[", b"]", b"{", b"}", b",", b"[{\"a\":1},", b"null", b"\"\\ud83d\"",
    b"1e999", b"{\"\":\"\"}", b"{\"_time\":1e300}", b"{\"_time\":\"x\",\"_raw\":5,\"host\":null,\"index\":[1]}",
    b"2024-05-15 11:00:00 a=1", b"May 15 11:00:00 h p[1]: x", b"<34>", b"<34>1 ", b"<999999999999>", b"<", b"<Event>",
    b"</Event>", b"<Event xmlns='x'><System><EventID>1</EventID></System></Event>", b"<Events>",
    b"<?xml version=\"1.0\"?>", b"<![CDATA[", b"]]>", b"&#0;", b"&#x110000;", b"LogName=Security", b"EventCode=1",
    b"Message=x", b"05/15/2024 11:00:00 AM", b"#Fields: date time x", b"#fields\ta\tb", b"#separator \\x09",
    b"#close", b"type=A msg=audit(1.5:7): x=1", b"CEF:0|V|P|1|100|n|5|a=b c=d", b"LEEF:2.0|V|P|1|E|x09|a=b", b"a,b,c",
    b"\"a\"\"b\",\"", b"a\tb", b"k=v k=\"v w\" k='x", b"\xc3\xa9", b"\xc3", b"\xff\xfe", b"\xef\xbb\xbf", b"\0",
    b"\0\0\0\0", b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1", b"ElfFile\0", b"\x28\xb5\x2f\xfd",
    b"e\xcc\x81=\xf0\x9f\x98\x80", b"\xe2\x80\xa8", b"\xc2\xa0", b" ", b"\t", b"-", b"\\", b"\"",
    b"9223372036854775808", b"=====", b"a==b=c", b"\xe9t\xe9=1", b"version account-id",
    b"Audit:[timestamp=99-99-9999 99:99:99", b"10.0.0.1 - - [15/May/2024:11:00:00 +0000] \"GET / HTTP/1.1\" 200 5",
];

#[rustfmt::skip]
const ENDS: &[&[u8]] = &[
    b"\n", b"\n", b"\n", b"\n", b"\r\n", b"\r", b"\n\n", b"", b"", b" ", b"\n\r", b"\0\n", b"\x0b", b"\xc2\x85",
    b"\n   ",
];

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "a.log", "a.json", "a.ndjson", "a.csv", "a.tsv", "a.psv", "a.xml", "a.txt", "conn.log", "eve.json", "messages",
    "a.log.1", "a.json.gz", "a.evtx", "a.zip", "a.tar", "access.log", "é b.log", ".log", "a",
];

#[derive(Clone)]
struct Input {
    name: &'static str,
    bytes: Vec<u8>,
}

/// What reading gives, so that it can be compared: the columns of batches and what was wrong.
#[derive(Debug, PartialEq)]
struct Read {
    frames: Vec<Vec<String>>,
    bad: Vec<(u64, String)>,
    error: Option<String>,
}

fn columns(frame: &DataFrame) -> Vec<String> {
    let mut columns: Vec<String> = frame
        .columns()
        .iter()
        // Where the file lies is another matter.
        .filter(|column| column.name() != "source")
        .map(|column| {
            let values = column.as_materialized_series().iter();
            let values: Vec<String> = values.map(|value| format!("{value:?}")).collect();
            format!("{} {:?} {values:?}", column.name(), column.dtype())
        })
        .collect();
    columns.sort();
    columns
}

fn read(name: &str, bytes: &[u8]) -> Result<Read, String> {
    let mut rows = 0;
    let mut frames = Vec::new();
    let mut sink = |batch: Batch| {
        rows += batch.frame.height();
        frames.push(columns(&batch.frame));
        Ok(())
    };
    let read = read_bytes(name, bytes, &ReadOptions::default(), &mut |_| {}, &mut sink);
    let report = match read {
        Ok(report) => report,
        Err(error) => {
            let text = error.to_string();
            if !text.contains(name) {
                return Err(format!("an error that does not name the file: {text}"));
            }
            let error = Some(text.replace(name, "FILE"));
            return Ok(Read {
                frames,
                bad: Vec::new(),
                error,
            });
        }
    };
    if report.events != rows as u64 {
        return Err(format!("{} events counted, {rows} given", report.events));
    }
    let unsaid = report.bad.iter().any(|b| b.why.is_empty() || b.count == 0);
    let places = report.bad.iter().map(|b| b.file.display().to_string());
    if unsaid || !places.into_iter().all(|file| file.contains(name)) {
        return Err(format!("{:?}", report.bad));
    }
    let bad = report.bad.into_iter().map(|b| (b.count, b.why)).collect();
    Ok(Read {
        frames,
        bad,
        error: None,
    })
}

fn judge(input: &Input) -> Result<(), String> {
    let once = read(input.name, &input.bytes)?;
    let again = read(input.name, &input.bytes)?;
    if once != again {
        return Err(format!("read twice:\n{once:?}\n{again:?}"));
    }
    // What is packed is read as what is not; where nothing can be read, the words differ.
    let packed = ["gz", "zst", "zip", "tar", "tgz", "parquet", "evtx"];
    let plain = input
        .name
        .rsplit('.')
        .next()
        .is_none_or(|ending| !packed.contains(&ending));
    let is_container = input.bytes.starts_with(b"\x1f\x8b")
        || input.bytes.starts_with(b"PK")
        || input.bytes.starts_with(b"\x28\xb5");
    if plain && !is_container && once.error.is_none() {
        let inside = read(&format!("{}.gz", input.name), &gzip(&input.bytes))?;
        if inside != once {
            return Err(format!(
                "packed it is read differently:\n{once:?}\n{inside:?}"
            ));
        }
    }
    Ok(())
}

fn show(input: &Input) -> String {
    let bytes = &input.bytes[..input.bytes.len().min(3000)];
    format!(
        "{} ({} bytes): {:?}",
        input.name,
        input.bytes.len(),
        bytes.escape_ascii().to_string()
    )
}

fn smaller(input: &Input) -> Vec<Input> {
    let name = input.name;
    fewer(&input.bytes)
        .into_iter()
        .map(|bytes| Input { name, bytes })
        .collect()
}

/// Files of every format, changed.
struct Changed(Vec<File>);

impl Changed {
    fn of(samples: Vec<File>) -> Changed {
        for (name, bytes) in &samples {
            let input = Input {
                name,
                bytes: bytes.clone(),
            };
            assert_eq!(judge(&input), Ok(()), "{name}, whole");
        }
        Changed(samples)
    }
}

impl Subject for Changed {
    type Input = Input;

    fn make(&self, chance: &mut Chance) -> Input {
        let (name, of) = chance.among(&self.0);
        let (_, other) = chance.among(&self.0);
        let name = match chance.below(12) {
            0 => chance.one(NAMES),
            _ => name,
        };
        Input {
            name,
            bytes: mutation::bytes(chance, of, other),
        }
    }

    fn judge(&mut self, input: &Input) -> Result<(), String> {
        judge(input)
    }

    fn show(&self, input: &Input) -> String {
        show(input)
    }

    fn smaller(&self, input: &Input) -> Vec<Input> {
        smaller(input)
    }
}

/// Lines of all formats in one file.
struct Mixed;

impl Subject for Mixed {
    type Input = Input;

    fn make(&self, chance: &mut Chance) -> Input {
        let mut bytes = Vec::new();
        for _ in 0..chance.below(14) {
            for _ in 0..=chance.below(3) {
                bytes.extend_from_slice(chance.one(PARTS));
            }
            bytes.extend_from_slice(chance.one(ENDS));
        }
        if chance.below(60) == 0 {
            // Longer than what is looked at to tell the format.
            bytes = bytes.repeat(70_000 / bytes.len().max(1) + 1);
        }
        Input {
            name: chance.one(NAMES),
            bytes,
        }
    }

    fn judge(&mut self, input: &Input) -> Result<(), String> {
        judge(input)
    }

    fn show(&self, input: &Input) -> String {
        show(input)
    }

    fn smaller(&self, input: &Input) -> Vec<Input> {
        smaller(input)
    }
}

/// Event logs of real life, if they are there.
fn event_logs() -> Option<Changed> {
    let dir = shared("data/evtx")?;
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .expect("the folder can be read")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let logs = paths.iter().take(12).filter_map(|p| std::fs::read(p).ok());
    let logs: Vec<_> = logs.map(|bytes| ("a.evtx", bytes)).collect();
    assert!(!logs.is_empty());
    Some(Changed::of(logs))
}

#[test]
fn changed_event_logs_are_read_or_refused_by_name() {
    if let Some(logs) = event_logs() {
        always(150, logs);
    }
}

#[test]
#[ignore = "goes on by chance for SPELUNK_EXPLORE seconds: CONTRIBUTING.md"]
fn explore_event_logs() {
    if let Some(logs) = event_logs() {
        by_chance("explore_event_logs", logs);
    }
}

explored! {
    changed_files_are_read_or_refused_by_name / explore_files: 2500 of Changed::of(samples());
    lines_of_all_formats_are_read_or_refused_by_name / explore_lines: 2500 of Mixed;
}
