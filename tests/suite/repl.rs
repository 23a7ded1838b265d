//! The prompt: as a script on standard input, and on a terminal.

use crate::drive::{Place, Run};

/// Runs a script that ends fine, and gives its output.
#[track_caller]
fn script(place: &Place, text: &str) -> String {
    let run = repl(place, text);
    run.fine();
    run.out
}

fn repl(place: &Place, text: &str) -> Run {
    place.feed(&["repl", "--now", "1700000000"], text.as_bytes())
}

fn place() -> Place {
    let place = Place::new();
    place.write("a.ndjson", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n");
    place.write("p.csv", "dest,process_name\nh1,a.exe\nh1,b.exe\n");
    place
}

#[test]
fn searches_go_over_several_lines() {
    let place = place();
    let out = script(
        &place,
        ".format ndjson
| makeresults |
  eval x=\"two
words\", y=(1
  + 2) |
  table x y
| makeresults | append [
  | makeresults
] | stats count
",
    );
    assert_eq!(out, "{\"x\":\"two\\nwords\",\"y\":3}\n{\"count\":2}\n");
    // Without a line break at the end.
    assert_eq!(
        script(&place, ".format ndjson\n| makeresults | table x"),
        "{}\n"
    );
    assert_eq!(script(&place, ""), "");
    assert_eq!(script(&place, "\n\n  \n"), "");
}

#[test]
fn an_error_does_not_end_a_script_but_decides_its_exit_code() {
    let run = repl(
        &place(),
        ".format ndjson
| hed
| makeresults | eval x=1 | table x
| makeresults | eval x=\"unbalanced

| makeresults | eval x=2 | table x
.nosuch
.fromat csv
.limit x
.format xlsx
.data nosuch.json
a=1
.data none
| makeresults | eval x=3 | table x
",
    );
    assert_eq!(run.code, Some(1));
    assert_eq!(run.out, "{\"x\":1}\n{\"x\":2}\n{\"x\":3}\n");
    run.says(&[
        "unknown command `hed`",
        "did you mean `head`?",
        "unbalanced quote",
        "unknown command .nosuch; .help lists them",
        "did you mean .format?",
        "a number of rows, or all",
        "expected one of table, vertical",
        "nosuch.json: No such file or directory",
    ]);
    let run = place().feed(&["repl"], b"| makeresults | eval x=caf\xe9\n.quit\n");
    assert_eq!(run.code, Some(1));
    run.says(&["standard input:1: a search must be UTF-8 text"]);
}

#[test]
fn dot_commands_do_as_they_say() {
    let place = place();
    let out = script(&place, ".help\n.help stats\n.help perc95\n");
    for text in [".save FILE", "Aggregates over", "percentile"] {
        assert!(out.contains(text), "{text}");
    }
    let out = script(
        &place,
        ".format\n.format csv\n.format\n.limit\n.limit 1\n.limit\n.limit all\n.timing off\n.timing\n.data\n.data a.ndjson\n.data\n",
    );
    assert_eq!(
        out,
        "auto\ncsv\nall\n1\ntiming off\ntiming on\nthe store in .spelunk\na.ndjson\n"
    );
    let run = repl(&place, ".timing off\n| makeresults\n");
    assert!(!run.fine().err.contains("searched in"));
    let run = repl(&place, "| makeresults\n");
    assert!(run.fine().err.contains("events searched in"));
    let out = script(
        &place,
        ".format csv\n.macros drop_dm*\n.limit 1\n.data a.ndjson\n* | table a\n",
    );
    assert!(out.contains("drop_dm_object_name(1)"), "{out}");
    assert!(out.ends_with("a\n1\n"), "{out}");
    assert_eq!(script(&place, ".quit\n| hed\n"), "");
}

#[test]
fn data_and_models_are_added_and_forgotten() {
    let place = place();
    let out = script(
        &place,
        ".format csv
.data a.ndjson
* | stats count
.fields
.model Endpoint.Processes=p.csv
| tstats count from datamodel=Endpoint.Processes by Processes.dest
.data none
* | stats count
",
    );
    assert_eq!(
        out,
        "count\n2\nfield,type,rows,example\ncount,number,1,2\nProcesses.dest,count\nh1,2\ncount\n0\n"
    );
    let out = script(
        &place,
        ".format csv\n.data a.ndjson\n.fields b*\n* | table a b\n.fields\n",
    );
    assert_eq!(
        out,
        "name\nb\na,b\n1,x\n2,\nfield,type,rows,example\na,number,2,1\nb,text,1,x\n"
    );
    let run = repl(&place, ".model Endpoint=p.csv\n");
    assert_eq!(run.code, Some(1));
    run.says(&["MODEL.DATASET=PATH"]);
}

