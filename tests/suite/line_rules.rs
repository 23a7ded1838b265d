//! Raw text to events as a user's own `props.conf` says: line breaking, times, structured files.

use crate::drive::Place;
use crate::support::{self, Row};

/// A place with an app whose `props.conf` is that.
fn app(props: &str) -> Place {
    let place = Place::new();
    place.write("app/default/props.conf", props);
    place
}

fn rows(place: &Place, file: &str, spl: &str) -> Vec<Row> {
    support::rows(
        &place
            .rows(&["--app", "app", "--data", file], spl)
            .join("\n"),
    )
}

/// `_time` and the text of each event, oldest first, with ` / ` for line ends.
fn events(place: &Place, file: &str) -> Vec<String> {
    let rows = rows(
        place,
        file,
        "* | sort 0 _time | eval t=_time, r=replace(_raw, \"[\\r\\n]\", \" / \") | table t r",
    );
    rows.iter()
        .map(|row| {
            let time = row.get("t").map_or("-".to_owned(), ToString::to_string);
            format!("{time} {}", row["r"].as_str().unwrap_or_default())
        })
        .collect()
}

#[test]
fn an_app_says_where_events_begin_and_what_time_they_have() {
    let place = app("[source::...app.log]\nsourcetype = my:app\n\
        [my:app]\nLINE_BREAKER = ([\\r\\n]+)(?=#\\d)\nSHOULD_LINEMERGE = false\n\
        TIME_PREFIX = at=\nTIME_FORMAT = %d.%m.%y %H:%M:%S,%3N\nTZ = Europe/Vienna\n\
        KV_MODE = none\nEXTRACT-n = ^#(?<n>\\d+)\n");
    place.write(
        "app.log",
        "#1 2020-01-01 at=01.08.20 09:53:13,250\nmore a=1\n\n#2 at=nothing\r\n#3 at=01.08.20 09:53:14,000 b=2\n",
    );
    assert_eq!(
        events(&place, "app.log"),
        [
            "1596268393.25 #1 2020-01-01 at=01.08.20 09:53:13,250 / more a=1",
            // Without a time of its own it has that of the event before.
            "1596268393.25 #2 at=nothing",
            "1596268394 #3 at=01.08.20 09:53:14,000 b=2",
        ]
    );
    let rows = rows(
        &place,
        "app.log",
        "sourcetype=my:app | stats values(n) as n count(a) as a count(b) as b by sourcetype",
    );
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["n"], serde_json::json!(["1", "2", "3"]));
    assert_eq!(
        rows[0]["a"].as_i64().zip(rows[0]["b"].as_i64()),
        Some((0, 0))
    );
}

#[test]
fn lines_are_merged_by_default_and_as_said() {
    let text = "2020-08-01 07:53:13 a\n  b\nEND\nc\n2020-08-01 07:53:14 d\n";
    for (settings, expected) in [
        (
            "SHOULD_LINEMERGE = true",
            vec![
                "2020-08-01 07:53:13 a /   b / END / c",
                "2020-08-01 07:53:14 d",
            ],
        ),
        (
            "SHOULD_LINEMERGE = false",
            vec![
                "2020-08-01 07:53:13 a",
                "  b",
                "END",
                "c",
                "2020-08-01 07:53:14 d",
            ],
        ),
        (
            "MUST_BREAK_AFTER = ^END",
            vec![
                "2020-08-01 07:53:13 a /   b / END",
                "c",
                "2020-08-01 07:53:14 d",
            ],
        ),
        (
            "BREAK_ONLY_BEFORE_DATE =\nBREAK_ONLY_BEFORE = ^END",
            vec![
                "2020-08-01 07:53:13 a /   b",
                "END / c / 2020-08-01 07:53:14 d",
            ],
        ),
        (
            "MUST_NOT_BREAK_BEFORE = d$",
            vec!["2020-08-01 07:53:13 a /   b / END / c / 2020-08-01 07:53:14 d"],
        ),
        (
            "MUST_NOT_BREAK_AFTER = b$\nMUST_BREAK_AFTER = d$",
            vec!["2020-08-01 07:53:13 a /   b / END / c / 2020-08-01 07:53:14 d"],
        ),
        (
            "MAX_EVENTS = 2",
            vec![
                "2020-08-01 07:53:13 a /   b",
                "END / c",
                "2020-08-01 07:53:14 d",
            ],
        ),
        (
            "SHOULD_LINEMERGE = false\nTRUNCATE = 3",
            vec!["202", "  b", "END", "c", "202"],
        ),
    ] {
        let place = app(&format!("[source::...x.log]\n{settings}\n"));
        place.write("x.log", text);
        let found = events(&place, "x.log");
        let raws: Vec<&str> = found
            .iter()
            .filter_map(|event| event.split_once(' ').map(|(_, raw)| raw))
            .collect();
        assert_eq!(raws, expected, "{settings}");
    }
}

