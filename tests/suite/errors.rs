//! The doc comment of an error kind is the shortest search that raises it: this feeds it in.

use spelunk::session::{RunChoice, Session};

use crate::support;

/// Kinds that no search raises by itself, or only on data of a test of its own.
const WITHOUT_SEARCH: &[&str] = &[
    "MacroLoop",
    "MacroValidation",
    "TooLarge",
    "File",
    "Format",
    "Data",
    "Limit",
    "Interrupted",
    "Usage",
    "Internal",
];

/// The variants of `ErrorKind` and what their doc comment gives in code quotes, if it is only that.
fn kinds() -> Vec<(String, Option<String>)> {
    let path = support::root().join("crates/spelunk-spl/src/error.rs");
    let text = std::fs::read_to_string(path).expect("error.rs is there");
    let body = text
        .split("pub enum ErrorKind {")
        .nth(1)
        .and_then(|rest| rest.split("\n}\n").next())
        .expect("error.rs defines ErrorKind");
    let mut kinds = Vec::new();
    let mut example = None;
    for line in body.lines() {
        // Fields of a variant stand deeper.
        let Some(line) = line
            .strip_prefix("    ")
            .filter(|l| !l.starts_with([' ', '}']))
        else {
            continue;
        };
        match line.strip_prefix("/// ") {
            Some(doc) => example = code(doc).map(str::to_owned),
            None => {
                let end = line
                    .find(|c: char| !c.is_alphanumeric())
                    .unwrap_or(line.len());
                kinds.push((line[..end].to_owned(), example.take()));
            }
        }
    }
    kinds
}

fn code(doc: &str) -> Option<&str> {
    match doc.strip_prefix("``") {
        Some(rest) => rest.strip_suffix("``").map(str::trim),
        None => doc.strip_prefix('`')?.strip_suffix('`'),
    }
}

#[test]
fn the_example_of_every_error_kind_raises_it() {
    let dir = support::folder();
    let session = Session::open(support::options(dir.path())).expect("a session opens");
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (kind, example) in kinds() {
        let Some(example) = example else {
            if !WITHOUT_SEARCH.contains(&kind.as_str()) {
                wrong.push(format!("{kind} has no example"));
            }
            continue;
        };
        tried += 1;
        let failure = match example.strip_prefix("spelunk run ") {
            Some(detection) => session
                .run(&[detection.to_owned()], &RunChoice::default(), &mut |_| {})
                .map(|_| ())
                .err(),
            None => session.search(&example).map(|_| ()).err(),
        };
        let raised = failure.map_or("no error".to_owned(), |f| format!("{:?}", f.error.kind));
        let name = raised.split(|c: char| !c.is_alphanumeric()).next();
        if name != Some(kind.as_str()) {
            wrong.push(format!("{kind}: {example} gives {raised}"));
        }
    }
    assert!(tried >= 15, "only {tried} examples were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
