//! Parquet files, rows of data models and stores that are damaged, some of them in places that only a search
//! comes to.

use std::io::Write as _;

use polars::prelude::{DataFrame, DataType, NamedFrom as _, ParquetWriter, Series, TimeUnit};

use crate::damaged_archives::rows;
use crate::drive::{Place, Run};

/// A Parquet file with the rows `a` of these numbers and a text that does not compress well.
pub fn parquet(numbers: std::ops::Range<u64>, group: usize) -> Vec<u8> {
    let mixed = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let texts: Vec<String> = numbers
        .clone()
        .map(|n| format!("{:016x}", mixed(n)))
        .collect();
    let count = texts.len();
    let salts: Vec<i64> = numbers.clone().map(|n| (mixed(n) >> 20) as i64).collect();
    let micros = DataType::Datetime(TimeUnit::Microseconds, None);
    let times: Vec<i64> = numbers.clone().map(|n| n as i64 * 1_000_000).collect();
    let times = Series::new("_time".into(), times).cast(&micros);
    let columns = vec![
        times.expect("a time").into(),
        Series::new("a".into(), numbers.map(|n| n as i64).collect::<Vec<_>>()).into(),
        Series::new("salt".into(), salts).into(),
        Series::new("text".into(), texts).into(),
    ];
    let mut frame = DataFrame::new(count, columns).expect("of one height");
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_row_group_size(Some(group))
        .finish(&mut frame)
        .expect("memory can be written");
    bytes
}

/// The same with one page damaged, of the text of the last rows, which a footer does not show.
fn bent(bytes: &[u8]) -> Vec<u8> {
    let mut bent = bytes.to_vec();
    let footer = u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().expect("four"));
    let page = bytes.len() - 8 - footer as usize - 3_000;
    bent[page..page + 2_000].fill(0xff);
    bent
}

/// The same with all pages damaged.
fn rotten(bytes: &[u8]) -> Vec<u8> {
    let mut rotten = bytes.to_vec();
    let footer = u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().expect("four"));
    let end = bytes.len() - 8 - footer as usize;
    rotten[4..end].fill(0xff);
    rotten
}

fn data(place: &Place, files: &[&str], spl: &str) -> Run {
    let mut args: Vec<&str> = files.iter().flat_map(|file| ["--data", file]).collect();
    args.extend(["--format", "ndjson"]);
    place.search(&args, spl)
}

#[test]
fn row_groups_that_are_damaged_cost_their_own_rows() {
    let place = Place::new();
    place.write("x/good.parquet", parquet(0..1_000, 1_000));
    place.write("x/bent.parquet", bent(&parquet(0..4_000, 1_000)));
    let cut = parquet(0..1_000, 1_000);
    place.write("x/cut.parquet", &cut[..cut.len() - 100]);
    let run = data(&place, &["x"], "* | stats count dc(text) as texts");
    assert_eq!(run.fine().out, "{\"count\":4000,\"texts\":3000}\n");
    run.says(&[
        "x/bent.parquet: 1 place could not be read, the first at row 3001: 1000 rows are damaged and left out",
        "x/cut.parquet: skipped: damaged: ",
    ]);
    data(&place, &["x/cut.parquet"], "*").fails(1, &["x/cut.parquet: damaged: "]);
    let whole = bent(&parquet(0..1_000, 1_000));
    place.write("whole.parquet", whole);
    data(&place, &["whole.parquet"], "*").fails(1, &["whole.parquet", "1000 rows are damaged"]);
}

#[test]
fn large_files_that_are_damaged_are_left_out_when_a_search_comes_to_it() {
    let place = Place::new();
    // From half a million rows on they are read as they are needed.
    let large = parquet(0..400_000, 100_000);
    place.write("x/a.parquet", &large);
    place.write("x/b.parquet", bent(&large));
    place.write("x/c.parquet", &large);
    place.write("x/d.parquet", [&b"PAR1"[..], &[0; 900]].concat());
    std::fs::create_dir(place.path().join("empty")).expect("a folder can be made");
    // What does not touch the page does not mind.
    let run = data(&place, &["x"], "* | stats count");
    assert_eq!(run.fine().out, "{\"count\":1200000}\n");
    run.says(&["x/d.parquet: skipped: damaged: "]);
    let spl = "* | stats count(text) as n dc(a) as numbers";
    let run = data(&place, &["x"], spl);
    assert_eq!(run.fine().out, "{\"n\":1100000,\"numbers\":400000}\n");
    let says = "x/b.parquet: 1 place could not be read, the first at row 300001: 100000 rows are damaged and left out";
    run.says(&[says, "x/d.parquet: skipped: damaged: "]);
    // Filters work on what is left.
    let spl = "source=x/b.parquet a>299997 | table a text";
    let run = data(&place, &["x"], spl);
    assert_eq!(run.fine().out.lines().count(), 2, "{}", run.out);
    // At the prompt it is known from then on.
    let script = ".format ndjson\n* | stats count(text) as n\n* | stats count\n";
    let run = place.feed(&["repl", "--data", "x"], script.as_bytes());
    let expected = "{\"n\":1100000}\n{\"count\":1100000}\n";
    assert_eq!(run.out, expected, "{run:?}");
    assert_eq!(run.err.matches(says).count(), 1, "{}", run.err);
    // Nothing else: an error that names it.
    for file in ["a", "c", "d"] {
        let file = place.path().join(format!("x/{file}.parquet"));
        std::fs::remove_file(file).expect("it is there");
    }
    place.write("x/b.parquet", rotten(&parquet(0..600_000, 100_000)));
    data(&place, &["x"], "* | stats count(text)")
        .fails(1, &["x/b.parquet: damaged: 600000 rows are damaged"]);
}