#[test]
fn the_clock_or_the_file_may_tell_the_time() {
    let place = app(
        "[source::...now.log]\nDATETIME_CONFIG = CURRENT\nSHOULD_LINEMERGE = false\n\
        [source::...old.log]\nMAX_DAYS_AGO = 10\nSHOULD_LINEMERGE = false\n\
        [source::...none.log]\nDATETIME_CONFIG = NONE\nSHOULD_LINEMERGE = false\n",
    );
    let text = "2001-01-01 00:00:00 a\n";
    for name in ["now.log", "old.log", "none.log"] {
        place.write(name, text);
    }
    assert_eq!(
        events(&place, "now.log"),
        ["1700000000 2001-01-01 00:00:00 a"]
    );
    assert_eq!(events(&place, "old.log"), ["- 2001-01-01 00:00:00 a"]);
    let file = events(&place, "none.log");
    let time = file[0].split(['.', ' ']).next().expect("a time");
    assert!(time.parse::<i64>().expect("a time") > 1_700_000_000);
}

#[test]
fn columns_and_objects_are_read_as_said() {
    let place = app(
        "[source::...t.log]\nINDEXED_EXTRACTIONS = tsv\nHEADER_FIELD_LINE_NUMBER = 2\n\
        TIMESTAMP_FIELDS = day, clock\nTIME_FORMAT = %d/%m/%Y %H:%M\nMISSING_VALUE_REGEX = ^-$\n\
        [source::...c.log]\nINDEXED_EXTRACTIONS = csv\nFIELD_NAMES = a, b c\nFIELD_DELIMITER = ;\n\
        [source::...j.log]\nINDEXED_EXTRACTIONS = json\nTIMESTAMP_FIELDS = when.ms\nTIME_FORMAT = %s%3N\n\
        JSON_TRIM_BRACES_IN_ARRAY_NAMES = true\n\
        [source::...broken.json]\nLINE_BREAKER = (,\\s*)\\{\nSHOULD_LINEMERGE = false\n",
    );
    place.write(
        "t.log",
        "made by x\nday\tclock\tx.y\tz\n02/08/2020\t07:53\t1\t-\n",
    );
    place.write("c.log", "1;2\n3;4\n");
    place.write(
        "j.log",
        "{\"when\":{\"ms\":1596268393250},\"l\":[1,2],\"time\":5}\n",
    );
    place.write("broken.json", "{\"a\":1}, {\"a\":2},{\"a\":3}");
    let rows = |file: &str, table: &str| {
        let options = ["--app", "app", "--data", file, "--format", "ndjson"];
        let search = format!("* | sort 0 _time | table {table}");
        place.search(&options, &search).fine().out.clone()
    };
    assert_eq!(
        rows("t.log", "_time x_y z day"),
        "{\"_time\":1596354780,\"x_y\":\"1\",\"day\":\"02/08/2020\"}\n"
    );
    assert_eq!(
        rows("c.log", "a \"b c\""),
        "{\"a\":\"1\",\"b c\":\"2\"}\n{\"a\":\"3\",\"b c\":\"4\"}\n"
    );
    assert_eq!(
        rows("j.log", "_time l"),
        "{\"_time\":1596268393.25,\"l\":[\"1\",\"2\"]}\n"
    );
    assert_eq!(rows("broken.json", "a").lines().count(), 3);
}

#[test]
fn a_setting_without_meaning_is_warned_of() {
    for (setting, says) in [
        (
            "LINE_BREAKER = ([\\r",
            "LINE_BREAKER: the regular expression",
        ),
        ("TIME_PREFIX = (", "TIME_PREFIX: the regular expression"),
        (
            "MAX_EVENTS = many",
            "MAX_EVENTS: `many` is not a whole number",
        ),
        (
            "SHOULD_LINEMERGE = maybe",
            "`maybe` is neither true nor false",
        ),
        ("TZ = Mars/Crater", "TZ: unknown time zone `Mars/Crater`"),
        ("CHARSET = klingon", "unknown character set `klingon`"),
        ("INDEXED_EXTRACTIONS = yaml", "`yaml` is not csv"),
        (
            "FIELD_DELIMITER = ab\nFIELD_NAMES = a",
            "not a single character",
        ),
    ] {
        let place = app(&format!("[source::...x.log]\n# one\n{setting}\n"));
        place.write("x.log", "a\n");
        place
            .search(&["--app", "app", "--data", "x.log"], "*")
            .fine()
            .says(&["app/default/props.conf:3: [source::...x.log]", says]);
    }
}
