//! Real data beside the project: every record arrives or is counted, and summaries give what
//! events give. Where it is not there, the tests say that they are skipped.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use spelunk::session::{ReplaySummary, RunChoice, Session};

use crate::support;
use crate::testing::{say, shared};

fn replayed(path: &Path) -> (tempfile::TempDir, Session, ReplaySummary) {
    let dir = support::folder();
    let session = Session::open(support::options(dir.path())).expect("a session opens");
    let summary = session
        .replay(&[path.to_owned()])
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    (dir, session, summary)
}

/// Files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the data can be listed") {
        let path = entry.expect("the data can be listed").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Records that an independent reader counts; none for other formats.
fn records(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    if name.ends_with(".evtx") {
        let mut parser = evtx::EvtxParser::from_path(path).expect("an EVTX file opens");
        return Some(parser.records().count() as u64);
    }
    if name.ends_with(".zip") {
        let file = std::fs::File::open(path).expect("an archive opens");
        let mut archive = zip::ZipArchive::new(file).expect("an archive opens");
        let mut count = 0;
        for member in 0..archive.len() {
            let mut entry = archive.by_index(member).expect("a member opens");
            if entry.name().ends_with(".json") && !entry.name().starts_with("__MACOSX") {
                let mut text = Vec::new();
                entry.read_to_end(&mut text).expect("a member can be read");
                let lines = text.split(|b| *b == b'\n');
                count += lines.filter(|l| !l.trim_ascii().is_empty()).count() as u64;
            }
        }
        // Network captures are no logs.
        return (count > 0).then_some(count);
    }
    None
}

#[test]
fn every_record_of_real_logs_arrives_or_is_counted() {
    let Some(data) = shared("data") else {
        return;
    };
    let mut all = Vec::new();
    files(&data, &mut all);
    all.sort();
    let mut compared = 0;
    for path in &all {
        let Some(expected) = records(path) else {
            continue;
        };
        let (_dir, _, summary) = replayed(path);
        let bad: u64 = summary.bad.iter().map(|b| b.count).sum();
        assert_eq!(summary.events + bad, expected, "{}", path.display());
        compared += 1;
    }
    say(&format!("counted records of {compared} real files"));
    assert!(compared > 10);
}

#[test]
fn summaries_of_real_logs_give_what_events_give() {
    let Some(data) = shared("data") else {
        return;
    };
    let (dir, session, summary) = replayed(&data);
    let mut counts = String::new();
    for (name, rows) in &summary.models {
        counts += &format!("{name}: {rows} rows\n");
    }
    say(&format!("{} events\n{}", summary.events, counts.trim_end()));
    let mut searches: Vec<String> = Vec::new();
    for model in session.catalog().models.iter() {
        for dataset in model.datasets() {
            let (root, name) = (dataset.root(), format!("{}.{}", model.name, dataset.name));
            // Those below a root are its rows, and each costs a pass over all events.
            if root != dataset.name {
                continue;
            }
            let fields: Vec<String> = dataset
                .fields
                .iter()
                .take(6)
                .map(|f| format!("{root}.{}", f.name))
                .collect();
            searches.push(format!(
                "| tstats count min(_time) AS t from datamodel={name} by {}",
                fields.join(" ")
            ));
        }
    }
    searches.push("| tstats count values(Processes.process) AS p from datamodel=Endpoint.Processes where Processes.process_name=*.exe by Processes.dest Processes.user Processes.parent_process_name".to_owned());
    let answers = |session: &Session| -> Vec<String> {
        let answer = |spl: &String| match session.search(spl) {
            Ok(answer) => support::ndjson(&answer.rows),
            Err(failure) => support::drawn(&failure),
        };
        searches.iter().map(answer).collect()
    };
    let with = answers(&session);
    let detections = |session: &Session| {
        let mut found = Vec::new();
        let selected = ["remote_process_instantiation_via_wmi".to_owned()];
        session
            .run(&selected, &RunChoice::default(), &mut |result| {
                let rows = result.rows.as_ref().map(support::ndjson);
                found.push(format!("{} {rows:?}", result.detection.name));
            })
            .unwrap_or_else(|failure| panic!("{}", support::drawn(&failure)));
        found
    };
    let fired = detections(&session);
    drop(session);
    std::fs::remove_dir_all(dir.path().join("home/models")).expect("there are summaries");
    let session = Session::open(support::options(dir.path())).expect("a session opens");
    for ((spl, with), without) in searches.iter().zip(&with).zip(answers(&session)) {
        assert_eq!(*with, without, "{spl}");
    }
    assert_eq!(fired, detections(&session));
}
