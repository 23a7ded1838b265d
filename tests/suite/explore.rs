//! Subjects that are tried on inputs made by chance.
//!
//! Each is tried twice over: a little in every run of the tests, always on the same inputs, and for as
//! long as one likes on new ones, by a test that is ignored otherwise:
//!
//! ```text
//! SPELUNK_EXPLORE=300 cargo test --release --test suite explore -- --ignored --test-threads 1
//! ```
//!
//! `SPELUNK_EXPLORE` is the number of seconds for each subject. What fails is cut down to what still fails
//! and shown with the seed that made it; `SPELUNK_SEED=<seed>` begins with that one. What is being tried
//! is written to `explore-<subject>.seed` in the folder `tmp` of the target directory, in case that the
//! process itself ends.

use std::io::{Seek as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::mutation::Chance;
use crate::testing::{self, say};

pub mod conf;
pub mod documents;
pub mod layouts;
pub mod macros;
pub mod pieces;
pub mod readers;
pub mod runs;
pub mod searches;
pub mod times;
pub mod trees;

/// How long one input may take before it counts as one without end.
const PATIENCE: Duration = Duration::from_secs(120);

/// After so many failures an exploration ends.
const FAILURES: usize = 12;

/// How long an input that fails is cut down.
const CUTTING: Duration = Duration::from_secs(20);

/// How far the seeds of neighbouring rounds lie apart.
const STEP: u64 = 0x5851_f42d_4c95_7f2d;

/// Something that holds for every input.
pub trait Subject: Send + 'static {
    /// What it is tried on.
    type Input: Clone + Send + 'static;

    /// An input.
    fn make(&self, chance: &mut Chance) -> Self::Input;

    /// Why it does not hold for that input.
    fn judge(&mut self, input: &Self::Input) -> Result<(), String>;

    /// The input as a failure shows it.
    fn show(&self, input: &Self::Input) -> String;

    /// Inputs that are a little smaller, the smallest first.
    fn smaller(&self, _: &Self::Input) -> Vec<Self::Input> {
        Vec::new()
    }
}

/// Tries a subject on so many inputs, the same in every run.
pub fn always<S: Subject>(rounds: usize, subject: S) {
    let tried = run(
        subject,
        testing::SEED,
        FAILURES,
        move |round| round < rounds,
        |_| {},
    );
    report(&tried);
}

/// Tries a subject on new inputs for as long as `SPELUNK_EXPLORE` says, else for a minute.
pub fn by_chance<S: Subject>(name: &str, subject: S) {
    let set = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seconds = set("SPELUNK_EXPLORE").unwrap_or(60);
    let clock = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = set("SPELUNK_SEED").unwrap_or(clock.map_or(0, |since| since.as_nanos() as u64));
    say(&format!("{name}: {seconds} s from seed {seed}"));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("explore-{name}.seed"));
    let mut file = std::fs::File::create(&path).expect("the seed can be written");
    let begin = move |seed: u64| {
        let line = format!("{seed:020}\n");
        let written = file.rewind().and_then(|()| file.write_all(line.as_bytes()));
        written.expect("the seed can be written");
    };
    let started = Instant::now();
    let time = Duration::from_secs(seconds);
    let tried = run(
        subject,
        seed,
        FAILURES,
        move |_| started.elapsed() < time,
        begin,
    );
    say(&format!(
        "{name}: {} inputs, {} failed",
        tried.rounds,
        tried.failed.len()
    ));
    report(&tried);
}

/// What became of the tries.
struct Tried {
    rounds: usize,
    failed: Vec<String>,
}

fn report(tried: &Tried) {
    assert!(tried.rounds > 0, "nothing was tried");
    assert!(
        tried.failed.is_empty(),
        "{} of {} failed:\n\n{}\n",
        tried.failed.len(),
        tried.rounds,
        tried.failed.join("\n\n")
    );
}

