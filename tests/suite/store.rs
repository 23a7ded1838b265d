//! Replay and the store as a user meets them: options, summaries, pruning, care, kills, full disks.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use spelunk::session::Session;

use crate::drive::{Place, Run, alone, wait};
use crate::support;
use crate::testing::skip;

const SYSMON: &str = "datasets/attack_techniques/T1047/wmi_lateral_movement/windows-sysmon.log";

/// Searches over data models whose rows come from the shipped data.
const MODEL_SEARCHES: &[&str] = &[
    "| tstats count from datamodel=Endpoint.Processes",
    "| tstats count min(_time) AS first max(_time) AS last values(Processes.process) AS process from datamodel=Endpoint.Processes by Processes.dest Processes.user Processes.process_name",
    "| tstats count from datamodel=Endpoint.Processes where Processes.process_name=*wm* by Processes.parent_process_name _time span=1h",
    "| tstats latest(Processes.process_name) AS name first(Processes.process_id) AS id from datamodel=Endpoint.Processes by sourcetype source",
    "| tstats count from datamodel=Endpoint.Filesystem by Filesystem.file_name",
    "| tstats count from datamodel=Network_Traffic.All_Traffic by All_Traffic.dest_port",
    "| tstats dc(Registry.registry_path) AS paths from datamodel=Endpoint.Registry",
];

fn sysmon() -> String {
    support::root().join(SYSMON).display().to_string()
}

/// Pieces of a file's name in the store's folder.
fn files(place: &Place, below: &str) -> Vec<String> {
    let found = Command::new("find")
        .args([below, "-type", "f"])
        .current_dir(place.path())
        .output()
        .expect("find runs");
    let text = String::from_utf8(found.stdout).expect("paths are text");
    text.lines().map(str::to_owned).collect()
}

fn count(place: &Place, spl: &str) -> u64 {
    let rows = place.rows(&[], spl);
    let row: serde_json::Value = serde_json::from_str(&rows[0]).expect("a row");
    row["count"].as_u64().expect("a count")
}

