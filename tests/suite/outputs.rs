//! Files that the user names for output: there whole or not at all.

use crate::drive::{Place, wait};
use crate::testing;

const ROWS: &str = "| makeresults count=3 | streamstats count AS n | table n";
const DRAWN: &str = "| makeresults count=3 | streamstats count AS n | eval a=\"x\".n | table a n";

/// Names in the folder, without that of the store.
fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path()).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != ".spelunk")
        .collect();
    names.sort();
    names
}

/// Runs that fail before or while they write.
const FAILING: &[&[&str]] = &[
    &["run", "no_such_detection"],
    &["run", "no_such_detection", "--format", "json"],
    &["run", "no_such_detection", "--format", "html"],
    &["run", "no_such_detection", "--format", "sarif"],
    &["search", "| hed"],
    &["search", "| makeresults | eval x=(1"],
    &["search", "| hed", "--steps"],
    &[
        "search",
        "| makeresults | stats count",
        "--steps",
        "--format",
        "parquet",
    ],
    &["explain", "| hed"],
    &["explain", "| hed", "--steps"],
    &["why", "--search", "| hed"],
    &["why", "no_such_detection"],
    &["diff", "no_such_detection", "neither_this"],
    &["check", "no_such_detection"],
    &["test", "no_such_detection", "--format", "junit"],
    &["help", "nosuchthing"],
    &["list", "detections", "--format", "junit"],
    &["fmt", "| eval \"x"],
    &["fmt", "nothing.spl"],
];

#[test]
fn a_run_that_fails_leaves_no_file() {
    for args in FAILING {
        let place = Place::new();
        let mut all = args.to_vec();
        all.extend(["--output", "out.file"]);
        let run = place.run(&all);
        assert_ne!(run.code, Some(0), "{args:?}: {run:?}");
        assert!(names(&place).is_empty(), "{args:?}: {:?}", names(&place));
    }
}

#[test]
fn a_run_that_fails_leaves_the_old_file() {
    for args in FAILING {
        let place = Place::new();
        place.write("out.file", "precious\n");
        let mut all = args.to_vec();
        all.extend(["--output", "out.file"]);
        let run = place.run(&all);
        assert_ne!(run.code, Some(0), "{args:?}: {run:?}");
        assert_eq!(place.read("out.file"), "precious\n", "{args:?}");
        assert_eq!(names(&place), ["out.file"], "{args:?}");
    }
}

#[test]
fn other_files_of_a_run_that_fails_stay() {
    let place = Place::new();
    place.write("layer.json", "precious");
    place.write("x.svg", "precious");
    place.write("x.tmp", "mine");
    place
        .run(&["run", "no_such_detection", "--navigator", "layer.json"])
        .fails(1, &["no_such_detection"]);
    place
        .search(&["--plot-file", "x.svg"], "| makeresults | table none")
        .fails(2, &["numeric column"]);
    assert_eq!(place.read("layer.json"), "precious");
    assert_eq!(place.read("x.svg"), "precious");
    place.search(&["--plot-file", "x.svg"], DRAWN).fine();
    assert!(place.read("x.svg").starts_with("<svg"));
    assert_eq!(
        place.read("x.tmp"),
        "mine",
        "a neighbour is no temporary file"
    );
    let script =
        "| makeresults count=2 | table none\n.save x.csv\n.plot x.svg\n.save nowhere/x.csv\n";
    place.write("x.csv", "precious");
    place
        .feed(&["repl"], script.as_bytes())
        .says(&["nowhere/x.csv: No such file"]);
    assert!(place.read("x.svg").starts_with("<svg"));
    assert_ne!(place.read("x.csv"), "precious");
}

