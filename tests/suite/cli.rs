//! The command line: help, lists, output formats, checks, and wrong usage.

use std::process::Stdio;

use crate::drive::{Place, wait};

const SUBCOMMANDS: &[&str] = &[
    "search",
    "run",
    "repl",
    "replay",
    "store",
    "explain",
    "check",
    "fmt",
    "help",
    "list",
    "completions",
    "man",
];

/// Rows with what is hard to write: several values, missing ones, quotes, control characters.
fn odd_place() -> Place {
    let place = Place::new();
    place.write(
        "odd.ndjson",
        concat!(
            r#"{"_time":1700000000.5,"m":["a","b c","ü"],"q":"say \"x\", <b>|","c":"tab\tesc\u001b[31m","f":0.25,"t":"007"}"#,
            "\n",
            r#"{"_time":1699999999,"q":"-","c":"two\nlines","f":5,"t":"x"}"#,
            "\n",
        ),
    );
    place
}

fn written(format: &str) -> String {
    let place = odd_place();
    let spl = "* | rename m{} AS m | table _time m q c f t nosuch";
    let run = place.search(
        &["--data", "odd.ndjson", "--format", format, "--quiet"],
        spl,
    );
    let run = run.fine();
    assert_eq!(run.err, "");
    run.out.clone()
}

#[test]
fn help_of_every_subcommand_teaches_by_examples() {
    let place = Place::new();
    let all = place.run(&["--help"]);
    assert!(all.fine().out.contains("Examples:"));
    for subcommand in SUBCOMMANDS {
        assert!(
            all.out.contains(&format!("\n  {subcommand} ")),
            "{subcommand}"
        );
        let run = place.run(&[subcommand, "--help"]);
        assert!(run.fine().out.contains("Examples:"), "{subcommand}");
        assert!(run.out.contains(&format!("spelunk {subcommand}")));
        assert!(run.err.is_empty());
    }
    assert!(place.run(&["--version"]).fine().out.starts_with("spelunk "));
}

#[test]
fn commands_functions_and_topics_are_explained() {
    let place = Place::new();
    for (name, says) in [
        (
            "stats",
            &["aggregation", "Example:", "Splunk documentation:"][..],
        ),
        ("perc95", &["percentile"]),
        ("MVFILTER", &["mvfilter"]),
        ("models", &["data model"]),
        ("explain", &["--stage"]),
    ] {
        let run = place.run(&["help", name]);
        for text in says {
            assert!(run.fine().out.contains(text), "{name}: {}", run.out);
        }
    }
    let run = place.run(&["help"]);
    for word in ["Topics:", "Commands:", "Functions:", "tstats", "coalesce"] {
        assert!(run.fine().out.contains(word), "{word}");
    }
    place
        .run(&["help", "nosuchthing"])
        .fails(2, &["nosuchthing", "spelunk help"]);
    place
        .run(&["help", "statz"])
        .fails(2, &["did you mean `stats`?"]);
}

#[test]
fn everything_can_be_listed() {
    let place = Place::new();
    place.write("a.ndjson", "{\"colour\":1}\n");
    for (what, has) in [
        ("detections", "Remote Process Instantiation via WMI"),
        ("macros", "drop_dm_object_name(1)"),
        ("models", "Endpoint"),
        ("datasets", "Endpoint.Processes"),
        ("commands", "tstats"),
        ("functions", "coalesce"),
        ("fields", "colour"),
        ("sourcetypes", "_json"),
    ] {
        let run = place.run(&["list", what, "--data", "a.ndjson", "--format", "ndjson"]);
        let name = format!("{{\"name\":\"{has}\"");
        assert!(run.fine().out.contains(&name), "{what}: {}", run.out);
        let run = place.run(&["list", what, "no*such*thing", "--data", "a.ndjson"]);
        assert_eq!(run.fine().out, "0 rows\n");
    }
    place.run(&["list", "lookups"]).fine();
    let run = place.run(&["list", "models", "ENDP*", "--format", "csv"]);
    assert!(
        run.fine().out.starts_with("name,datasets\nEndpoint,"),
        "{}",
        run.out
    );
}

#[test]
fn shells_and_man_get_their_files() {
    let place = Place::new();
    for (shell, has) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef spelunk"),
        ("fish", "complete -c spelunk"),
    ] {
        let run = place.run(&["completions", shell]);
        assert!(run.fine().out.contains(has), "{shell}");
        assert!(run.out.contains("replay"));
    }
    let run = place.run(&["man"]);
    assert!(run.fine().out.contains(".TH"));
    for subcommand in SUBCOMMANDS {
        assert!(run.out.contains(subcommand), "{subcommand}");
    }
}

