//! The library as a program that embeds it uses it.

#[cfg(feature = "arrow")]
use spelunk::RecordBatch;
use spelunk::{Clock, Events, Spelunk, Stage, WarningKind};

const NOW: f64 = 1_715_774_400.0;

fn logins() -> Spelunk {
    let spelunk = Spelunk::builder(Clock::At(NOW)).build().expect("it opens");
    let lines = "{\"_time\":1715770000,\"user\":\"ann\",\"n\":1}\n{\"_time\":1715774000,\"user\":\"bob\",\"n\":2.5}\n";
    let events = Events::from_bytes(lines).sourcetype("app:login").host("h1");
    let count = spelunk.register_events("logins", &events);
    assert_eq!(count.expect("they are read"), 2);
    spelunk
}

#[test]
fn registered_events_are_searched() {
    let spelunk = logins();
    let results = spelunk
        .search("sourcetype=app:login | sort _time | table user n host source missing")
        .run()
        .expect("it runs");
    assert_eq!((results.len(), results.events_scanned()), (2, 2));
    let row = results.row(1).expect("the second row");
    assert_eq!(row.get::<String>("user").as_deref(), Some("bob"));
    assert_eq!(row.get::<String>("host").as_deref(), Some("h1"));
    assert_eq!(row.get::<String>("source").as_deref(), Some("logins"));
    assert_eq!(
        (row.get::<f64>("n"), row.get::<i64>("n")),
        (Some(2.5), None)
    );
    assert_eq!(row.get::<String>("missing"), None);
    assert!(results.row(2).is_none());
    // Events added later are found by the next search.
    let more = Events::from_bytes("{\"user\":\"eve\"}\n").sourcetype("app:login");
    spelunk.register_events("more", &more).expect("read");
    let results = spelunk.search("sourcetype=app:login | stats count");
    let results = results.run().expect("it runs");
    assert_eq!(
        results.rows().next().and_then(|row| row.get("count")),
        Some(3_u64)
    );
}

#[test]
fn a_search_has_its_own_time_range_and_limit() {
    let spelunk = logins();
    let search = spelunk.search("sourcetype=app:login | table user");
    let users = |search: &spelunk::Search<'_>| {
        let results = search.run().expect("it runs");
        let users = results.rows().filter_map(|row| row.get::<String>("user"));
        users.collect::<Vec<_>>()
    };
    assert_eq!(users(&search), ["bob", "ann"]);
    assert_eq!(users(&search.clone().earliest("-1h")), ["bob"]);
    assert_eq!(users(&search.clone().latest("-1h")), ["ann"]);
    assert_eq!(users(&search.clone().limit(1)), ["bob"]);
    let recent = search.clone().earliest("-1h").limit(1);
    let plan = recent.explain(Stage::Physical).expect("it is planned");
    assert!(plan.ends_with("limit 1\n"), "{plan}");
    let plan = search.explain(Stage::Physical).expect("it is planned");
    assert!(
        plan.contains("filter search sourcetype=app:login"),
        "{plan}"
    );
}

#[test]
fn a_prepared_search_sees_the_data_of_each_run() {
    let spelunk = logins();
    let search = spelunk.search("sourcetype=app:login | stats count");
    let prepared = search.prepare().expect("it is planned");
    let count = || {
        let results = prepared.run().expect("it runs");
        results.row(0).and_then(|row| row.get::<u64>("count"))
    };
    assert_eq!((count(), count()), (Some(2), Some(2)));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("more.log");
    std::fs::write(&file, "2024-05-15T10:00:00Z user=zoe\n").expect("it is written");
    let files = spelunk.register_files([&file]);
    assert_eq!(files.expect("it is read"), 1);
    let search = spelunk.search("user=zoe | head 1 | mvexpand user limit=1");
    let prepared = search.prepare().expect("it is planned");
    assert_eq!(prepared.run().expect("it runs").len(), 1);
    assert!(spelunk.register_files(["no-such-file"]).is_err());
}

#[test]
fn warnings_have_a_kind() {
    let spelunk = logins();
    let results = spelunk.search("| history").run().expect("it runs");
    let kinds: Vec<_> = results.warnings().iter().map(|w| w.kind).collect();
    assert_eq!(kinds, [WarningKind::Search]);
    let broken = "{\"a\":1}\n\u{0}{{\n";
    let read = spelunk.register_events("x.json", &Events::from_bytes(broken));
    assert!(read.is_ok());
}

#[test]
fn errors_display_with_their_place() {
    let spelunk = logins();
    let error = spelunk.search("index=* | where (a").run().err();
    let text = error.expect("it is wrong").to_string();
    assert!(text.contains("error: ") && text.contains('^'), "{text}");
    let missing = Spelunk::builder(Clock::At(NOW))
        .app("no-such-app")
        .build()
        .err();
    let text = missing.expect("there is none").to_string();
    assert!(text.contains("no such app directory"), "{text}");
}

#[cfg(feature = "arrow")]
#[test]
fn rows_leave_and_enter_as_arrow_batches() {
    let spelunk = logins();
    let results = spelunk
        .search("sourcetype=app:login | eval m=split(\"a,b\", \",\") | table _time user n m missing | fillnull value=\"\" missing")
        .run()
        .expect("it runs");
    let batches: Vec<RecordBatch> = results.batches().collect::<Result<_, _>>().expect("Arrow");
    assert_eq!(batches.len(), 1);
    assert_eq!((batches[0].num_rows(), batches[0].num_columns()), (2, 5));
    // The batches outlive the results, and are events again.
    drop(results);
    let again = Spelunk::builder(Clock::At(NOW)).build().expect("it opens");
    assert_eq!(
        again
            .register_batches("again", &batches)
            .expect("they are read"),
        2
    );
    let search = again.search("index=* | table _time user n m source");
    let results = search.run().expect("it runs");
    let row = results.row(0).expect("a row");
    assert_eq!(row.get::<f64>("_time"), Some(1_715_774_000.0));
    assert_eq!(row.get::<f64>("n"), Some(2.5));
    assert_eq!(
        row.get::<Vec<String>>("m"),
        Some(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(row.get::<String>("source").as_deref(), Some("again"));
    // No rows are one batch with the columns.
    let none = again
        .search("index=* nothing | table user")
        .run()
        .expect("it runs");
    let batches: Vec<RecordBatch> = none.batches().collect::<Result<_, _>>().expect("Arrow");
    assert_eq!((batches.len(), batches[0].num_rows()), (1, 0));
}

#[cfg(feature = "arrow")]
#[test]
fn many_rows_are_several_batches() {
    let spelunk = logins();
    let search = spelunk.search("| makeresults count=70000 | streamstats count | table count");
    let results = search.run().expect("it runs");
    let sizes: Vec<usize> = results
        .batches()
        .map(|b| b.expect("Arrow").num_rows())
        .collect();
    assert_eq!(sizes, [65_536, 70_000 - 65_536]);
}
