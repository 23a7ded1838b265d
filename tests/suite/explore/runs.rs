//! Searches that are planned and run: each answers or is refused in words, and none ends in a panic.

use std::path::Path;
use std::sync::Arc;

use spelunk::session::{Failure, Session, Stage};
use spelunk_spl::error::ErrorKind;

use crate::explore::pieces::Writer;
use crate::explore::searches::{few, many};
use crate::explore::{Subject, explored, shorter};
use crate::mutation::{self, Chance};
use crate::support;

const EVENTS: &str = "{\"_time\":1715774300,\"host\":\"a\",\"user\":\"ann\",\"n\":5,\"x\":\"q r\",\"m\":[\"b\",\"a\"],\"oRé\":1}\n\
    {\"_time\":1715774200,\"host\":\"b\",\"n\":\"x\",\"x\":\"{\\\"k\\\":[1,2]}\",\"größe\":9}\n\
    {\"_time\":1715770000,\"user\":\"bob\",\"n\":-2.5,\"x\":\"<a b='c'>d</a>\"}\n";

/// Whether it failed as searches may: not by a fault of the program.
fn orderly(failure: &Failure) -> Result<(), String> {
    let drawn = support::drawn(failure);
    match *failure.error.kind {
        ErrorKind::Internal(_) => Err(drawn),
        _ if drawn.contains("the data can't be read") => Err(drawn),
        _ if drawn.is_empty() => Err("an error without words".to_owned()),
        _ => Ok(()),
    }
}

/// Searches over a few events.
struct Searches {
    /// Kept until the session is closed.
    _dir: Arc<tempfile::TempDir>,
    session: Session,
    seeds: Vec<String>,
    /// Whether they are run, not only planned.
    run: bool,
}

impl Searches {
    fn new(mut seeds: Vec<String>, run: bool) -> Searches {
        if run {
            seeds.retain(|seed| seed.len() < 400);
        }
        let dir = Arc::new(support::folder());
        let session = session(dir.path());
        Searches {
            _dir: dir,
            session,
            seeds,
            run,
        }
    }
}

fn session(dir: &Path) -> Session {
    let mut options = support::options(dir);
    let path = dir.join("events.ndjson");
    support::write(&path, EVENTS);
    options.data.push(path);
    Session::open(options).expect("a session can be opened")
}

impl Subject for Searches {
    type Input = String;

    fn make(&self, chance: &mut Chance) -> String {
        if chance.below(4) == 0 {
            return Writer::new(chance).pipeline(true);
        }
        let (of, other) = (chance.among(&self.seeds), chance.among(&self.seeds));
        mutation::search(chance, of, other)
    }

    fn judge(&mut self, input: &String) -> Result<(), String> {
        let failed = match self.run {
            true => self.session.search(input).err(),
            false => self.session.explain(input, Stage::Plan).err(),
        };
        failed.as_ref().map_or(Ok(()), orderly)
    }

    fn show(&self, input: &String) -> String {
        format!("{input:?}")
    }

    fn smaller(&self, input: &String) -> Vec<String> {
        shorter(input)
    }
}

explored! {
    changed_searches_are_planned_without_a_panic / explore_plans:
        2000 of Searches::new(few(), false), then Searches::new(many(), false);
    changed_searches_run_without_a_panic / explore_runs:
        500 of Searches::new(few(), true), then Searches::new(many(), true);
}