#[test]
fn machines_get_exact_values() {
    assert_eq!(
        written("ndjson"),
        concat!(
            r#"{"_time":1700000000.5,"m":["a","b c","ü"],"q":"say \"x\", <b>|","c":"tab\tesc\u001b[31m","f":0.25,"t":"007"}"#,
            "\n",
            r#"{"_time":1699999999,"q":"-","c":"two\nlines","f":5,"t":"x"}"#,
            "\n",
        )
    );
    let json = written("json");
    assert!(
        json.starts_with("[\n{") && json.ends_with("}\n]\n"),
        "{json}"
    );
    assert_eq!(json.matches("\"_time\"").count(), 2);
    assert_eq!(
        written("csv"),
        concat!(
            "_time,m,q,c,f,t,nosuch\n",
            "2023-11-14T22:13:20.500+0000,\"a\nb c\nü\",\"say \"\"x\"\", <b>|\",tab\tesc\u{1b}[31m,0.25,007,\n",
            "2023-11-14T22:13:19.000+0000,,-,\"two\nlines\",5,x,\n",
        )
    );
}

#[test]
fn people_get_readable_values() {
    assert_eq!(
        written("table"),
        "\
+-------------------------+-----+---------------+----------------------+------+-----+--------+
| _time                   | m   | q             | c                    | f    | t   | nosuch |
+============================================================================================+
| 2023-11-14 22:13:20.500 | a   | say \"x\", <b>| | tab    esc\\u{1b}[31m | 0.25 | 007 |        |
|                         | b c |               |                      |      |     |        |
|                         | ü   |               |                      |      |     |        |
| 2023-11-14 22:13:19     |     | -             | two                  |    5 | x   |        |
|                         |     |               | lines                |      |     |        |
+-------------------------+-----+---------------+----------------------+------+-----+--------+
2 rows
"
    );
    let vertical = written("vertical");
    assert!(vertical.starts_with("--- row 1 ---\n_time"), "{vertical}");
    assert!(!vertical.contains("nosuch  "));
    let markdown = written("markdown");
    assert!(markdown.starts_with("| \\_time |") || markdown.starts_with("| _time |"));
    assert!(markdown.contains("a<br>b c<br>ü"), "{markdown}");
    for text in [vertical, markdown] {
        assert!(!text.contains('\u{1b}'), "data must not steer the terminal");
    }
}

#[test]
fn limit_output_and_quiet_do_as_they_say() {
    let place = Place::new();
    let rows = "| makeresults count=5 | eval x=1 | table x";
    let run = place.search(&["--limit", "2"], rows);
    assert!(run.fine().out.ends_with("5 rows (2 shown)\n"));
    assert!(run.err.contains("events searched in"));
    let run = place.search(&["--limit", "2", "--format", "ndjson"], rows);
    assert_eq!(run.fine().out, "{\"x\":1}\n{\"x\":1}\n");
    let run = place.search(&["--quiet"], rows);
    assert_eq!(run.fine().err, "");
    for (file, start) in [
        ("x.csv", "x\n1\n"),
        ("x.json", "[\n{\"x\":1}"),
        ("x.ndjson", "{\"x\":1}\n"),
        ("x.jsonl", "{\"x\":1}\n"),
        ("x.md", "| x |\n"),
        ("x.txt", "+---+\n| x |\n"),
    ] {
        let run = place.search(&["--output", file], rows);
        assert_eq!(run.fine().out, "");
        let text = place.read(file);
        assert!(text.starts_with(start), "{file}: {text}");
    }
    place.search(&["--output", "x.parquet"], rows).fine();
    let back = place.rows(&["--data", "x.parquet"], "* | stats count sum(x) AS s");
    assert_eq!(back, ["{\"count\":5,\"s\":5}"]);
    place
        .search(&["--output", "nosuch/x.csv"], rows)
        .fails(1, &["nosuch/x.csv: No such file or directory"]);
    // A search that fails leaves what was there.
    place
        .search(&["--output", "x.csv"], "| hed")
        .fails(1, &["hed"]);
    assert!(place.read("x.csv").starts_with("x\n"));
}

#[test]
fn a_search_may_come_from_a_file_or_a_pipe() {
    let place = Place::new();
    let spl = "| makeresults\n| eval x=1\n| table x\n";
    let args = ["search", "--format", "ndjson"];
    let run = place.search_file(&["--format", "ndjson"], spl);
    assert_eq!(run.fine().out, "{\"x\":1}\n");
    let run = place.feed(&[&args[..], &["-"]].concat(), spl.as_bytes());
    assert_eq!(run.fine().out, "{\"x\":1}\n");
    place
        .run(&["search", "-f", "nosuch.spl"])
        .fails(1, &["nosuch.spl: No such file"]);
    place
        .run(&["search", "-f", "."])
        .fails(1, &["Is a directory"]);
}