/// Tries a subject round after round, in a thread that is watched for an input without end.
fn run<S: Subject>(
    mut subject: S,
    seed: u64,
    failures: usize,
    go_on: impl Fn(usize) -> bool + Send + 'static,
    mut begin: impl FnMut(u64) + Send + 'static,
) -> Tried {
    enum News {
        Begins(String),
        Ends(Option<String>),
    }
    let (sender, news) = mpsc::channel();
    thread::Builder::new()
        .name("explore".to_owned())
        .stack_size(16 << 20)
        .spawn(move || {
            let mut round = 0;
            while go_on(round) {
                let seed = seed.wrapping_add((round as u64).wrapping_mul(STEP));
                begin(seed);
                let input = subject.make(&mut Chance::new(seed));
                let shown = subject.show(&input);
                if sender
                    .send(News::Begins(format!("seed {seed}: {shown}")))
                    .is_err()
                {
                    return;
                }
                let failed = judged(&mut subject, &input).err().map(|why| {
                    let (input, why) = cut_down(&mut subject, input, why);
                    format!("{why}\nseed {seed}: {}", subject.show(&input))
                });
                if sender.send(News::Ends(failed)).is_err() {
                    return;
                }
                round += 1;
            }
        })
        .expect("a thread can be made");
    let mut tried = Tried {
        rounds: 0,
        failed: Vec::new(),
    };
    let mut last = String::new();
    loop {
        match news.recv_timeout(PATIENCE) {
            Ok(News::Begins(input)) => {
                tried.rounds += 1;
                last = input;
            }
            Ok(News::Ends(failed)) => tried.failed.extend(failed),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                tried
                    .failed
                    .push(format!("not done after {PATIENCE:?}\n{last}"));
                break;
            }
        }
        if tried.failed.len() >= failures {
            break;
        }
    }
    tried
}

fn judged<S: Subject>(subject: &mut S, input: &S::Input) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| subject.judge(input))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or(panic.downcast_ref::<&str>().copied());
        Err(format!("it panicked: {}", said.unwrap_or("?")))
    })
}

/// The smallest input found that fails too, and why.
fn cut_down<S: Subject>(subject: &mut S, input: S::Input, why: String) -> (S::Input, String) {
    let (mut input, mut why) = (input, why);
    let started = Instant::now();
    'smaller: loop {
        for next in subject.smaller(&input) {
            if started.elapsed() > CUTTING {
                return (input, why);
            }
            if let Err(fails) = judged(subject, &next) {
                (input, why) = (next, fails);
                continue 'smaller;
            }
        }
        return (input, why);
    }
}

/// A text without a part of it, large parts first.
pub fn shorter(text: &str) -> Vec<String> {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let at = |n: usize| places.get(n).copied().unwrap_or(text.len());
    without(places.len())
        .into_iter()
        .map(|(from, to)| [&text[..at(from)], &text[at(to)..]].concat())
        .collect()
}

/// Bytes without a part of them, large parts first.
pub fn fewer(bytes: &[u8]) -> Vec<Vec<u8>> {
    // Small parts of large inputs are too many to be tried.
    let parts = without(bytes.len()).into_iter().take(400);
    parts
        .map(|(from, to)| [&bytes[..from], &bytes[to..]].concat())
        .collect()
}

/// Parts of so many pieces: halves, quarters, at last single ones.
fn without(count: usize) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut size = count;
    while size > 0 {
        parts.extend(
            (0..count)
                .step_by(size)
                .map(|from| (from, count.min(from + size))),
        );
        size /= 2;
    }
    parts
}

/// A test of each subject, and one that explores it, or another, when it is asked for.
macro_rules! explored {
    ($($always:ident / $explore:ident: $rounds:literal of $subject:expr $(, then $other:expr)?;)*) => {
        $(
            #[test]
            fn $always() {
                crate::explore::always($rounds, $subject);
            }

            #[test]
            #[ignore = "goes on by chance for SPELUNK_EXPLORE seconds: CONTRIBUTING.md"]
            fn $explore() {
                let subject = crate::explore::explored!(@last $subject $(, $other)?);
                crate::explore::by_chance(stringify!($explore), subject);
            }
        )*
    };
    (@last $subject:expr) => { $subject };
    (@last $subject:expr, $other:expr) => { $other };
}
pub(crate) use explored;
