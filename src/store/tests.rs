use std::path::Path;

use polars::prelude::{AnyValue, DataFrame, DataType, IntoLazy as _, col, df, lit};

use crate::read::{Batch, Options, read_bytes};
use crate::store::Store;

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
    let mut writer = store.writer().expect("a writer");
    for text in texts {
        for batch in batches(name, text) {
            writer.add(batch).expect("written");
        }
    }
    writer.commit().expect("committed")
}

fn all(store: &Store) -> Vec<DataFrame> {
    let sources = store.sources().expect("readable");
    sources
        .iter()
        .map(|s| {
            let frame = store.scan(s).expect("a scan").collect().expect("rows");
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
    let print = store.fingerprint().expect("a fingerprint");
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
    assert_ne!(store.fingerprint().expect("a fingerprint"), print);
    store.delete(&sources).expect("deleted");
    assert!(store.is_empty().expect("readable"));
}

#[test]
fn what_was_not_committed_does_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    replay(&store, "a.json", &["{\"a\":1}"]);
    let mut writer = store.writer().expect("a writer");
    for batch in batches("a.json", "{\"a\":2}") {
        writer.add(batch).expect("written");
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
            .all(|f| f.ends_with("lock") || f.contains("events"))
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

#[test]
fn summaries_are_replaced_with_what_they_were_made_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path());
    let frame =
        df!("dest" => ["a", "b"], "count" => [1_i64, 2], "flag" => [true, false]).expect("a frame");
    let mut writer = store.writer().expect("a writer");
    let rows = writer
        .write_model(
            "Endpoint",
            "Processes",
            "k1",
            [Ok(frame.clone()), Ok(frame.clone())],
        )
        .expect("written");
    assert_eq!(rows, 4);
    writer
        .write_model("Endpoint", "Processes", "k2", [Ok(frame)])
        .expect("written");
    drop(writer);
    let models = store.models().expect("readable");
    assert_eq!(models.len(), 1);
    assert_eq!((models[0].knowledge.as_str(), models[0].rows), ("k2", 2));
    let found = store
        .scan_model(&models[0])
        .expect("a scan")
        .filter(col("dest").eq(lit("b")))
        .collect()
        .expect("rows");
    assert_eq!(found.height(), 1);
    assert_eq!(
        found
            .lazy()
            .select([col("count")])
            .collect()
            .expect("rows")
            .width(),
        1
    );
}

#[cfg(unix)]
#[test]
fn a_home_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "x").expect("written");
    assert!(Store::open(&file.join("home")).writer().is_err());
}
