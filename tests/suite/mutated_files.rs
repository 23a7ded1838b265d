//! Files of every format changed by chance: what can be read is, what can't be is counted or
//! refused by the file's name, and nothing panics or goes on without end.

use std::io::Write as _;
use std::time::Duration;

use spelunk::read::{Options, read_bytes};

use crate::damaged_tables::parquet;
use crate::mutation::{self, Chance};
use crate::shared;

/// A file of one format, small enough that a change is likely to hit something.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let text = |name, text: &str| (name, text.as_bytes().to_vec());
    let gzip = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).expect("memory can be written");
        out.finish().expect("memory can be written")
    };
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
        (
            "a.log.zst",
            zstd::encode_all(lines.as_bytes(), 1).expect("memory can be written"),
        ),
        ("a.parquet", parquet(0..40, 10)),
        ("a.zip", zip),
        ("a.tar", tar.clone()),
        ("a.tgz", gzip(&tar)),
        (
            "utf16.log",
            lines.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ]
}

#[derive(Clone)]
struct Input {
    name: &'static str,
    round: usize,
    bytes: Vec<u8>,
}

fn show(input: &Input) -> String {
    let text = String::from_utf8_lossy(&input.bytes[..input.bytes.len().min(600)]).into_owned();
    format!("round {} of {}: {text:?}", input.round, input.name)
}

fn read(input: &Input) -> Result<(), String> {
    let mut rows = 0;
    let mut sink = |batch: spelunk::read::Batch| {
        rows += batch.frame.height();
        Ok(())
    };
    let read = read_bytes(
        input.name,
        &input.bytes,
        &Options::default(),
        &mut |_| {},
        &mut sink,
    );
    match read {
        Ok(report) if report.events != rows as u64 => {
            Err(format!("{} events counted, {rows} given", report.events))
        }
        Ok(report) => {
            let unsaid = report.bad.iter().any(|b| b.why.is_empty() || b.count == 0);
            let places = report.bad.iter().map(|b| b.file.display().to_string());
            let named = places.into_iter().all(|file| file.contains(input.name));
            (!unsaid && named)
                .then_some(())
                .ok_or_else(|| format!("{:?}", report.bad))
        }
        Err(error) => {
            let text = error.to_string();
            text.contains(input.name)
                .then_some(())
                .ok_or_else(|| format!("an error that does not name the file: {text}"))
        }
    }
}

fn run(rounds: usize, samples: Vec<(&'static str, Vec<u8>)>) {
    for (name, bytes) in &samples {
        let input = Input {
            name,
            round: 0,
            bytes: bytes.clone(),
        };
        assert_eq!(read(&input), Ok(()), "{name}, whole");
    }
    let seed = mutation::seed();
    mutation::watched(
        mutation::rounds(rounds),
        Duration::from_secs(30),
        move |round| {
            let mut chance = Chance::new(seed.wrapping_add(round as u64 * 104_729));
            let (name, of) = &samples[round % samples.len()];
            let (_, other) = chance.among(&samples);
            Input {
                name,
                round,
                bytes: mutation::bytes(&mut chance, of, other),
            }
        },
        show,
        read,
    );
}

#[test]
fn mutated_files_are_read_or_refused_by_name() {
    run(3000, samples());
}

#[test]
fn mutated_event_logs_are_read_or_refused_by_name() {
    if let Some(dir) = shared::shared("data/evtx") {
        let mut paths: Vec<_> = std::fs::read_dir(dir)
            .expect("the folder can be read")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        let logs = paths.iter().take(12).filter_map(|p| std::fs::read(p).ok());
        let logs: Vec<_> = logs.map(|bytes| ("a.evtx", bytes)).collect();
        assert!(!logs.is_empty());
        run(300, logs);
    }
}
