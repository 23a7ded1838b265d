//! Files that are missing, damaged or no data at all, and knowledge that can't be read.

use crate::drive::{Place, Run};

/// Bytes without a pattern, the same every time.
fn rubbish(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

fn search(place: &Place, file: &str) -> Run {
    place.run(&[
        "search",
        "--format",
        "ndjson",
        "--data",
        file,
        "* | table a",
    ])
}

#[test]
fn a_file_that_can_not_be_read_is_named() {
    let place = Place::new();
    place.write("rubbish.json", rubbish(9_000));
    place.write(
        "rubbish.gz",
        [&b"\x1f\x8b\x08\0"[..], &rubbish(900)].concat(),
    );
    place.write("rubbish.zip", [&b"PK\x03\x04"[..], &rubbish(900)].concat());
    place.write(
        "rubbish.zst",
        [&b"\x28\xb5\x2f\xfd"[..], &rubbish(900)].concat(),
    );
    place.write("rubbish.parquet", [&b"PAR1"[..], &rubbish(900)].concat());
    place.write(
        "rubbish.evtx",
        [&b"ElfFile\0"[..], &rubbish(9_000)].concat(),
    );
    search(&place, "nosuch.json").fails(1, &["nosuch.json: No such file or directory"]);
    for file in [
        "rubbish.json",
        "rubbish.gz",
        "rubbish.zip",
        "rubbish.zst",
        "rubbish.parquet",
        "rubbish.evtx",
    ] {
        search(&place, file).fails(1, &[file]);
    }
    search(&place, "rubbish.json").says(&["binary data of no known format", "known formats:"]);
    place
        .run(&["list", "fields", "--data", "nosuch.json"])
        .fails(1, &["nosuch.json"]);
}

#[test]
fn a_bad_line_is_counted_and_the_rest_answered() {
    let place = Place::new();
    place.write(
        "cut.ndjson",
        "{\"a\":1}\n{\"a\":2,\"b\":\"t\n{\"a\":3}\n{\"a\"\n{\"a\":4}\n",
    );
    let run = search(&place, "cut.ndjson");
    assert_eq!(
        run.fine().out,
        "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{}\n{\"a\":4}\n"
    );
    run.says(&["cut.ndjson: 2 places could not be read, the first at line 2"]);
    place.write("latin.ndjson", b"{\"a\":\"x\"}\n{\"a\":\"caf\xe9\"}\n");
    let run = search(&place, "latin.ndjson");
    assert_eq!(run.fine().out, "{\"a\":\"x\"}\n{\"a\":\"caf\\\\xE9\"}\n");
    run.says(&["1 place", "line 2", "not UTF-8"]);
    place.write("nul.ndjson", "{\"a\":\"x\\u0000y\"}\n");
    assert_eq!(
        search(&place, "nul.ndjson").fine().out,
        "{\"a\":\"x\\u0000y\"}\n"
    );
}

#[test]
fn no_rows_are_no_error() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("folder")).expect("a folder can be made");
    place.write("empty.csv", "");
    place.write("empty.json", "");
    place.write("header.csv", "a,b\n");
    place.write("blank.log", "\n\n  \n");
    for file in [
        "empty.csv",
        "empty.json",
        "header.csv",
        "blank.log",
        "folder",
    ] {
        assert_eq!(search(&place, file).fine().out, "", "{file}");
    }
    place.write("a.ndjson", "{\"a\":1}\n");
    let run = place.search(
        &["--data", "a.ndjson", "--format", "ndjson"],
        "* | table nosuch",
    );
    assert_eq!(run.fine().out, "{}\n");
    place
        .search(&["--data", "a.ndjson"], "aa=1")
        .fine()
        .says(&["no row has the field `aa`; did you mean `a`?"]);
}

#[test]
fn rows_given_to_a_data_model_are_those_that_can_be_read() {
    let place = Place::new();
    place.write("cut.ndjson", "{\"dest\":\"h\"}\n{\"dest\":\n");
    place.write("rows.csv", "dest\nh\n");
    let run = |model: &str| {
        place.search(
            &["--model", model],
            "| tstats count from datamodel=Endpoint.Processes",
        )
    };
    run("Endpoint.Processes=cut.ndjson")
        .fine()
        .says(&["cut.ndjson: 1 place could not be read, the first at line 2"]);
    run("Endpoint.Processes=nosuch.csv").fails(1, &["nosuch.csv: No such file"]);
    run("Endpont.Processes=rows.csv")
        .fine()
        .says(&["unknown data model `Endpont`", "did you mean `Endpoint`?"]);
    run("Endpoint=rows.csv").fails(2, &["MODEL.DATASET=PATH"]);
}