#[test]
fn reports_with_findings_are_written_though_the_exit_code_is_1() {
    let place = Place::new();
    place.write("bad.yml", "name: Bad\nid: b\nsearch: '| hed'\n");
    place.write("out.sarif", "precious");
    let run = place.run(&["check", "bad.yml", "--output", "out.sarif"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(place.read("out.sarif").contains("\"runs\""));
    let rows = place.write("a.ndjson", "{\"a\":1}\n").display().to_string();
    let run = place.run(&["run", "bad.yml", "--data", &rows, "-o", "out.ndjson"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(place.read("out.ndjson").contains("\"status\":\"error\""));
}

#[test]
fn the_file_that_is_searched_can_be_the_one_that_is_written() {
    let place = Place::new();
    let rows: String = (0..5000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    place.write("a.ndjson", rows);
    let args = ["--data", "a.ndjson", "--output", "a.ndjson"];
    place.search(&args, "* | sort 0 -n | table n").fine();
    let text = place.read("a.ndjson");
    assert_eq!(text.lines().count(), 5000);
    assert!(text.starts_with("{\"n\":4999}\n"), "{}", &text[..40]);
}

#[cfg(unix)]
#[test]
fn links_permissions_and_special_files_are_respected() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::{Command, Stdio};
    let place = Place::new();
    let real = place.write("d/real.csv", "precious");
    std::fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).expect("set");
    symlink("d/real.csv", place.path().join("x.csv")).expect("a link");
    place.search(&["--output", "x.csv"], ROWS).fine();
    assert!(place.path().join("x.csv").is_symlink());
    assert_eq!(place.read("d/real.csv"), "n\n1\n2\n3\n");
    let meta = std::fs::metadata(&real).expect("there");
    assert_eq!(meta.permissions().mode() & 0o777, 0o640);
    place.search(&["--output", "/dev/null"], ROWS).fine();
    let csv = ["--format", "csv", "--output", "/dev/stdout"];
    assert_eq!(place.search(&csv, ROWS).fine().out, "n\n1\n2\n3\n");
    // The shell's file is written, not replaced, and what it held stays.
    let log = place.write("log.csv", "before\n");
    let file = std::fs::File::options()
        .append(true)
        .open(&log)
        .expect("open");
    let status = place
        .command(&["search", ROWS, "--format", "csv", "--output", "/dev/stdout"])
        .stdin(Stdio::null())
        .stdout(file)
        .status();
    assert!(status.is_ok_and(|status| status.success()));
    assert_eq!(place.read("log.csv"), "before\nn\n1\n2\n3\n");
    let fifo = place.path().join("pipe");
    if !Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .is_ok_and(|s| s.success())
    {
        testing::skip("mkfifo is not there");
        return;
    }
    let reader = std::thread::spawn(move || std::fs::read_to_string(fifo).unwrap_or_default());
    place
        .search(&["--format", "csv", "--output", "pipe"], ROWS)
        .fine();
    assert_eq!(reader.join().unwrap_or_default(), "n\n1\n2\n3\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_of_the_file() {
    let place = Place::new();
    place
        .search(&["--output", "/dev/full"], ROWS)
        .fails(1, &["/dev/full: No space left on device"]);
    place.write("out.csv", "precious");
    for (limited, what) in [("out.csv", "precious"), ("new.csv", "")] {
        // Where the system lets no file grow beyond that, it ends as on a full disk.
        let program = env!("CARGO_BIN_EXE_spelunk");
        let script = format!(
            "trap '' XFSZ; ulimit -f 8; {program} search '| makeresults count=200000' -o {limited}"
        );
        let run = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(place.path())
            .output();
        let Ok(run) = run else {
            testing::skip("bash is not there");
            return;
        };
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{said}");
        assert!(
            said.contains(&format!("{limited}: File too large")),
            "{said}"
        );
        match what {
            "" => assert!(!place.path().join(limited).exists()),
            old => assert_eq!(place.read(limited), old),
        }
        assert_eq!(names(&place), ["out.csv"]);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_old_file() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    // Once stops the search in order, twice ends the program at once.
    for presses in [1, 2] {
        let place = Place::new();
        place.write("out.csv", "precious");
        let child = place
            .command(&["search", "| makeresults count=40000000", "-o", "out.csv"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let started = Instant::now();
        while names(&place).len() < 2 && started.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let id = child.id().to_string();
        for press in 0..presses {
            let status = Command::new("kill").args(["-INT", &id]).status();
            // It may have ended before the second.
            assert!(press > 0 || status.is_ok_and(|status| status.success()));
        }
        let run = wait(child, Vec::new(), Vec::new());
        assert_ne!(run.code, Some(0), "{run:?}");
        assert_eq!(place.read("out.csv"), "precious");
        assert_eq!(names(&place), ["out.csv"], "pressed {presses} times");
    }
}
