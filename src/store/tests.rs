use std::path::Path;

use polars::prelude::{AnyValue, DataFrame, DataType, col, df, lit};

use crate::read::{Batch, Options, read_bytes};
use crate::store::{Rows, Store};

fn batches(name: &str, text: &str) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut sink = |batch| {
        batches.push(batch);
        Ok(())
    };
    read_bytes(
        name,
        text.as_bytes(),
        &Options::default(),
        &mut |_| {},
        &mut sink,
    )
    .expect("readable");
    batches
}

fn replay(store: &Store, name: &str, texts: &[&str]) -> u64 {
    let writer = store.writer().expect("a writer");
    // Added in any order, stored in their own.
    for (number, text) in texts.iter().enumerate().rev() {
        for (part, batch) in batches(name, text).into_iter().enumerate() {
            writer.add((number, part), batch).expect("written");
        }
    }
    let committed = writer.commit(&[name.into()]).expect("committed");
    committed.events
}

fn all(store: &Store) -> Vec<DataFrame> {
    let sources = store.sources().expect("readable");
    sources
        .iter()
        .map(|s| {
            let one = std::slice::from_ref(s);
            let (lazy, _) = store.scan(one, (None, None)).expect("a scan");
            let frame = lazy.collect().expect("rows");
            assert_eq!(frame.height() as u64, s.events);
            assert_eq!(frame.schema().as_ref(), s.schema.as_ref());
            frame
        })
        .collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn nothing_is_made_before_something_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    let store = Store::open(&home);
    assert!(store.is_empty().expect("readable"));
    assert!(store.sources().expect("readable").is_empty());
    assert!(!home.exists());
}

#[test]
fn rows_come_back_as_they_were_though_their_types_differ_by_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    let texts = [
        "{\"_time\":5,\"a\":1,\"b\":1.5}\n{\"_time\":6,\"a\":2}",
        "{\"_time\":1,\"a\":\"x\",\"c\":[1,2]}",
        "{\"a\":3,\"c{}\":7,\"b\":2}",
    ];
    assert_eq!(replay(&store, "a.json", &texts), 4);
    let frames = all(&store);
    assert_eq!(frames.len(), 1);
    let frame = &frames[0];
    let texts: Vec<String> = (0..4)
        .map(|row| {
            frame
                .column("a")
                .expect("a")
                .get(row)
                .expect("a row")
                .to_string()
        })
        .collect();
    let mut sorted = texts.clone();
    sorted.sort();
    assert_eq!(sorted, ["\"1\"", "\"2\"", "\"3\"", "\"x\""]);
    assert_eq!(frame.column("b").expect("b").dtype(), &DataType::Float64);
    assert_eq!(
        frame.column("c{}").expect("c").dtype(),
        &DataType::List(Box::new(DataType::String))
    );
    let source = &store.sources().expect("readable")[0];
    assert_eq!(
        (source.earliest, source.latest),
        (Some(1_000_000), Some(6_000_000))
    );
    assert_eq!(
        (source.index.as_str(), source.sourcetype.as_str()),
        ("main", "_json")
    );
}

#[test]
fn replaying_a_file_replaces_its_events_and_its_old_sources() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    replay(
        &store,
        "a.json",
        &["{\"a\":1,\"source\":\"s1\"}\n{\"a\":1,\"source\":\"s2\"}"],
    );
    replay(&store, "b.json", &["{\"b\":1}"]);
    assert_eq!(store.sources().expect("readable").len(), 3);
    replay(
        &store,
        "a.json",
        &["{\"a\":2,\"source\":\"s1\"}", "{\"a\":3,\"source\":\"s1\"}"],
    );
    let sources = store.sources().expect("readable");
    let mut names: Vec<&str> = sources.iter().map(|s| s.source.as_str()).collect();
    names.sort();
    assert_eq!(names, ["b.json", "s1"]);
    let rows: usize = all(&store).iter().map(DataFrame::height).sum();
    assert_eq!(rows, 3);
    let parquet = files(folder.path())
        .iter()
        .filter(|f| f.ends_with(".parquet"))
        .count();
    assert_eq!(parquet, 3);
    store.delete(&sources).expect("deleted");
    assert!(store.is_empty().expect("readable"));
}

