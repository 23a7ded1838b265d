//! Searches changed by chance: each is read or refused at a place in it, what is read is printed
//! and laid out so that it reads the same, and what runs ends without a panic.
//!
//! `ROUNDS=100 SEED=7 cargo test --release --test suite mutated` goes on longer, elsewhere.

use std::sync::Arc;
use std::time::Duration;

use spelunk::commands::shape_of;
use spelunk::error::{Error, ErrorKind};
use spelunk::session::{Failure, Session, Stage};
use spelunk::source::SourceId;
use spelunk::syntax::format::format;
use spelunk::syntax::{parse, print};

use crate::golden_case;
use crate::mutation::{self, Chance};
use crate::shared;
use crate::support;

/// The searches of the golden cases, and those published if they are there.
pub fn seeds() -> Vec<String> {
    let mut found = Vec::new();
    for path in golden_case::files() {
        let entries = golden_case::read(&path).expect("the cases can be read");
        found.extend(entries.into_iter().map(|entry| entry.case.spl));
    }
    assert!(found.len() > 500);
    if let Some(content) = shared::shared("content/detections") {
        let mut folders = vec![content];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(text) = std::fs::read_to_string(&path) {
                    let detection: Option<serde_json::Value> = support::yaml(&text).ok();
                    let search =
                        detection.and_then(|d| Some(d.get("search")?.as_str()?.to_owned()));
                    found.extend(search);
                }
            }
        }
    }
    found.sort();
    found
}

fn mutant(seeds: &[String], round: usize) -> String {
    let mut chance = Chance::new(mutation::seed().wrapping_add(round as u64 * 7919));
    let (of, other) = (chance.among(seeds), chance.among(seeds));
    mutation::search(&mut chance, of, other)
}

/// An error of the search itself stands at a place in it.
fn placed(error: &Error, text: &str) -> Result<(), String> {
    let Some(span) = error.span else {
        return Err(format!("an error without a place: {:?}", error.kind));
    };
    let range = span.range();
    let inside = range.start <= range.end && text.get(range).is_some();
    inside
        .then_some(())
        .ok_or_else(|| format!("a place outside of the search: {span:?}"))
}

fn read_and_printed(text: &str) -> Result<(), String> {
    let read = |text: &str| parse(SourceId(0), text, &shape_of);
    let tree = match read(text) {
        Ok(tree) => tree,
        Err(error) => return placed(&error, text),
    };
    let line = |tree: &_| print::pipeline(tree, print::Layout::Line);
    let once = line(&tree);
    let again = read(&once).map_err(|e| format!("what is printed does not read: {e}\n{once}"))?;
    if line(&again) != once {
        return Err(format!("printed twice:\n{once}\n{}", line(&again)));
    }
    let laid = format(SourceId(0), text).map_err(|e| format!("can't be laid out: {e}"))?;
    match format(SourceId(0), &laid) {
        Ok(twice) if twice == laid => Ok(()),
        Ok(twice) => Err(format!("laid out twice:\n{laid}\n{twice}")),
        Err(error) => Err(format!(
            "what is laid out can't be laid out: {error}\n{laid}"
        )),
    }
}

/// Whether it failed as searches may: not by a fault of the program.
fn orderly(failure: &Failure) -> Result<(), String> {
    let drawn = support::drawn(failure);
    match *failure.error.kind {
        ErrorKind::Internal(_) => Err(drawn),
        _ if drawn.contains("the data can't be read") => Err(drawn),
        _ if drawn.is_empty() => Err("an error without words".to_owned()),
        _ => Ok(()),
    }
}

#[test]
fn mutated_searches_are_read_or_refused_at_a_place() {
    let seeds = seeds();
    mutation::watched(
        mutation::rounds(6000),
        Duration::from_secs(20),
        move |round| mutant(&seeds, round),
        Clone::clone,
        |text| read_and_printed(text),
    );
}

fn session(dir: &std::path::Path) -> Session {
    let mut options = support::options(dir);
    let path = dir.join("events.ndjson");
    let events = "{\"_time\":1715774300,\"host\":\"a\",\"user\":\"ann\",\"n\":5,\"x\":\"q r\",\"m\":[\"b\",\"a\"]}\n\
                  {\"_time\":1715774200,\"host\":\"b\",\"n\":\"x\",\"x\":\"{\\\"k\\\":[1,2]}\"}\n\
                  {\"_time\":1715770000,\"user\":\"bob\",\"n\":-2.5,\"x\":\"<a b='c'>d</a>\"}\n";
    support::write(&path, events);
    options.data.push(path);
    Session::open(options).expect("a session can be opened")
}

#[test]
fn mutated_searches_are_planned_without_a_panic() {
    let seeds = seeds();
    let dir = support::folder();
    let session = session(dir.path());
    mutation::watched(
        mutation::rounds(3000),
        Duration::from_secs(20),
        move |round| mutant(&seeds, round),
        Clone::clone,
        move |text| match session.explain(text, Stage::Plan) {
            Ok(_) => Ok(()),
            Err(failure) => orderly(&failure),
        },
    );
}

#[test]
fn mutated_searches_run_without_a_panic() {
    let seeds: Vec<String> = seeds().into_iter().filter(|s| s.len() < 400).collect();
    let dir = Arc::new(support::folder());
    let session = session(dir.path());
    mutation::watched(
        mutation::rounds(600),
        Duration::from_secs(60),
        move |round| mutant(&seeds, round + 1_000_000),
        Clone::clone,
        move |text| match session.search(text) {
            Ok(_) => Ok(()),
            Err(failure) => orderly(&failure),
        },
    );
}