#[test]
fn options_of_replay_win_and_the_summary_counts() {
    let place = Place::new();
    place.write(
        "a.ndjson",
        "{\"_time\":1700000000,\"a\":1}\n{bad\n{\"a\":2}\n",
    );
    let run = place.run(&[
        "replay",
        "a.ndjson",
        "--index",
        "web",
        "--source",
        "here",
        "--sourcetype",
        "mine",
        "--host",
        "box",
    ]);
    run.fine().says(&[
        "a.ndjson: 1 place could not be read, the first at line 2",
        "3 events from 1 file",
        "mine: 3 events",
        "2023-11-14 22:13:20 UTC",
    ]);
    let spl = "index=web source=here sourcetype=mine host=box | stats count";
    assert_eq!(count(&place, spl), 3);
    // As rows, and again: the same file replaces what it gave.
    let run = place.run(&["replay", "a.ndjson", "--format", "ndjson"]);
    let out = &run.fine().out;
    assert!(out.contains(r#"{"what":"events","count":3}"#), "{out}");
    assert!(
        out.contains(r#""what":"bad""#) && out.contains(r#""line":2"#),
        "{out}"
    );
    assert_eq!(count(&place, "index=* | stats count"), 3);
    assert_eq!(count(&place, "index=web | stats count"), 0);
}

#[test]
fn descriptions_say_what_files_are_and_pointers_are_no_data() {
    let place = Place::new();
    place.write("d/a.log", "{\"a\":1}\n");
    place.write("d/sub/b.log", "{\"a\":2}\n{\"a\":3}\n");
    place.write(
        "d/big.log",
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123456\n",
    );
    place.write(
        "d/d.yml",
        "datasets:\n- {name: a, path: a.log, sourcetype: st_a, source: src_a}\n- {name: b, path: sub/b.log, sourcetype: st_b}\n- {name: big, path: big.log, sourcetype: x}\n- {name: gone, path: gone.log, sourcetype: x}\n",
    );
    for what in ["d/d.yml", "d"] {
        let run = place.run(&["replay", what]);
        run.fine().says(&[
            "git lfs pull",
            "123456",
            "gone.log",
            "3 events from 2 files",
        ]);
        let rows = place.rows(&[], "index=* | stats count by sourcetype | sort sourcetype");
        assert_eq!(
            rows,
            [
                r#"{"sourcetype":"st_a","count":1}"#,
                r#"{"sourcetype":"st_b","count":2}"#
            ]
        );
    }
    place
        .run(&["replay", "d/big.log"])
        .fails(1, &["d/big.log", "pointer", "git lfs pull"]);
    let older = "dataset:\n- https://host/datasets/d/a.log\nsourcetypes:\n- old\n";
    place.write("d/old.yml", older);
    place.run(&["replay", "d/old.yml"]).fine();
    assert_eq!(count(&place, "sourcetype=old | stats count"), 1);
}

#[test]
fn summaries_give_what_events_give() {
    let place = Place::new();
    let sysmon = sysmon();
    place.run(&["replay", &sysmon]).fine();
    let with: Vec<Vec<String>> = MODEL_SEARCHES.iter().map(|s| place.rows(&[], s)).collect();
    assert!(with[0][0] != r#"{"count":0}"#, "the data has processes");
    for (spl, rows) in MODEL_SEARCHES.iter().zip(&with) {
        let direct = place.rows(&["--data", &sysmon], spl);
        assert_eq!(*rows, direct, "{spl}");
        let only = spl.replace("| tstats ", "| tstats summariesonly=true ");
        assert_eq!(*rows, place.rows(&[], &only), "{only}");
    }
    // Without summaries the events answer; only those who want nothing else see nothing.
    std::fs::remove_dir_all(place.path().join(".spelunk/models")).expect("summaries are there");
    for (spl, rows) in MODEL_SEARCHES.iter().zip(&with) {
        assert_eq!(*rows, place.rows(&[], spl), "{spl}");
    }
    let only = "| tstats summariesonly=true count from datamodel=Endpoint.Processes";
    assert_eq!(place.rows(&[], only), [r#"{"count":0}"#]);
    place
        .run(&["store", "summarize"])
        .fine()
        .says(&["1 source summarised"]);
    for (spl, rows) in MODEL_SEARCHES.iter().zip(&with) {
        let only = spl.replace("| tstats ", "| tstats summariesonly=true ");
        assert_eq!(*rows, place.rows(&[], &only), "{only}");
    }
}

#[test]
fn summaries_follow_the_knowledge() {
    let place = Place::new();
    place.write("a.ndjson", "{\"k\":\"x\"}\n{\"k\":\"y\"}\n{\"k\":\"y\"}\n");
    place.write(
        "app/default/data/models/M.json",
        r#"{"modelName":"M","objects":[{"objectName":"D","parentName":"BaseEvent","constraints":[{"search":"tag=hit"}],"fields":[{"fieldName":"k"}]}]}"#,
    );
    place.write("app/default/tags.conf", "[eventtype=e]\nhit = enabled\n");
    place.write("app/default/eventtypes.conf", "[e]\nsearch = k=x\n");
    let app = &["--app", "app"];
    let only = "| tstats summariesonly=true count from datamodel=M.D";
    let any = "| tstats count from datamodel=M.D";
    place
        .run(&["replay", "a.ndjson", "--app", "app"])
        .fine()
        .says(&["M.D: 1 row"]);
    assert_eq!(place.rows(app, only), [r#"{"count":1}"#]);
    // What was summarised is seen as the edited configuration makes it, before and after renewal.
    place.write("app/default/eventtypes.conf", "[e]\nsearch = k=y\n");
    for spl in [only, any] {
        assert_eq!(place.rows(app, spl), [r#"{"count":2}"#]);
    }
    place.search(app, any).says(&["store summarize"]);
    place
        .run(&["store", "summarize", "--app", "app"])
        .fine()
        .says(&["1 source summarised"]);
    let run = place.search(app, only);
    assert!(
        run.out.contains('2') && !run.err.contains("summarize"),
        "{run:?}"
    );
    // Any replay renews them too.
    place.write("app/default/eventtypes.conf", "[e]\nsearch = k=*\n");
    place.write("b.ndjson", "{\"k\":\"z\"}\n");
    place.run(&["replay", "b.ndjson", "--app", "app"]).fine();
    let run = place.search(&["--app", "app", "--format", "ndjson"], only);
    assert_eq!(run.out.trim(), r#"{"count":4}"#);
    assert!(!run.err.contains("summarize"), "{run:?}");
}

#[test]
fn what_a_search_can_not_find_is_not_opened() {
    let place = Place::new();
    place.write("a.ndjson", "{\"_time\":1700000000,\"a\":1}\n");
    place.write("b.ndjson", "{\"_time\":1700100000,\"a\":2}\n");
    place
        .run(&["replay", "a.ndjson", "--sourcetype", "sa", "--index", "ia"])
        .fine();
    place
        .run(&["replay", "b.ndjson", "--sourcetype", "sb", "--index", "ib"])
        .fine();
    let opened = |options: &[&str], spl: &str| {
        let mut args = vec!["explain", "--stage", "polars", spl];
        args.extend(options);
        let plan = place.run(&args).fine().out.clone();
        let has = |index: &str| plan.contains(&format!("index={index}/"));
        (has("ia"), has("ib"))
    };
    for (spl, expected) in [
        ("a=*", (true, true)),
        ("index=ia a=*", (true, false)),
        ("index=i* a=*", (true, true)),
        ("index IN (ib, x) a=*", (false, true)),
        ("sourcetype=SA a=*", (true, false)),
        ("(sourcetype=sa OR sourcetype=x) a=1", (true, false)),
        ("NOT sourcetype=sa", (true, true)),
        ("sourcetype!=sa", (false, true)),
        ("source=*b.ndjson", (false, true)),
        ("earliest=1700050000 a=*", (false, true)),
        ("latest=1700050000 a=*", (true, false)),
        (
            "earliest=1700000000 latest=1700000001 | stats count by a",
            (true, false),
        ),
    ] {
        assert_eq!(opened(&[], spl), expected, "{spl}");
    }
    assert_eq!(opened(&["--earliest", "1700050000"], "a=*"), (false, true));
    assert_eq!(place.rows(&[], "sourcetype=sb | table a"), [r#"{"a":2}"#]);
    assert_eq!(place.rows(&[], "sourcetype=nosuch | table a").len(), 0);
    // A sourcetype may have another name at search time.
    place.write(
        "app/default/props.conf",
        "[sa]\nrename = other\n[sb]\nEVAL-index = \"ia\"\n",
    );
    let app = &["--app", "app"];
    assert_eq!(
        place.rows(app, "sourcetype=other | table a"),
        [r#"{"a":1}"#]
    );
    assert_eq!(place.rows(app, "index=ia | table a").len(), 2);
}

#[test]
fn small_sources_that_no_rule_tells_apart_are_read_as_one() {
    let place = Place::new();
    for name in ["a", "b", "c"] {
        let event = format!("{{\"_time\":1700000000,\"{name}\":1}}\n");
        let file = format!("{name}.ndjson");
        place.write(&file, &event);
        place.run(&["replay", &file, "--sourcetype", "s"]).fine();
    }
    place.write(
        "app/default/props.conf",
        "[source::...c.ndjson]\nEVAL-d = \"of c\"\n",
    );
    let scans = |options: &[&str]| {
        let args = [&["explain", "--stage", "polars", "index=main"], options].concat();
        place.run(&args).fine().out.matches("Parquet SCAN").count()
    };
    assert_eq!((scans(&[]), scans(&["--app", "app"])), (1, 2));
    let found = |spl: &str| place.rows(&["--app", "app"], spl);
    let table = "table a b c d | sort a b c";
    assert_eq!(
        found(&format!("index=main | {table}")),
        [r#"{"a":1}"#, r#"{"b":1}"#, r#"{"c":1,"d":"of c"}"#]
    );
    assert_eq!(found("source=*b.ndjson | stats count by source").len(), 1);
    assert_eq!(found("source=*b.ndjson | table b"), [r#"{"b":1}"#]);
    let by_source = "index=main | stats count by source | stats count";
    assert_eq!(found(by_source), [r#"{"count":3}"#]);
}

#[test]
fn the_store_is_looked_after() {
    let place = Place::new();
    for (name, lines) in [("a", 1), ("b", 2), ("c", 3)] {
        place.write(
            &format!("{name}.ndjson"),
            "{\"_time\":1700000000,\"a\":1}\n".repeat(lines),
        );
        let file = format!("{name}.ndjson");
        place
            .run(&["replay", &file, "--index", name, "--sourcetype", "st"])
            .fine();
    }
    let stats = place.run(&["store", "stats", "--format", "ndjson"]);
    assert_eq!(stats.fine().out.lines().count(), 3, "{stats:?}");
    assert!(
        stats
            .out
            .contains(r#""index":"c","sourcetype":"st","sources":1,"rows":3"#),
        "{stats:?}"
    );
    stats.says(&["6 events in 3 files"]);
    place
        .run(&["store", "verify"])
        .fine()
        .says(&["all that is stored can be read"]);
    place.run(&["store", "compact"]).fine();
    // Nothing goes without being asked for.
    place.run(&["store", "delete"]).fails(2, &["--index"]);
    let delete = ["store", "delete", "--index", "b"];
    place
        .run(&delete)
        .fails(2, &["delete 2 events of 1 source?", "--yes"]);
    assert!(
        place
            .feed(&delete, b"no\n")
            .fine()
            .err
            .contains("nothing was deleted")
    );
    assert_eq!(count(&place, "index=* | stats count"), 6);
    place
        .feed(&delete, b"y\n")
        .fine()
        .says(&["deleted 2 events"]);
    assert_eq!(count(&place, "index=* | stats count"), 4);
    let nothing = ["store", "delete", "--sourcetype", "nosuch", "--yes"];
    place.run(&nothing).fine().says(&["nothing was deleted"]);
    let file = files(&place, ".spelunk/events/index=c")
        .into_iter()
        .find(|f| f.ends_with(".parquet"));
    let file = file.expect("there is one");
    let whole = std::fs::read(place.path().join(&file)).expect("readable");
    let mut bent = whole.clone();
    bent[8..40].fill(0xff);
    place.write(&file, bent);
    let run = place.run(&["store", "verify", "--format", "ndjson"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.out.contains(&file) && run.out.contains("replay c.ndjson"),
        "{run:?}"
    );
    place
        .run(&["store", "delete", "--source", "*", "--yes"])
        .fine();
    assert!(files(&place, ".spelunk/events").is_empty());
    let datasets = place.run(&["list", "datasets", "Endpoint.*", "--format", "ndjson"]);
    assert!(
        datasets
            .fine()
            .out
            .contains(r#""name":"Endpoint.Processes","kind":"data model""#)
    );
    let datasets = place.run(&["list", "datasets", "*wmi_lateral*", "--format", "ndjson"]);
    assert!(
        datasets.fine().out.contains(r#""kind":"to replay""#),
        "{datasets:?}"
    );
}

#[test]
fn a_second_writer_is_told_and_readers_go_on() {
    let place = Place::new();
    place.write("a.ndjson", "{\"a\":1}\n");
    place.run(&["replay", "a.ndjson"]).fine();
    let lock = std::fs::File::open(place.path().join(".spelunk/lock")).expect("the lock is there");
    lock.lock().expect("it can be taken");
    place
        .run(&["replay", "a.ndjson"])
        .fails(1, &["another process is writing into this store"]);
    assert_eq!(count(&place, "* | stats count"), 1);
}

/// The rows of a search of the store, in this process.
fn searched(place: &Place, spl: &str) -> Vec<String> {
    let mut options = support::options(place.path());
    options.home = place.path().join(".spelunk");
    let session = Session::open(options).expect("a session opens");
    let answer = session
        .search(spl)
        .unwrap_or_else(|failure| panic!("{}", support::drawn(&failure)));
    let rows = support::ndjson(&answer.rows);
    rows.lines().map(str::to_owned).collect()
}

/// A number that differs from call to call, the same in every run of the test.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn a_replay_that_is_killed_at_any_moment_leaves_what_was_there() {
    let place = Place::new();
    let lines = |name: &str, rows: usize, round: usize| -> String {
        (0..rows)
            .map(|n| {
                format!(
                    "{{\"_time\":{},\"file\":\"{name}\",\"round\":{round},\"n\":{n}}}\n",
                    1_700_000_000 + n
                )
            })
            .collect()
    };
    place.write("base.ndjson", lines("base", 10, 0));
    place.run(&["replay", "base.ndjson"]).fine();
    for name in ["a", "b", "c"] {
        place.write(&format!("new/{name}.ndjson"), lines(name, 500, 0));
    }
    let started = std::time::Instant::now();
    place.run(&["replay", "new"]).fine();
    let mut most = started.elapsed().as_micros() as u64;
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let (mut cut_short, mut round) = (0, 0);
    // How many are cut short depends on the machine: until enough of them were.
    while round < 100 || cut_short <= 20 {
        round += 1;
        assert!(round <= 1000, "only {cut_short} replays were cut short");
        for name in ["a", "b", "c"] {
            place.write(&format!("new/{name}.ndjson"), lines(name, 500, round));
        }
        let mut child = place
            .command(&["replay", "new"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        // From before it begins to after it has ended; how long that is changes with the
        // machine's load.
        sleep(Duration::from_micros(next(&mut state) % most.max(1)));
        let running = child.try_wait().expect("a child can be asked").is_none();
        cut_short += u64::from(running);
        most = if running {
            most * 11 / 10
        } else {
            most * 4 / 5
        };
        child.kill().ok();
        child.wait().expect("a child ends");
        // Each file's batch is the old one or the new one, whole, and so is the older file's.
        let spl =
            "* | stats count by file round | stats count AS rounds sum(count) AS count by file";
        let rows = searched(&place, spl);
        let expected = [("a", 500), ("b", 500), ("base", 10), ("c", 500)]
            .map(|(f, n)| format!("{{\"file\":\"{f}\",\"rounds\":1,\"count\":{n}}}"));
        assert_eq!(rows, expected, "round {round}");
    }
    place.run(&["replay", "new"]).fine();
    assert_eq!(count(&place, &format!("round={round} | stats count")), 1500);
    place.run(&["store", "verify"]).fine();
    let left = files(&place, ".spelunk");
    assert_eq!(
        left.iter().filter(|f| f.ends_with(".parquet")).count(),
        4,
        "{left:#?}"
    );
    assert!(left.iter().all(|f| !f.contains("tmp")), "{left:#?}");
}

/// Runs the program under a shell's limit.
fn limited(place: &Place, limit: &str, args: &str) -> Run {
    let program = env!("CARGO_BIN_EXE_spelunk");
    let script = format!("trap '' XFSZ; {limit}; exec '{program}' {args}");
    let child = alone(&mut Command::new("sh"))
        .args(["-c", &script])
        .current_dir(place.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell starts");
    wait(child, Vec::new(), vec![script.into()])
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let place = Place::new();
    place.write("a.ndjson", "{\"a\":1}\n");
    place.run(&["replay", "a.ndjson"]).fine();
    let mut state = 1;
    let large: String = (0..4000)
        .map(|_| {
            format!(
                "{{\"a\":\"{:x}{:x}\"}}\n",
                next(&mut state),
                next(&mut state)
            )
        })
        .collect();
    place.write("large.ndjson", large);
    let run = limited(&place, "ulimit -f 16", "replay large.ndjson");
    run.fails(1, &[".spelunk", "File too large"]);
    assert_eq!(count(&place, "* | stats count"), 1);
    assert!(files(&place, ".spelunk").iter().all(|f| !f.contains("tmp")));
    place.run(&["replay", "large.ndjson"]).fine();
    assert_eq!(count(&place, "* | stats count"), 4001);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_read_only_is_an_error_and_can_be_searched() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.write("a.ndjson", "{\"a\":1}\n");
    place.run(&["replay", "a.ndjson"]).fine();
    let home = place.path().join(".spelunk");
    let set = |mode: u32| {
        for name in ["", "events", "models"] {
            let path = home.join(name);
            if path.exists() {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
            }
        }
    };
    set(0o555);
    if std::fs::write(home.join("probe"), "x").is_ok() {
        skip("this user may write into read-only folders");
    } else {
        place
            .run(&["replay", "a.ndjson"])
            .fails(1, &[".spelunk", "Permission denied"]);
        assert_eq!(count(&place, "* | stats count"), 1);
    }
    set(0o755);
}