#[test]
fn every_stage_of_a_search_is_shown() {
    let place = Place::new();
    place.write("a.ndjson", "{\"a\":1}\n{\"a\":2}\n");
    let spl = "a=2 | eval b=a+1 | rename b AS Processes.b | `drop_dm_object_name(Processes)`";
    let summed = format!("{spl} | stats sum(b) by a");
    let explained = |stage: &str| -> String {
        let run = place.run(&["explain", &summed, "--stage", stage, "--data", "a.ndjson"]);
        run.fine().out.clone()
    };
    let plan = "filter search a=2\nextend b = a + 1\nrename b AS Processes.b\nrename Processes.* AS *\n\
                aggregate sum(b) AS sum(b) BY a\n";
    for (stage, expected) in [
        (
            "macros",
            "a=2 | eval b=a+1 | rename b AS Processes.b | rename Processes.* as * | stats sum(b) by a\n".to_owned(),
        ),
        (
            "ast",
            "search a=2\n| eval b=a + 1\n| rename b AS Processes.b\n| rename Processes.* AS *\n| stats sum(b) BY a\n".to_owned(),
        ),
        ("plan", format!("scan events, newest first\n{plan}")),
        // A sum does not mind the order.
        ("optimized", format!("scan events\n{plan}")),
    ] {
        assert_eq!(explained(stage), expected, "{stage}");
    }
    // What Polars does is its own: that it filters before it adds, and reads no column for nothing.
    let polars = explained("polars");
    let at = |what: &str| {
        polars
            .find(what)
            .unwrap_or_else(|| panic!("no {what} in {polars}"))
    };
    let (sum, filter) = (at("AGGREGATE"), at("FILTER col(\"a\").()"));
    assert!(
        sum < filter && filter < at("PROJECT[\"a\"] 1/7 COLUMNS"),
        "{polars}"
    );
    assert!(!polars.contains("descending"), "{polars}");
    let run = place.run(&["explain", spl, "--steps", "--data", "a.ndjson"]);
    let steps: Vec<&str> = run
        .fine()
        .out
        .lines()
        .filter(|l| l.starts_with("| ") && !l.ends_with('|'))
        .collect();
    assert_eq!(
        steps,
        [
            "| search a=2",
            "| eval b=a + 1",
            "| rename b AS Processes.b",
            "| rename Processes.* AS *"
        ]
    );
    assert!(run.out.contains("b: number"), "{}", run.out);
    place
        .run(&["explain", "| hed"])
        .fails(1, &["unknown command `hed`"]);
}

#[test]
fn searches_files_and_folders_are_checked() {
    let place = Place::new();
    place.write("good.spl", "| makeresults\n| head 3\n");
    place.write("bad.spl", "| makeresults\n| hed 3\n");
    place.write("d/good.yml", "name: Good\nid: a\nsearch: '| makeresults'\n");
    place.write(
        "d/bad.yml",
        "name: Bad\nid: b\nsearch: '| makeresults | eval x=nofun(1)'\n",
    );
    for (what, code, has) in [
        ("| makeresults | head 3", 0, "1 checked: 1 fine"),
        ("good.spl", 0, "1 checked: 1 fine"),
        ("d/good.yml", 0, "1 checked: 1 fine"),
        ("| makeresults | hed 3", 1, "unknown command `hed`"),
        ("bad.spl", 1, "search:2:3"),
        ("d", 1, "unknown function `nofun`"),
    ] {
        let run = place.run(&["check", what]);
        assert_eq!(run.code, Some(code), "{what}: {run:?}");
        assert!(run.out.contains(has), "{what}: {}", run.out);
    }
    let run = place.run(&["check", "d"]);
    assert!(
        run.out
            .contains("2 checked: 1 fine, 0 unsupported, 1 wrong")
    );
    place
        .run(&["check", "nosuch.spl"])
        .fails(1, &["nosuch.spl: No such file"]);
}

