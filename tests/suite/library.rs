//! The library as a program that embeds it uses it.

use spelunk::session::Stage;
use spelunk::{Events, Spelunk};

const NOW: f64 = 1_715_774_400.0;

fn logins() -> Spelunk {
    let spelunk = Spelunk::builder().now(NOW).build().expect("it opens");
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
    let plan = search.explain(Stage::Physical).expect("it is planned");
    assert!(
        plan.contains("filter search sourcetype=app:login"),
        "{plan}"
    );
}

#[test]
fn errors_display_with_their_place() {
    let spelunk = logins();
    let error = spelunk.search("index=* | where (a").run().err();
    let text = error.expect("it is wrong").to_string();
    assert!(text.contains("error: ") && text.contains('^'), "{text}");
    let missing = Spelunk::builder().app("no-such-app").build().err();
    let text = missing.expect("there is none").to_string();
    assert!(text.contains("no such app directory"), "{text}");
}