#[test]
fn the_last_search_is_explained_and_its_rows_saved() {
    let place = place();
    let run = repl(&place, ".save x.csv\n.explain\n.steps\n.save\n");
    assert_eq!(run.code, Some(1));
    run.says(&["run a search first", "no search yet", "expected a file"]);
    let out = script(
        &place,
        "| makeresults count=2 | eval x=1 | fields x
.explain
.explain ast
.explain macros | makeresults | `drop_dm_object_name(P)`
.steps
.steps | makeresults |
  eval y=2
.limit 1
.save x.csv
.save 'a b.ndjson'
.save x.parquet
",
    );
    for text in [
        "generate 2",
        "| makeresults count=2\n| eval x=1\n| fields x",
        "| makeresults | rename P.* as *",
        "| eval x=1\n  _time: time, x: number",
        "| eval y=2\n  _time: time, y: number",
    ] {
        assert!(out.contains(text), "{text}: {out}");
    }
    assert_eq!(place.read("x.csv").lines().count(), 3, "all rows are saved");
    assert!(place.read("a b.ndjson").contains("\"x\":1"));
    let rows = place.rows(&["--data", "x.parquet"], "* | stats count");
    assert_eq!(rows, ["{\"count\":2}"]);
    let run = repl(&place, "| makeresults\n.save x.xlsx\n.save nosuch/x.csv\n");
    assert_eq!(run.code, Some(1));
    run.says(&[
        "selects the format",
        ".parquet",
        "nosuch/x.csv: No such file",
    ]);
}

/// On a terminal of its own, which the command `script` gives.
#[cfg(target_os = "linux")]
mod terminal {
    use std::io::{Read as _, Write as _};
    use std::process::{Child, ChildStdin, Command, Stdio};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use crate::drive::{Place, alone};
    use crate::testing::skip;

    struct Terminal {
        child: Child,
        keys: ChildStdin,
        seen: Arc<Mutex<String>>,
        read: usize,
    }

    impl Terminal {
        /// The prompt on a terminal; none where there is no `script`.
        fn open(place: &Place) -> Option<Terminal> {
            // `exec`: a shell that stays in between would take Ctrl-C for its own and end with 130.
            let command = format!("exec '{}' repl", env!("CARGO_BIN_EXE_spelunk"));
            let started = alone(&mut Command::new("script"))
                .args(["-qefc", &command, "/dev/null"])
                .current_dir(place.path())
                .env("TERM", "xterm")
                .env("SHELL", "/bin/sh")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn();
            let mut child = match started {
                Ok(child) => child,
                Err(why) => {
                    skip(&format!(
                        "no terminal: the command `script` does not start: {why}"
                    ));
                    return None;
                }
            };
            let seen = Arc::new(Mutex::new(String::new()));
            let mut out = child.stdout.take().expect("output is a pipe");
            let shared = Arc::clone(&seen);
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = out.read(&mut bytes) {
                    let text = String::from_utf8_lossy(&bytes[..count]);
                    shared.lock().expect("not poisoned").push_str(&text);
                }
            });
            let keys = child.stdin.take().expect("input is a pipe");
            Some(Terminal {
                child,
                keys,
                seen,
                read: 0,
            })
        }

        fn press(&mut self, keys: &str) {
            self.keys
                .write_all(keys.as_bytes())
                .expect("the terminal is open");
            self.keys.flush().expect("the terminal is open");
        }

        /// Presses the keys, and again after a long while, until `text` is shown: a key that is pressed
        /// before the search has begun is not for the search, and one too many clears the next line.
        #[track_caller]
        fn press_until(&mut self, keys: &str, text: &str) {
            for round in 0..12 * 200 {
                std::thread::sleep(Duration::from_millis(50));
                if self.seen.lock().expect("not poisoned")[self.read..].contains(text) {
                    break;
                }
                if round % 200 == 10 {
                    self.press(keys);
                }
            }
            self.expect(text);
        }

        /// Waits until `text` is shown, after what was waited for before.
        #[track_caller]
        fn expect(&mut self, text: &str) {
            let started = Instant::now();
            loop {
                let seen = self.seen.lock().expect("not poisoned").clone();
                if let Some(at) = seen[self.read..].find(text) {
                    self.read += at + text.len();
                    return;
                }
                if started.elapsed() > Duration::from_secs(120) {
                    let _ = self.child.kill();
                    panic!("`{text}` is not shown in:\n{}", &seen[self.read..]);
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    #[test]
    fn keys_complete_and_stop_a_search_without_leaving() {
        let place = Place::new();
        let Some(mut terminal) = Terminal::open(&place) else {
            return;
        };
        terminal.expect("Ctrl-D leaves");
        terminal.expect("> ");
        terminal.press("| makere\t| eval first=40+2 | table first\r");
        terminal.expect("makeresults");
        terminal.expect("42");
        terminal.expect("1 row");
        terminal.expect("> ");
        // Ctrl-C clears a line.
        terminal.press("| rubbish\u{3}");
        terminal.expect("> ");
        terminal
            .press("| makeresults count=20000000 | eval x=len(sha512(random())) | stats sum(x)\r");
        terminal.press_until("\u{3}", "interrupted");
        terminal.expect("> ");
        // A trailing pipe goes on in the next line.
        terminal.press("| makeresults |\reval second=6*7 |\rtable second\r");
        terminal.expect("second");
        terminal.expect("42");
        terminal.expect("> ");
        terminal.press("\u{4}");
        let started = Instant::now();
        let status = loop {
            if let Some(status) = terminal
                .child
                .try_wait()
                .expect("a child can be waited for")
            {
                break status;
            }
            assert!(
                started.elapsed() < Duration::from_secs(120),
                "Ctrl-D does not leave"
            );
            std::thread::sleep(Duration::from_millis(10));
        };
        let seen = terminal.seen.lock().expect("not poisoned").clone();
        assert!(status.success(), "{status}, after:\n{seen:?}");
        assert!(place.read(".spelunk/history").contains("first=40+2"));
    }
}