#[test]
fn rows_of_data_models_are_read_from_what_is_sound() {
    let place = Place::new();
    let spl = "| tstats count from datamodel=Endpoint.Processes where Processes.dest=*";
    let model = |path: &str| {
        let model = format!("Endpoint.Processes={path}");
        place.search(&["--model", &model, "--format", "ndjson"], spl)
    };
    place.write(
        "m/a.ndjson",
        "{\"dest\":\"h\"}\n{\"dest\":\n{\"dest\":\"i\"}\n",
    );
    place.write("m/b.ndjson", "{\"dest\"\n");
    place.write("m/c.csv", "dest,user\nj,u\n");
    place.write("m/notes.md", "none of it");
    place.write("m/_log/x.json", "{\"dest\":\"none of it\"}\n");
    let run = model("m");
    assert_eq!(run.fine().out, "{\"count\":3}\n");
    run.says(&[
        "m/a.ndjson: 1 place could not be read, the first at line 2",
        "m/b.ndjson: skipped: line 1: the JSON object is cut off",
    ]);
    assert!(!run.err.contains("notes.md"), "{}", run.err);
    model("m/b.ndjson").fails(1, &["m/b.ndjson:1: the JSON object is cut off"]);
    model("m/nosuch.csv").fails(1, &["m/nosuch.csv: No such file"]);
    std::fs::create_dir(place.path().join("empty")).expect("a folder can be made");
    model("empty").fails(1, &["this folder contains no Parquet, JSON or CSV file"]);
}

/// A Parquet file with a column `dest` and, as there are always some, another.
fn dests(count: usize, other: &str) -> Vec<u8> {
    let dests: Vec<String> = (0..count)
        .map(|n| format!("host-{n:08}-{}", n * 7919))
        .collect();
    let others: Vec<i32> = (0..count).map(|n| n as i32).collect();
    let columns = vec![
        Series::new(other.into(), others).into(),
        Series::new("dest".into(), dests).into(),
    ];
    let mut frame = DataFrame::new(count, columns).expect("of one height");
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .finish(&mut frame)
        .expect("memory can be written");
    bytes
}

#[test]
fn a_damaged_parquet_file_of_a_data_model_is_left_out() {
    let place = Place::new();
    let spl = "| tstats dc(Processes.dest) as n from datamodel=Endpoint.Processes";
    let model = |path: &str| {
        let model = format!("Endpoint.Processes={path}");
        place.search(&["--model", &model, "--format", "ndjson"], spl)
    };
    place.write("m/a.parquet", dests(2_000, "process_id"));
    // Other columns are no damage.
    place.write("m/b.parquet", dests(3_000, "parent_process_id"));
    assert_eq!(model("m").fine().out, "{\"n\":3000}\n");
    let whole = dests(5_000, "process_id");
    place.write("m/c.parquet", &whole[..whole.len() - 50]);
    let run = model("m");
    assert_eq!(run.fine().out, "{\"n\":3000}\n");
    run.says(&["m/c.parquet: skipped: damaged: "]);
    place.write("m/c.parquet", bent(&whole));
    let run = model("m");
    assert_eq!(run.fine().out, "{\"n\":3000}\n");
    run.says(&["m/c.parquet: skipped: damaged: "]);
    model("m/c.parquet").fails(1, &["m/c.parquet: damaged: "]);
}

