//! The program as a user runs it: in a folder of its own, with a limit on time.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Seconds after which a run counts as hanging.
const PATIENCE: u64 = 300;

/// Words that only a programmer should see: of Rust, of the libraries, of the grammar.
const INTERNALS: &[&str] = &[
    "panicked",
    "unwrap",
    "RUST_BACKTRACE",
    "internal error",
    "stack overflow",
    "Option<",
    "Some(",
    "Err(",
    "Utf8Error",
    "ParseError",
    "(os error",
    "search_or",
    "search_term",
    "primary",
    "EOI",
    "ComputeError",
    "ColumnNotFound",
    "Resolved plan",
];

/// A folder in which the program runs.
pub struct Place {
    dir: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Place {
    /// A new, empty folder.
    pub fn new() -> Place {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        Place { dir }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("a folder can be made");
        std::fs::write(&path, bytes).expect("a file can be written");
        path
    }

    /// The text of a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).expect("the file is there")
    }

    /// The program in this folder.
    pub fn command<A: AsRef<OsStr>>(&self, args: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spelunk"));
        command.args(args).current_dir(self.path());
        alone(&mut command).env("TZ", "Asia/Tokyo");
        command
    }

    /// Runs the program.
    pub fn run(&self, args: &[&str]) -> Run {
        self.feed(args, b"")
    }

    /// Runs the program with that on standard input.
    pub fn feed<A: AsRef<OsStr>>(&self, args: &[A], input: &[u8]) -> Run {
        let child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let what = args.iter().map(|a| a.as_ref().to_owned()).collect();
        wait(child, input.to_vec(), what)
    }

    /// Runs a search with `--now 1700000000` and options before it.
    pub fn search(&self, options: &[&str], spl: &str) -> Run {
        let mut args = vec!["search", "--now", "1700000000"];
        args.extend(options);
        args.push(spl);
        self.run(&args)
    }

    /// Runs a search that is too long for the command line.
    pub fn search_file(&self, options: &[&str], spl: impl AsRef<[u8]>) -> Run {
        self.write("search.spl", spl);
        let mut args = vec!["search", "-f", "search.spl"];
        args.extend(options);
        self.run(&args)
    }

    /// The rows of a search that must succeed, as NDJSON without the `_time` of `makeresults`.
    pub fn rows(&self, options: &[&str], spl: &str) -> Vec<String> {
        let mut args = vec!["--format", "ndjson"];
        args.extend(options);
        let run = self.search(&args, spl);
        assert_eq!(run.code, Some(0), "{spl}: {}", run.err);
        run.out
            .lines()
            .map(|line| line.replace("\"_time\":1700000000,", ""))
            .collect()
    }
}

impl Run {
    /// The run ended well.
    #[track_caller]
    pub fn fine(&self) -> &Run {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.plain()
    }

    /// The run ended with that code, said all of this on standard error, and nothing on output.
    #[track_caller]
    pub fn fails(&self, code: i32, says: &[&str]) -> &Run {
        assert_eq!(self.code, Some(code), "{}", self.shown());
        assert!(self.out.is_empty(), "{}", self.shown());
        self.says(says)
    }

    /// Standard error has all of this, in words for users.
    #[track_caller]
    pub fn says(&self, says: &[&str]) -> &Run {
        for text in says {
            assert!(
                self.err.contains(text),
                "`{text}` is not said in:\n{}",
                self.shown()
            );
        }
        self.plain()
    }

    #[track_caller]
    fn plain(&self) -> &Run {
        for word in INTERNALS {
            assert!(!self.err.contains(word), "{word}: {}", self.shown());
        }
        self
    }

    /// Code and the start of what was printed.
    fn shown(&self) -> String {
        let start = |text: &str| text.chars().take(2000).collect::<String>();
        format!(
            "exit code {:?}\n{}\n{}",
            self.code,
            start(&self.out),
            start(&self.err)
        )
    }
}

/// Takes the variables away by which whoever runs the tests sets this program or git up.
pub fn alone(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let others = ["NO_COLOR", "RUST_BACKTRACE", "COLUMNS"];
        if text.starts_with("SPELUNK_") || text.starts_with("GIT_") || others.contains(&&*text) {
            command.env_remove(&name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
}

/// Waits for a program that is running; a hang fails the test.
pub fn wait(mut child: Child, input: Vec<u8>, what: Vec<OsString>) -> Run {
    let stdin = child.stdin.take();
    let feeder = thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            // The program may end without having read it all.
            let _ = stdin.write_all(&input);
        }
    });
    let out = reader(child.stdout.take());
    let err = reader(child.stderr.take());
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        if started.elapsed() > Duration::from_secs(PATIENCE) {
            let _ = child.kill();
            panic!("no end after {PATIENCE} s: {what:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    feeder.join().expect("feeding does not fail");
    Run {
        code: status.code(),
        out: out.join().expect("reading does not fail"),
        err: err.join().expect("reading does not fail"),
    }
}

fn reader(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut bytes).expect("a pipe can be read");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