#[test]
fn what_was_not_committed_does_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    replay(&store, "a.json", &["{\"a\":1}"]);
    let writer = store.writer().expect("a writer");
    for batch in batches("a.json", "{\"a\":2}") {
        writer.add((0, 0), batch).expect("written");
    }
    assert!(store.writer().is_err(), "the lock is held");
    drop(writer);
    let frames = all(&store);
    assert_eq!(
        frames[0].column("a").expect("a").get(0).expect("a row"),
        AnyValue::Int64(1)
    );
    assert!(
        files(folder.path())
            .iter()
            .all(|f| f.ends_with("lock") || f.ends_with("readers") || f.contains("events"))
    );
    store.writer().expect("the lock is free again");
}

#[test]
fn what_a_killed_process_left_is_ignored_and_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    replay(&store, "a.json", &["{\"a\":1}"]);
    let sources = store.sources().expect("readable");
    let path = &sources[0].paths[0];
    let beside = path.with_file_name("000002-000001.parquet");
    std::fs::copy(path, &beside).expect("copied");
    let unfinished = folder.path().join("events/index=main/source=0");
    std::fs::create_dir_all(&unfinished).expect("made");
    std::fs::copy(path, unfinished.join("000001-000001.parquet")).expect("copied");
    assert_eq!(all(&store).len(), 1);
    drop(store.writer().expect("a writer"));
    assert!(path.exists() && !beside.exists() && !unfinished.exists());
}

fn summarise(store: &Store, name: &str, text: &str, knowledge: &str) {
    let writer = store.writer().expect("a writer");
    let rows = df!("dest" => ["a", "b"], "flag" => [true, false]).expect("a frame");
    for (number, batch) in batches(name, text).into_iter().enumerate() {
        let place = (0, number);
        let key = writer.add(place, batch).expect("written");
        let rows = vec![Rows {
            dataset: "Endpoint.Processes".to_owned(),
            frame: rows.clone(),
            mixed: Vec::new(),
        }];
        writer
            .add_rows(place, &key, knowledge, rows)
            .expect("written");
    }
    let done = writer.commit(&[name.into()]).expect("committed");
    assert_eq!(done.rows["Endpoint.Processes"], 2);
}

#[test]
fn summaries_count_for_the_events_and_the_knowledge_they_were_made_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    summarise(&store, "a.json", "{\"a\":1}", "k1");
    summarise(&store, "b.json", "{\"a\":1}", "k1");
    let sources = store.sources().expect("readable");
    let summaries = store.summaries().expect("readable");
    assert!(
        sources
            .iter()
            .all(|s| summaries.is_current(s, Some("k1")) && !summaries.is_current(s, Some("k2")))
    );
    let keys: Vec<&str> = sources.iter().map(|s| s.key.as_str()).collect();
    let rows = |summaries: &crate::store::Summaries, keys: &[&str]| {
        let found = summaries
            .scan("Endpoint.Processes", keys, (None, None))
            .expect("a scan");
        found.map_or(0, |(lazy, ..)| {
            let lazy = lazy.filter(col("dest").eq(lit("b")));
            lazy.collect().expect("rows").height()
        })
    };
    assert_eq!(
        (rows(&summaries, &keys), rows(&summaries, &keys[..1])),
        (2, 1)
    );
    // The events of one file change, without new summaries.
    replay(&store, "a.json", &["{\"a\":2}"]);
    let sources = store.sources().expect("readable");
    let summaries = store.summaries().expect("readable");
    let covered = sources.iter().filter(|s| summaries.is_current(s, None));
    assert_eq!(covered.count(), 1);
    assert_eq!(rows(&summaries, &keys), 1);
    // Damaged files count as missing.
    let path = &summaries.datasets()[0].paths[0];
    std::fs::write(path, "PAR1").expect("written");
    let summaries = store.summaries().expect("readable");
    assert!(sources.iter().all(|s| !summaries.is_current(s, None)));
    store.delete(&sources).expect("deleted");
    assert!(!path.exists());
}

