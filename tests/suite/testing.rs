//! What the tests of the library and those of the program share: data that may not be there, tests that
//! do not run and say so, and chance that is the same in every run.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use proptest::test_runner::{Config, RngSeed};

/// What chance begins with wherever nothing else is asked for.
pub const SEED: u64 = 20_260_401;

/// Says something past the test runner, which swallows what passing tests print.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Says that the running test, or the rest of it, does not run here.
pub fn skip(why: &str) {
    let thread = std::thread::current();
    say(&format!(
        "SKIPPED {}: {why}",
        thread.name().unwrap_or("a test")
    ));
}

/// A path below `../shared`, the data beside the project, if it is there. With
/// `SPELUNK_REQUIRE_SHARED=1` its absence is a failure.
#[track_caller]
pub fn shared(path: &str) -> Option<PathBuf> {
    // Of a package of the workspace, it is beside the workspace.
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().take(3);
    let mut found = packages.map(|package| package.join("../shared").join(path));
    if let Some(found) = found.find(|found| found.exists()) {
        return Some(found);
    }
    let required = std::env::var_os("SPELUNK_REQUIRE_SHARED").is_some_and(|set| set == "1");
    assert!(
        !required,
        "../shared/{path} is not there, and SPELUNK_REQUIRE_SHARED asks for it"
    );
    skip(&format!("../shared/{path} is not there"));
    None
}

/// How generated tests run: as often as said and on the same values every time. What once failed is kept
/// as a case of its own, which outlives a change of the generator; a stored seed would not.
pub fn chance(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(SEED),
        failure_persistence: None,
        ..Config::default()
    }
}