/// Files below a folder whose name ends so, sorted.
fn below(place: &Place, folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![place.path().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let path = path.strip_prefix(place.path()).expect("it is in the place");
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// A store with two sources, of 300 and 500 events, and the Parquet file of the larger one.
fn store() -> (Place, String) {
    let place = Place::new();
    place.write("small.ndjson", rows(0..300));
    place.write("large.ndjson", rows(0..500));
    place
        .run(&["replay", "small.ndjson", "large.ndjson"])
        .fine();
    let files = below(&place, ".spelunk/events", ".parquet");
    assert_eq!(files.len(), 2);
    let size = |file: &String| {
        std::fs::metadata(place.path().join(file))
            .expect("there")
            .len()
    };
    let larger = files.into_iter().max_by_key(size).expect("two of them");
    (place, larger)
}

#[test]
fn a_damaged_file_of_the_store_is_named_and_the_rest_is_searched() {
    let (place, file) = store();
    let whole = std::fs::read(place.path().join(&file)).expect("it is there");
    let inside = rotten(&whole);
    for (damaged, says) in [
        (&whole[..200], "the stored file is damaged"),
        (&inside, "the stored file is damaged"),
        (&b""[..], "the stored file is damaged"),
    ] {
        place.write(&file, damaged);
        let run = place.search(&["--format", "ndjson"], "* | stats count(salt) as n");
        assert_eq!(run.fine().out, "{\"n\":300}\n");
        run.says(&[
            &file,
            says,
            "its 500 events are left out (run `spelunk store verify` for a remedy)",
        ]);
        let run = place.run(&["store", "verify", "--format", "ndjson"]);
        assert_eq!(run.code, Some(1));
        assert!(
            run.out.contains(&file) && run.out.contains("replay large.ndjson"),
            "{}",
            run.out
        );
    }
    std::fs::remove_file(place.path().join(&file)).expect("it is there");
    let run = place.search(&["--format", "ndjson"], "* | stats count");
    assert_eq!(run.fine().out, "{\"count\":300}\n");
    run.says(&[&file, "No such file", "500 events are left out"]);
    // Detections run over what is left, and replaying puts it right.
    place.write(
        "d.yml",
        "name: Counts\nid: 0a1b\nsearch: 'salt=* | stats count | where count > 0'\n",
    );
    let run = place.run(&["run", "d.yml", "--format", "ndjson"]);
    assert!(run.fine().out.contains("\"count\":300"), "{}", run.out);
    run.says(&[&file]);
    place.write(&file, &inside);
    let run = place.run(&["run", "d.yml", "--format", "ndjson"]);
    assert!(run.fine().out.contains("\"count\":300"), "{}", run.out);
    run.says(&[&file]);
    place.run(&["replay", "large.ndjson"]).fine();
    let run = place.search(&["--format", "ndjson"], "* | stats count(salt) as n");
    assert_eq!(run.fine().out, "{\"n\":800}\n");
    assert!(!run.err.contains("damaged"), "{}", run.err);
}

#[test]
fn a_damaged_manifest_costs_its_own_events() {
    let (place, file) = store();
    let manifest = file.rsplit_once('/').expect("a folder").0.to_owned() + "/manifest.json";
    place.write(&manifest, "{\"generation\": 1, ");
    let run = place.search(&["--format", "ndjson"], "* | stats count");
    assert_eq!(run.fine().out, "{\"count\":300}\n");
    run.says(&[&manifest, "the events that it names are left out"]);
    // Writing others leaves it alone; replaying its own file replaces it.
    place.write("third.ndjson", rows(0..7));
    place.run(&["replay", "third.ndjson"]).fine();
    assert!(place.path().join(&file).exists());
    place.run(&["replay", "large.ndjson"]).fine();
    let run = place.search(&["--format", "ndjson"], "* | stats count");
    assert_eq!(run.fine().out, "{\"count\":807}\n");
    run.fine();
    assert!(!run.err.contains("damaged"), "{}", run.err);
}

#[test]
fn damaged_summaries_are_made_of_the_events() {
    let place = Place::new();
    let mut log = Vec::new();
    for n in 0..200 {
        writeln!(
            log,
            "{{\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"EventID\":1,\"Computer\":\"h{n}\",\"Image\":\"C:\\\\a{n}.exe\",\"CommandLine\":\"a{n} /x{}\",\"UtcTime\":\"2024-05-15 11:00:00.000\"}}",
            n * 7919
        )
        .expect("memory can be written");
    }
    place.write("sysmon.json", log);
    place.run(&["replay", "sysmon.json"]).fine();
    let spl = "| tstats count dc(Processes.dest) as n from datamodel=Endpoint.Processes";
    let search = || place.search(&["--format", "ndjson"], spl);
    let expected = search().fine().out.clone();
    assert!(expected.contains("\"count\":200"), "{expected}");
    let files = below(&place, ".spelunk/models/Endpoint.Processes", ".parquet");
    let whole = std::fs::read(place.path().join(&files[0])).expect("it is there");
    place.write(&files[0], rotten(&whole));
    let run = search();
    assert_eq!(run.fine().out, expected);
    run.says(&[&files[0], "its summaries are built from the events"]);
    place.write(".spelunk/models/manifest.json", "{");
    let run = search();
    assert_eq!(run.fine().out, expected);
    run.says(&[
        "models/manifest.json",
        "summaries are built from the events",
    ]);
    place.run(&["store", "summarize"]).fine();
    let run = search();
    assert_eq!(run.fine().out, expected);
    assert!(!run.err.contains("manifest"), "{}", run.err);
}
