//! Searches of other installations on local files: their indexes, and their times relative to now.

use crate::drive::Place;

fn place() -> Place {
    let place = Place::new();
    place.write(
        "a.json",
        "{\"_time\":1714557600,\"ship\":\"Alma\"}\n{\"_time\":1714557660.5,\"ship\":\"Norra\"}\n",
    );
    place
}

#[test]
fn conditions_on_the_index_are_ignored_on_request() {
    let place = place();
    let search = |more: &[&str], spl: &str| {
        let args = ["search", "--data", "a.json", "--format", "ndjson"];
        place.run(&[&args, more, &[spl]].concat())
    };
    let spl = "index=wineventlog (index=x OR index=y) ship=* | stats count by ship";
    let run = search(&[], spl);
    assert_eq!(run.fine().out, "");
    run.says(&[
        "no event is in the index `wineventlog` or `x` or `y` (there are: main)",
        "--any-index",
    ]);
    let run = search(&["--any-index"], spl);
    assert_eq!(run.fine().out.lines().count(), 2);
    let found = |spl: &str| search(&["--any-index"], spl).fine().out.lines().count();
    assert_eq!(found("index=x"), 2);
    assert_eq!(found("NOT index=x ship=Alma"), 1);
    assert_eq!(found("index IN (x, y) (index=z OR ship=Alma)"), 2);
    assert_eq!(found("(index=x ship=Alma) OR (index=y ship=Norra)"), 2);
    assert_eq!(found("(index=x ship=Alma) OR (index=y ship=Ida)"), 1);
    assert_eq!(found("| tstats count WHERE index=x BY sourcetype"), 1);
    assert_eq!(found("ship=Ida [search index=x | head 1 | fields ship]"), 0);
    // An index that there is needs no word.
    let run = search(&[], "index=main ship=Ida");
    assert!(!run.err.contains("--any-index"), "{}", run.err);
}

#[test]
fn relative_times_count_from_the_last_event_on_request() {
    let place = place();
    let search = |more: &[&str]| {
        let args = [
            "search",
            "--data",
            "a.json",
            "--format",
            "ndjson",
            "--earliest",
            "-1m",
        ];
        place.run(&[&args, more, &["index=* | table ship"]].concat())
    };
    let run = search(&[]);
    assert_eq!(run.fine().out, "");
    run.says(&[
        "the last event is from 2024-05-01 10:01:00 UTC",
        "--now latest",
    ]);
    // The last event itself is before now; the first is more than a minute earlier.
    assert_eq!(
        search(&["--now", "latest"]).fine().out,
        "{\"ship\":\"Norra\"}\n"
    );
    let run = place.run(&[
        "search",
        "--data",
        "a.json",
        "--now",
        "latest",
        "--format",
        "csv",
        "| makeresults | eval n=strftime(now(), \"%F %T\") | table n",
    ]);
    assert_eq!(run.fine().out, "n\n2024-05-01 10:01:01\n");
    place
        .run(&["search", "--now", "last", "| makeresults"])
        .fails(2, &["--now"]);
}
