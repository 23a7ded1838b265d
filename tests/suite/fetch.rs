//! Data of tests fetched from a server: whole, cut off, changed, pointed to, absent.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::drive::Place;

/// What the files hold.
fn content() -> String {
    (0..2000)
        .map(|n| format!("{{\"_time\":{},\"dest\":\"web-{n}\"}}\n", 1_709_287_200 + n))
        .collect()
}

/// A server that serves the same content under every name but `gone.log`, in ways that the name
/// says. Gives its address, and a list to which it adds what it is asked.
fn serve() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    // It ends with the test program.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let log = Arc::clone(&log);
            std::thread::spawn(move || answer(stream, &log));
        }
    });
    (format!("http://{address}/repo"), asked)
}

fn answer(mut stream: TcpStream, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: Vec<String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let from: Option<usize> = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let range = value.trim().strip_prefix("bytes=")?.strip_suffix('-')?;
        name.eq_ignore_ascii_case("range")
            .then(|| range.parse().ok())?
    });
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let times = {
        let mut log = log.lock().expect("nobody panicked");
        let range = from.map_or(String::new(), |from| format!(" from {from}"));
        log.push(format!("{path}{range}"));
        log.iter().filter(|asked| asked.starts_with(&path)).count()
    };
    let content = content();
    let half = content.len() / 2;
    let head = |status: &str, length: usize, more: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n")
    };
    let whole = head("200 OK", content.len(), "");
    let answer = match (name.as_str(), from) {
        ("gone.log", _) => head("404 Not Found", 0, ""),
        ("busy.log", _) if times == 1 => head("503 Service Unavailable", 0, ""),
        ("cut.log" | "no_ranges.log", None) if times == 1 => whole + &content[..half],
        ("no_ranges.log", _) => whole + &content,
        (_, Some(from)) => {
            let range = format!(
                "Content-Range: bytes {from}-{}/{}\r\n",
                content.len() - 1,
                content.len()
            );
            head("206 Partial Content", content.len() - from, &range) + &content[from..]
        }
        (_, None) => whole + &content,
    };
    // A client that has heard enough may have gone.
    let _ = stream.write_all(answer.as_bytes());
}

fn pointer(sha256: &str, size: usize) -> String {
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n")
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// Detections that are tested on a file of their own name.
fn place(names: &[&str]) -> Place {
    let place = Place::new();
    for name in names {
        let detection = format!(
            "name: {name}\nid: {name}\ntype: Hunting\nsearch: 'search dest=web-1999'\ntests:\n\
             - name: t\n  attack_data:\n  - data: https://media.example.test/media/x/master/datasets/t1/{name}.log\n"
        );
        place.write(&format!("d/{name}.yml"), detection);
    }
    place
}

/// Status and reason by name.
fn results(place: &Place, base: &str) -> BTreeMap<String, (String, String)> {
    let args = [
        "test",
        "d",
        "--attack-data",
        "data",
        "--fetch",
        base,
        "--format",
        "ndjson",
        "--no-cache",
    ];
    let out = place
        .command(&args)
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let text = |row: &Json, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .map(|row: Json| {
            let status = (text(&row, "status"), text(&row, "reason"));
            (text(&row, "name"), status)
        })
        .collect()
}

#[test]
fn what_is_missing_is_fetched_resumed_and_checked() {
    let (base, asked) = serve();
    let place = place(&[
        "whole",
        "cut",
        "no_ranges",
        "busy",
        "gone",
        "large",
        "wrong",
        "begun",
    ]);
    let content = content();
    place.write(
        "data/datasets/t1/large.log",
        pointer(&digest(&content), content.len()),
    );
    place.write(
        "data/datasets/t1/wrong.log",
        pointer(&digest("other"), content.len()),
    );
    place.write("data/datasets/t1/begun.log.part", &content[..1000]);
    let results = results(&place, &base);
    for name in ["whole", "cut", "no_ranges", "busy", "large", "begun"] {
        assert_eq!(results[name].0, "passed", "{name}: {results:?}");
        let there = place.read(&format!("data/datasets/t1/{name}.log"));
        assert_eq!(there, content, "{name}");
    }
    assert_eq!(results["gone"].0, "missing");
    assert!(results["gone"].1.contains("404"), "{results:?}");
    assert_eq!(results["wrong"].0, "missing");
    assert!(results["wrong"].1.contains("checksum"), "{results:?}");
    let left = place.read("data/datasets/t1/wrong.log");
    assert!(left.starts_with("version"), "the pointer stays");
    assert!(
        !place
            .path()
            .join("data/datasets/t1/wrong.log.part")
            .exists()
    );
    let asked = asked.lock().expect("nobody panicked").clone();
    let was_asked = |what: &str| asked.iter().any(|a| a == what);
    assert!(
        was_asked("/repo/datasets/t1/begun.log from 1000"),
        "{asked:?}"
    );
    let half = content.len() / 2;
    assert!(
        was_asked(&format!("/repo/datasets/t1/cut.log from {half}")),
        "{asked:?}"
    );
}

#[test]
fn what_is_there_is_not_asked_for_again() {
    let (base, asked) = serve();
    let place = place(&["whole"]);
    for _ in 0..2 {
        assert_eq!(results(&place, &base)["whole"].0, "passed");
    }
    assert_eq!(asked.lock().expect("nobody panicked").len(), 1);
}

#[test]
fn a_folder_serves_as_well() {
    let place = place(&["here", "not_here"]);
    place.write("mirror/datasets/t1/here.log", content());
    let results = results(&place, "mirror");
    assert_eq!(results["here"].0, "passed", "{results:?}");
    assert_eq!(results["not_here"].0, "missing", "{results:?}");
    assert_eq!(place.read("data/datasets/t1/here.log"), content());
    place
        .run(&["test", "d", "--fetch", "mirror"])
        .fails(2, &["--attack-data"]);
}
