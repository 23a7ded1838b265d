//! The tables of commands and functions: every example runs, every row is documented.

use std::collections::HashSet;

use spelunk::internal::is_refusal;
use spelunk::session::Session;
use spelunk_spl::commands;
use spelunk_spl::functions::{Body, eval, stats};
use spelunk_spl::syntax::Rule;

use crate::support;

fn session() -> (tempfile::TempDir, Session) {
    let dir = support::folder();
    let mut options = support::options(dir.path());
    // The table that the example of `lookup()` reads.
    let app = dir.path().join("app");
    support::write(&app.join("default/app.conf"), "[ui]\nlabel = Statuses\n");
    support::write(
        &app.join("lookups/http_status.csv"),
        "status,status_description\n200,OK\n",
    );
    options.apps.push(app);
    let session = Session::open(options).expect("a session opens");
    (dir, session)
}

/// Rows as NDJSON, or the error.
fn run(session: &Session, spl: &str) -> String {
    match session.search(spl) {
        Ok(answer) => support::ndjson(&answer.rows),
        Err(failure) => support::drawn(&failure),
    }
}

#[test]
fn the_examples_of_commands_give_their_rows() {
    let (_dir, session) = session();
    let mut wrong = Vec::new();
    for command in commands::all() {
        for (spl, expected) in command.examples {
            let got = run(&session, spl);
            if got.trim_end() != *expected {
                wrong.push(format!(
                    "{}: {spl}\n  expected {expected}\n  got {got}",
                    command.name
                ));
            }
            let named = std::iter::once(&command.name).chain(command.aliases);
            if !named.into_iter().any(|name| spl.contains(*name)) {
                wrong.push(format!("{}: {spl} does not show it", command.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_examples_of_eval_functions_give_their_results() {
    let (_dir, session) = session();
    let mut wrong = Vec::new();
    for function in eval::all() {
        let (expr, expected) = function.example;
        let answer = session.search(&format!("| makeresults | eval x={expr} | table x"));
        match function.body {
            Body::Refused(_) => {
                if !answer.is_err_and(|failure| is_refusal(&failure.error)) {
                    wrong.push(format!("{expr} is not refused"));
                }
                continue;
            }
            Body::Values(_) | Body::Special(_) => {}
        }
        // As text, so that what a number looks like is seen.
        let got = match answer {
            Ok(answer) if answer.rows.len() == 1 => answer
                .rows
                .value(0, 0)
                .as_text()
                .unwrap_or_default()
                .into_owned(),
            Ok(answer) => format!("{} rows", answer.rows.len()),
            Err(failure) => support::drawn(&failure),
        };
        if got != expected {
            wrong.push(format!("{expr}\n  expected {expected}\n  got {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_examples_of_stats_functions_give_their_results() {
    let mut wrong = Vec::new();
    // What scales the buckets of `timechart`, or sees metrics, has no place in other commands.
    for function in stats::all().filter(|f| f.per.is_none() && !f.metrics) {
        let (values, call, expected) = function.example;
        let dir = support::folder();
        let mut options = support::options(dir.path());
        let path = dir.path().join("events.ndjson");
        let lines: String = values
            .split(' ')
            .filter(|v| !v.is_empty())
            .enumerate()
            .map(|(at, value)| {
                let time = 1000 - 10 * at;
                match value {
                    "-" => format!("{{\"_time\":{time}}}\n"),
                    v => format!("{{\"_time\":{time},\"v\":\"{v}\"}}\n"),
                }
            })
            .collect();
        support::write(&path, lines);
        options.data.push(path);
        let session = Session::open(options).expect("a session opens");
        for spl in [
            format!("* | stats {call} AS x | eval x=mvjoin(x, \" \")"),
            format!("* | eventstats {call} AS x | head 1 | eval x=mvjoin(x, \" \") | table x"),
        ] {
            let got = match session.search(&spl) {
                Ok(answer) if answer.rows.len() == 1 => answer
                    .rows
                    .value(0, 0)
                    .as_text()
                    .unwrap_or_default()
                    .into_owned(),
                Ok(answer) => format!("{} rows", answer.rows.len()),
                Err(failure) => support::drawn(&failure),
            };
            if got != expected {
                wrong.push(format!(
                    "{spl} over {values}\n  expected {expected}\n  got {got}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rows_of_commands_are_whole() {
    let mut wrong = Vec::new();
    let mut names = HashSet::new();
    for command in commands::all() {
        let mut check = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{}: {what}", command.name));
            }
        };
        for name in std::iter::once(&command.name).chain(command.aliases) {
            check(names.insert(*name), "a name or alias stands in two rows");
            check(
                *name == name.to_ascii_lowercase() && !name.is_empty(),
                "a name is lower case",
            );
            check(
                commands::shape_of(&name.to_ascii_uppercase()) == Some(command.args),
                "its name is found whatever its case",
            );
        }
        check(!command.doc.is_empty() && command.doc.is_ascii(), "doc");
        check(command.doc.ends_with('.'), "doc is a sentence");
        check(command.synopsis.contains(command.name), "synopsis names it");
        check(command.synopsis.is_ascii(), "synopsis is ASCII");
        let books = ["SearchReference/", "MLApp/"];
        check(
            books.iter().any(|book| command.page.starts_with(book)),
            "page",
        );
        check(command.args != Rule::EOI, "rule of its arguments");
        let rule = format!("{:?}", command.args);
        check(
            rule.ends_with("_args"),
            "the rule of its arguments is a `_args` rule",
        );
        let mut options = HashSet::new();
        for (name, _, meaning) in command.options {
            check(options.insert(*name), "an option stands twice");
            check(
                *name == name.to_ascii_lowercase() && !name.is_empty(),
                "an option is lower case",
            );
            check(
                !meaning.is_empty() && meaning.is_ascii(),
                "meaning of an option",
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_has_its_own_rule() {
    let mut used = HashSet::new();
    for command in commands::all() {
        assert!(
            used.insert(command.args),
            "{:?} serves two commands",
            command.args
        );
    }
    let path = support::root().join("grammar/commands.pest");
    let text = std::fs::read_to_string(path).expect("the grammar is there");
    for rule in &used {
        let name = format!("{rule:?}");
        let stands = text.lines().any(|l| {
            l.strip_prefix(name.as_str())
                .is_some_and(|l| l.trim_start().starts_with('='))
        });
        assert!(stands, "grammar/commands.pest has no rule {name}");
    }
}

#[test]
fn rows_of_functions_are_whole() {
    let mut wrong = Vec::new();
    let rows = eval::all()
        .map(|f| (f.name, f.doc, f.synopsis))
        .chain(stats::all().map(|f| (f.name, f.doc, f.synopsis)));
    for (name, doc, synopsis) in rows {
        if doc.is_empty() || !doc.is_ascii() || !doc.ends_with('.') {
            wrong.push(format!("{name}: doc"));
        }
        if !synopsis.starts_with(name) || !synopsis.is_ascii() {
            wrong.push(format!("{name}: synopsis {synopsis}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
