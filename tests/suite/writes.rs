//! What searches write: tables and events of the home folder, whole or not at all, and nowhere else.

use crate::drive::Place;

/// A place with some events.
fn place() -> Place {
    let place = Place::new();
    place.write(
        "e.ndjson",
        concat!(
            "{\"_time\":1699999990,\"user\":\"ann\",\"n\":1,\"tag\":[\"a\",\"b\"]}\n",
            "{\"_time\":1699999980,\"user\":\"bo\",\"n\":2}\n",
        ),
    );
    place
}

const DATA: &[&str] = &["--data", "e.ndjson"];

#[test]
fn a_lookup_is_written_read_appended_to_and_matched() {
    let place = place();
    let written = place.rows(DATA, "* | table user n | outputlookup users.csv");
    assert_eq!(
        written,
        [r#"{"user":"ann","n":1}"#, r#"{"user":"bo","n":2}"#]
    );
    assert_eq!(
        place.read(".spelunk/lookups/users.csv"),
        "user,n\nann,1\nbo,2\n"
    );
    place.rows(
        &[],
        "| makeresults | eval user=\"cy\", n=3, more=4 | outputlookup append=true users.csv",
    );
    // A column that the file lacks is left out.
    assert_eq!(
        place.read(".spelunk/lookups/users.csv"),
        "user,n\nann,1\nbo,2\ncy,3\n"
    );
    assert_eq!(
        place.rows(&[], "| inputlookup users.csv where n>1 | table user"),
        [r#"{"user":"bo"}"#, r#"{"user":"cy"}"#]
    );
    assert_eq!(
        place.rows(
            DATA,
            "user=bo | lookup users.csv user OUTPUT n AS m | table m"
        ),
        [r#"{"m":"2"}"#]
    );
}

#[test]
fn empty_results_follow_the_options() {
    let place = place();
    let none = |options: &str, file: &str| {
        place.rows(
            DATA,
            &format!("user=nobody | table user | outputlookup {options} {file}"),
        );
    };
    let there = |file: &str| place.path().join(".spelunk/lookups").join(file).exists();
    none("create_empty=false", "a.csv");
    assert!(!there("a.csv"));
    none("", "a.csv");
    assert!(there("a.csv"));
    place.rows(DATA, "* | table user | outputlookup b.csv");
    none("override_if_empty=false", "b.csv");
    assert_eq!(place.read(".spelunk/lookups/b.csv"), "user\nann\nbo\n");
    none("create_empty=false", "b.csv");
    assert!(!there("b.csv"));
}

#[test]
fn a_collection_keeps_a_row_for_each_key() {
    let place = place();
    place.write(
        "app/default/transforms.conf",
        "[people]\nexternal_type = kvstore\ncollection = folk\nfields_list = _key, user, n\n",
    );
    let app = &["--app", "app", "--data", "e.ndjson"];
    place.rows(app, "* | table user n | outputlookup people key_field=user");
    place.rows(
        app,
        "user=bo | eval n=9 | table user n | outputlookup people key_field=user append=true",
    );
    assert_eq!(
        place.rows(app, "| inputlookup people | table _key user n"),
        [
            r#"{"_key":"ann","user":"ann","n":"1"}"#,
            r#"{"_key":"bo","user":"bo","n":"9"}"#
        ]
    );
}

#[test]
fn several_values_are_lines_of_a_cell() {
    let place = place();
    place.rows(
        DATA,
        "user=ann | rename tag{} AS tag | table user tag | outputcsv rows",
    );
    assert_eq!(
        place.read(".spelunk/csv/rows.csv"),
        "user,tag\nann,\"a\nb\"\n"
    );
    assert_eq!(
        place.rows(
            &[],
            "| inputcsv rows | eval count=mvcount(tag) | table user count"
        ),
        [r#"{"user":"ann","count":2}"#]
    );
    assert!(place.rows(&[], "| inputcsv nosuch").is_empty());
    place
        .search(&[], "| inputcsv strict=true nosuch")
        .fails(1, &["nosuch.csv"]);
}

#[test]
fn a_path_outside_the_home_folder_is_refused() {
    let place = place();
    for file in [
        "../out.csv",
        "/tmp/out.csv",
        "a/b.csv",
        "..",
        ".hidden.csv",
        "C:out.csv",
    ] {
        for command in ["outputlookup", "outputcsv"] {
            let run = place.search(DATA, &format!("* | {command} \"{file}\""));
            assert_eq!(run.code, Some(1), "{command} {file}");
        }
    }
    place
        .search(DATA, "* | outputlookup ../out.csv")
        .fails(1, &["leads out of the home folder"]);
    assert!(!place.path().join("out.csv").exists());
}

#[test]
fn a_search_that_fails_writes_nothing() {
    let place = place();
    place
        .search(
            DATA,
            "* | outputlookup a.csv | collect index=x | where user=\"nobody\" | require",
        )
        .fails(1, &["found nothing"]);
    place.run(&["explain", "--stage", "polars", "* | outputlookup a.csv"]);
    place.run(&["check", "* | outputlookup a.csv"]).fine();
    assert!(!place.path().join(".spelunk/lookups").exists());
    assert!(!place.path().join(".spelunk/events").exists());
}

#[test]
fn collected_events_are_found_again_and_stay() {
    let place = place();
    let collect =
        "* | table _time user n | collect index=summary source=\"my search\" marker=\"run=1\"";
    place.rows(DATA, collect);
    place.rows(DATA, collect);
    assert_eq!(
        place.rows(
            &[],
            "index=summary source=\"my search\" | stats count BY user, sourcetype"
        ),
        [
            r#"{"user":"ann","sourcetype":"stash","count":2}"#,
            r#"{"user":"bo","sourcetype":"stash","count":2}"#
        ]
    );
    let raw = place.rows(&[], "index=summary user=bo | head 1 | table _raw");
    let text = "11/14/2023 22:13:00 +0000, info_min_time=0.000, info_max_time=+Infinity, info_search_time=1700000000.000, run=1, n=2, user=\\\"bo\\\"";
    assert_eq!(raw, [format!("{{\"_raw\":\"{text}\"}}")]);
    let steps = ["explain", "--steps", "--data", "e.ndjson", collect];
    place.run(&steps).fine();
    assert_eq!(
        place.rows(&[], "index=summary | stats count"),
        [r#"{"count":6}"#]
    );
}

#[test]
fn metrics_are_collected_by_name() {
    let place = place();
    place.rows(
        DATA,
        "* | table _time user n | mcollect index=m split=true user",
    );
    assert_eq!(
        place.rows(
            &[],
            "index=m user=bo | rename metric_name:n AS v | table user v"
        ),
        [r#"{"user":"bo","v":2}"#]
    );
    place
        .search(DATA, "* | mcollect index=m")
        .fails(1, &["metric_name and _value"]);
}

/// A MaxMind database with one network, 81.0.0.0/8.
/// <https://maxmind.github.io/MaxMind-DB/>
fn places() -> Vec<u8> {
    fn text(text: &str) -> Vec<u8> {
        let mut out = vec![0x40 | u8::try_from(text.len()).expect("short")];
        out.extend(text.as_bytes());
        out
    }
    fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut out = vec![0xE0 | u8::try_from(pairs.len()).expect("few")];
        for (name, value) in pairs {
            out.extend(text(name));
            out.extend(value);
        }
        out
    }
    let double = |n: f64| [vec![0x68], n.to_be_bytes().to_vec()].concat();
    let small = |n: u8| vec![0xA1, n];
    let named = |en: &str, de: &str| map(&[("names", map(&[("en", text(en)), ("de", text(de))]))]);
    let data = map(&[
        ("city", named("Cologne", "Köln")),
        ("country", named("Germany", "Deutschland")),
        (
            "location",
            map(&[
                ("latitude", double(50.9)),
                ("longitude", double(7.0)),
                ("time_zone", text("Europe/Berlin")),
            ]),
        ),
        (
            "subdivisions",
            [vec![1, 4], named("Rhineland", "Rheinland")].concat(),
        ),
    ]);
    let mut out = Vec::new();
    for at in 0..8u32 {
        // The network's bit leads on or, at the last, to the data; the other one to nothing.
        let on = if at == 7 { 8 + 16 } else { at + 1 };
        let bit = 81 >> (7 - at) & 1;
        let records = if bit == 1 { [8, on] } else { [on, 8] };
        for record in records {
            out.extend(&record.to_be_bytes()[1..]);
        }
    }
    out.extend([0; 16]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    out.extend(map(&[
        ("node_count", vec![0xC1, 8]),
        ("record_size", small(24)),
        ("ip_version", small(4)),
        ("database_type", text("Test-City")),
        ("languages", [vec![1, 4], text("en")].concat()),
        ("binary_format_major_version", small(2)),
        ("binary_format_minor_version", small(0)),
        ("build_epoch", vec![1, 2, 1]),
        ("description", map(&[("en", text("a test"))])),
    ]));
    out
}

#[test]
fn places_come_from_the_file_the_user_names() {
    let place = Place::new();
    place.write("city.mmdb", places());
    let at = &["--geoip", "city.mmdb"];
    let spl = "| makeresults | eval ip=\"81.2.3.4\" | iplocation allfields=true ip | table City Country Region lat lon Timezone";
    assert_eq!(
        place.rows(at, spl),
        [
            r#"{"City":"Cologne","Country":"Germany","Region":"Rhineland","lat":50.9,"lon":7,"Timezone":"Europe/Berlin"}"#
        ]
    );
    let german =
        "| makeresults | eval ip=\"81.2.3.4\" | iplocation lang=de prefix=x_ ip | table x_City";
    assert_eq!(place.rows(at, german), [r#"{"x_City":"Köln"}"#]);
    let elsewhere = "| makeresults | eval ip=\"9.9.9.9\" | iplocation ip | table ip City";
    assert_eq!(place.rows(at, elsewhere), [r#"{"ip":"9.9.9.9"}"#]);
    place
        .search(&["--geoip", "none.mmdb"], spl)
        .fails(1, &["none.mmdb"]);
    place.search(&[], spl).fine().says(&["--geoip"]);
}

#[test]
fn a_search_that_can_not_write_all_its_tables_writes_none() {
    let place = place();
    place.rows(DATA, "* | table user | outputlookup a.csv");
    // A folder of that name is in the way of the second table.
    place.write(".spelunk/lookups/b.csv/x", "");
    place
        .search(
            DATA,
            "* | table n | outputlookup a.csv | outputlookup b.csv",
        )
        .fails(1, &["b.csv"]);
    assert_eq!(place.read(".spelunk/lookups/a.csv"), "user\nann\nbo\n");
    // The second sees what the first wrote.
    place.rows(
        DATA,
        "* | table n | outputlookup a.csv | outputlookup append=true a.csv",
    );
    assert_eq!(place.read(".spelunk/lookups/a.csv"), "n\n1\n2\n1\n2\n");
}