#[test]
fn wrong_usage_ends_with_2() {
    let place = Place::new();
    let search = "| makeresults";
    for (args, says) in [
        (
            &["sarch", "x"][..],
            &["unrecognized subcommand 'sarch'", "'search'"][..],
        ),
        (&["search"], &["<SPL>", "--help"]),
        (
            &["search", search, "--frmat", "csv"],
            &["'--frmat'", "'--format'"],
        ),
        (&["search", search, "--format", "xlsx"], &["xlsx", "ndjson"]),
        (&["search", search, "--limit", "many"], &["--limit", "many"]),
        (
            &["search", search, "--tz", "Europe/Berlim"],
            &["did you mean Europe/Berlin?"],
        ),
        (
            &["search", search, "--tz", "Nowhere"],
            &["unknown time zone", "Europe/Berlin"],
        ),
        (
            &["search", search, "--now", "soonish"],
            &["--now", "soonish", "-1d@d"],
        ),
        (&["search", search, "--earliest", "?"], &["--earliest"]),
        (&["search", search, "--model", "x"], &["MODEL.DATASET=PATH"]),
        (
            &["search", search, "--format", "parquet"],
            &["add --output FILE"],
        ),
        (&["search", search, "--color", "red"], &["red", "always"]),
        (
            &["explain", search, "--stage", "x"],
            &["macros, ast, plan, optimized, physical, polars"],
        ),
        (&["list", "x"], &["detections", "sourcetypes"]),
        (&["completions", "x"], &["bash", "zsh", "fish"]),
        (&["run"], &["<DETECTION>"]),
        (&["repl", "--output", "x.csv"], &[".save FILE"]),
    ] {
        place.run(args).fails(2, says);
    }
}

#[test]
fn searches_are_laid_out() {
    let place = Place::new();
    let (typed, laid_out) = (
        "a=1|stats  count by b ```why```",
        "a=1\n| stats count by b ```why```\n",
    );
    let printed = |args: &[&str]| place.run(args).fine().out.clone();
    assert_eq!(printed(&["fmt", typed]), laid_out);
    place.write("x.spl", typed);
    place.write("y.spl", laid_out);
    let told = place.run(&["fmt", "--check", "x.spl", "y.spl"]);
    assert_eq!((told.code, told.out.as_str()), (Some(1), "x.spl\n"));
    assert_eq!(printed(&["fmt", "-w", "x.spl"]), "");
    assert_eq!(printed(&["fmt", "x.spl"]), laid_out);
    assert_eq!(printed(&["fmt", "--check", "x.spl", "y.spl"]), "");
    place.run(&["fmt", "a \"b"]).fails(1, &["unbalanced quote"]);
    place
        .run(&["fmt", "nothing.spl"])
        .fails(1, &["nothing.spl"]);
    place.run(&["fmt", "-w", typed]).fails(2, &["name one"]);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    use std::io::Read as _;
    let place = Place::new();
    let search = "| makeresults count=200000";
    for args in [
        &["search", search][..],
        &["search", search, "--format", "ndjson"],
        &["search", search, "--format", "csv"],
        &["list", "datasets", "--format", "json"],
    ] {
        let mut child = place
            .command(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut start = [0; 10];
        let mut pipe = child.stdout.take().expect("standard output is a pipe");
        pipe.read_exact(&mut start).expect("something is written");
        drop(pipe);
        let run = wait(child, Vec::new(), Vec::new());
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{args:?}");
    }
}

/// Waits until a process has worked for a third of a second: it is in the middle of a search that takes
/// longer, on a machine of any speed and load.
#[cfg(target_os = "linux")]
fn until_busy(id: u32) {
    /// Hundredths of a second.
    const WORKED: u64 = 33;
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs still");
        // Behind the name in parentheses: the state, and as the 12th and 13th `utime` and `stime`.
        let after = stat.rsplit(')').next().unwrap_or_default().trim_start();
        assert!(!after.starts_with('Z'), "it has ended");
        let worked: u64 = after
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        if worked >= WORKED {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_search_at_once() {
    use std::io::Read as _;
    use std::process::Command;

    let place = Place::new();
    for (spl, writes) in [
        (
            "| makeresults count=20000000 | eval x=len(sha512(random())) | stats sum(x)",
            false,
        ),
        (
            "| makeresults count=40000000 | eval x=_time%7 | sort x",
            false,
        ),
        // All of the time goes into the output.
        ("| makeresults count=40000000", true),
    ] {
        let mut child = place
            .command(&["search", "--quiet", spl])
            .stdin(Stdio::null())
            .stdout(if writes {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        match child.stdout.as_mut() {
            Some(out) => out.read_exact(&mut [0; 100_000]).expect("rows are written"),
            None => until_busy(child.id()),
        }
        let id = child.id().to_string();
        let status = Command::new("kill").args(["-INT", &id]).status();
        assert!(status.is_ok_and(|s| s.success()), "it runs still: {spl}");
        // One that is not interrupted ends well, much later.
        let run = wait(child, Vec::new(), Vec::new());
        match writes {
            true => assert_eq!(run.says(&["interrupted"]).code, Some(1)),
            false => drop(run.fails(1, &["interrupted"])),
        }
    }
}