#[test]
fn who_reads_can_go_on_while_files_are_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    replay(&store, "a.json", &["{\"a\":1}"]);
    let reading = store.reading();
    let sources = store.sources().expect("readable");
    let (lazy, _) = store.scan(&sources, (None, None)).expect("a scan");
    replay(&store, "a.json", &["{\"a\":2}"]);
    store
        .delete(&store.sources().expect("readable"))
        .expect("deleted");
    replay(&store, "a.json", &["{\"a\":3}"]);
    let seen = |lazy: polars::prelude::LazyFrame| {
        let frame = lazy.collect().expect("rows");
        frame
            .column("a")
            .expect("a")
            .get(0)
            .expect("a row")
            .to_string()
    };
    assert_eq!(seen(lazy), "1");
    drop(reading);
    drop(store.writer().expect("a writer"));
    assert!(!sources[0].paths[0].exists());
    let now = store.sources().expect("readable");
    assert_eq!(seen(store.scan(&now, (None, None)).expect("a scan").0), "3");
}

#[test]
fn batches_outside_of_a_span_of_time_are_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    let texts = ["{\"_time\":5}", "{\"_time\":10,\"b\":1}", "{\"_time\":15}"];
    replay(&store, "a.json", &texts);
    let sources = store.sources().expect("readable");
    let rows = |from: Option<i64>, before: Option<i64>| {
        let micros = |s: Option<i64>| s.map(|s| s * 1_000_000);
        let between = (micros(from), micros(before));
        let (lazy, schema) = store.scan(&sources, between).expect("a scan");
        assert!(schema.contains("b"));
        lazy.collect().expect("rows").height()
    };
    assert_eq!(rows(None, None), 3);
    assert_eq!(rows(Some(10), None), 2);
    assert_eq!(rows(Some(6), Some(15)), 1);
    assert_eq!(rows(None, Some(5)), 0);
}

#[test]
fn small_files_are_merged_and_keep_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    summarise(&store, "s.json", "{\"a\":1}", "k");
    let texts = ["{\"a\":1}", "{\"a\":\"x\",\"b\":1}", "{\"a\":2}"];
    replay(&store, "a.json", &texts);
    let done = store.compact().expect("compacted");
    assert_eq!((done.before, done.after), (4, 2));
    assert_eq!(store.verify().expect("readable"), []);
    let sources = store.sources().expect("readable");
    let summaries = store.summaries().expect("readable");
    assert_eq!(
        sources
            .iter()
            .filter(|s| summaries.is_current(s, None))
            .count(),
        1
    );
    let merged = sources
        .iter()
        .find(|s| s.source == "a.json")
        .expect("there");
    assert_eq!((merged.paths.len(), merged.events), (1, 3));
    let frames = all(&store);
    let texts: Vec<String> = frames
        .iter()
        .filter(|f| f.height() == 3)
        .flat_map(|f| f.column("a").expect("a").str().expect("text").iter())
        .map(|a| a.unwrap_or_default().to_owned())
        .collect();
    assert_eq!(texts, ["1", "x", "2"]);
    std::fs::write(&merged.paths[0], "PAR1 no longer PAR1").expect("written");
    let damage = store.verify().expect("readable");
    assert_eq!(damage[0].path, merged.paths[0]);
    assert!(damage[0].remedy.contains("replay a.json"), "{damage:?}");
}

#[cfg(unix)]
#[test]
fn a_home_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "x").expect("written");
    assert!(Store::open(&file.join("home")).writer().is_err());
}