#[test]
fn a_damaged_store_names_the_file_and_the_way_out() {
    let place = Place::new();
    place.write("a.ndjson", "{\"a\":1}\n{\"a\":2}\n");
    place.run(&["replay", "a.ndjson"]).fine();
    assert_eq!(place.rows(&[], "* | table a").len(), 2);
    let found = std::process::Command::new("find")
        .args([".spelunk/events", "-name", "*.parquet"])
        .current_dir(place.path())
        .output()
        .expect("find runs");
    let file = String::from_utf8(found.stdout).expect("a path");
    let file = file.trim();
    let whole = std::fs::read(place.path().join(file)).expect("the file is there");
    for bytes in [&whole[..200], b"rubbish", b""] {
        place.write(file, bytes);
        place
            .search(&[], "*")
            .fails(1, &[file, "damaged", "replay"]);
    }
    std::fs::remove_file(place.path().join(file)).expect("the file is there");
    place.search(&[], "*").fails(1, &[file, "No such file"]);
    place.run(&["replay", "a.ndjson"]).fine();
    assert_eq!(place.rows(&[], "* | table a").len(), 2);
}

#[test]
fn a_home_that_is_a_file_is_told() {
    let place = Place::new();
    place.write("home", "x");
    place.write("a.ndjson", "{\"a\":1}\n");
    let why = &["home: the store's folder (--home) is a file"];
    place.search(&["--home", "home"], "*").fails(1, why);
    place
        .run(&["replay", "a.ndjson", "--home", "home"])
        .fails(1, why);
    place
        .run(&[
            "run",
            "remote_process_instantiation_via_wmi",
            "--home",
            "home",
        ])
        .fails(1, why);
    // What needs no store does not mind.
    place.search(&["--home", "home"], "| makeresults").fine();
    assert_eq!(place.read("home"), "x");
}

#[test]
fn faults_of_configuration_files_are_warnings_with_their_place() {
    let place = Place::new();
    let app = |file: &str, text: &str| {
        let _ = std::fs::remove_dir_all(place.path().join("app"));
        place.write(&format!("app/default/{file}"), text);
        place.search(&["--app", "app"], "| makeresults")
    };
    app("macros.conf", "[ok]\ndefinition = x\nthis is no setting\n")
        .fine()
        .says(&["app/default/macros.conf:3: expected `[stanza]`"]);
    app("macros.conf", "[open\ndefinition = x\n")
        .fine()
        .says(&["macros.conf:1: the stanza is not closed"]);
    app("data/models/X.json", "{\"modelName\": \"X\",\n ")
        .fine()
        .says(&["app/default/data/models/X.json:2: "]);
    for (option, what) in [
        ("--app", "no such app directory"),
        ("--macros", "no such macro directory"),
        ("--content", "no such content directory"),
    ] {
        place
            .search(&[option, "nosuch"], "| makeresults")
            .fails(1, &["nosuch:", what]);
    }
    place.write("macros/x.yml", "name: x\ndefinition: [a\n");
    place
        .search(&["--macros", "macros"], "| makeresults")
        .fine()
        .says(&["warning: macros/x.yml:2: "]);
}

#[test]
fn a_detection_that_can_not_be_read_is_pointed_into() {
    let place = Place::new();
    place.write(
        "syntax.yml",
        "name: Bad\nid: a\nsearch: |\n  | makeresults\n  x: : [\n: y",
    );
    place.write("list.yml", "name: Bad\nid: [1\nsearch: x\n");
    place.write("missing.yml", "name: Bad\nid: a\n");
    place.write("latin.yml", b"name: caf\xe9\n");
    place.write("folder/readme.txt", "x");
    for (file, says) in [
        ("syntax.yml", "syntax.yml:6:"),
        ("list.yml", "list.yml:2:5"),
        ("missing.yml", "missing field `search`"),
        ("latin.yml", "not UTF-8"),
        ("folder", "no detection"),
    ] {
        place.run(&["run", file]).fails(1, &[file, says]);
    }
    let run = place.run(&["check", "list.yml"]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("list.yml:2:5"), "{}", run.out);
    place.write(
        "wrong.yml",
        "name: Wrong\nid: a\nsearch: '| makeresults | hed 3'\n",
    );
    place.write("a.ndjson", "{\"a\":1}\n");
    let run = place.run(&["run", "wrong.yml", "--data", "a.ndjson"]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("unknown command `hed`"), "{}", run.out);
}

#[test]
fn lookup_tables_that_are_missing_or_none_are_told() {
    let place = Place::new();
    place.write(
        "app/default/transforms.conf",
        "[gone]\nfilename = gone.csv\n[none]\nfilename = none.csv\n[empty]\nfilename = empty.csv\n",
    );
    place.write(
        "app/lookups/none.csv",
        [&b"a,b\n\0"[..], &rubbish(500)].concat(),
    );
    place.write("app/lookups/empty.csv", "");
    place.write("app/lookups/ragged.csv", "a,b\n1\n2,3,4\n");
    let search = |spl: &str| place.search(&["--app", "app", "--format", "ndjson"], spl);
    search("| inputlookup gone").fails(1, &["lookups/gone.csv: No such file", "search:1:15"]);
    search("| makeresults | eval a=1 | lookup gone a OUTPUT b").fails(1, &["gone.csv", "1:35"]);
    search("| inputlookup none").fails(1, &["none.csv:2", "not a CSV table"]);
    assert_eq!(search("| inputlookup empty").fine().out, "");
    assert_eq!(
        search("| inputlookup ragged.csv").fine().out,
        "{\"a\":\"1\"}\n{\"a\":\"2\",\"b\":\"3\"}\n"
    );
    search("| makeresults | lookup ragged.csv nosuch OUTPUT b").fails(1, &["nosuch"]);
}
