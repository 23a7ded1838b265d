//! `test`: checks that every detection still catches its attack.

use std::io::{IsTerminal as _, Write as _};

use crate::cli::alert_budget;
use crate::cli::args::TestArgs;
use crate::cli::error::CliError;
use crate::cli::output::listing::Listing;
use crate::cli::output::sink::send;
use crate::cli::output::{Format, counted, duration, write};
use crate::cli::setup::CliContext;
use crate::detect::report::junit::{self, Case, Outcome};
use crate::detect::report::sarif::{self, Annotation};
use crate::detect::test::{TestResult, TestStatus};
use crate::error::{Error, ErrorKind};
use crate::session::{TestChoice, TestSummary};
use crate::value::{Type, Value};

/// Runs the tests of detections. Returns an error if one failed or could not run.
pub fn test(args: &TestArgs, setup: &CliContext) -> Result<(), CliError> {
    let format = setup.format.unwrap_or(Format::Table);
    if matches!(format, Format::Parquet | Format::Html) {
        return Err(Error::usage(
            "test writes table, vertical, markdown, json, ndjson, csv, junit or sarif",
        )
        .into());
    }
    let selectors = if args.detections.is_empty() {
        let folders = setup.options.content.iter();
        folders.map(|folder| folder.display().to_string()).collect()
    } else {
        args.detections.clone()
    };
    if selectors.is_empty() {
        return Err(Error::usage("no detections given")
            .hint("name files or folders, or a folder of content with --content")
            .into());
    }
    if let Some(path) = &args.against_benign {
        return alert_budget::against(path, &selectors, args, setup);
    }
    for folder in &args.attack_data {
        // Fetching creates the folder.
        if !folder.is_dir() && (args.fetch.is_none() || folder.exists()) {
            return Err(Error::file(folder, "no such folder of data sets").into());
        }
    }
    let session = setup.open()?;
    let choice = TestChoice {
        selection: args.selection.selection(),
        attack_data: args.attack_data.clone(),
        changed_since: args.changed_since.clone(),
        cache: !args.no_cache,
        fetch: args.fetch.clone(),
    };
    let mut results: Vec<TestResult> = Vec::new();
    let live = !setup.quiet && std::io::stderr().is_terminal();
    let summary = session.test(&selectors, &choice, &mut |result| {
        if live && matches!(result.status, TestStatus::Failed | TestStatus::Error) {
            let mut err = std::io::stderr();
            // Only shows progress.
            let _ = writeln!(err, "{}: {}", result.status.name(), result.detection.name);
        }
        results.push(result.clone());
    })?;
    results.sort_by(|a, b| {
        (&a.detection.path, &a.detection.name, &a.test).cmp(&(
            &b.detection.path,
            &b.detection.name,
            &b.test,
        ))
    });
    setup.notices(&summary.notices);
    print(&results, &summary, format, setup)?;
    if summary.interrupted {
        return Err(Error::new(ErrorKind::Interrupted).into());
    }
    judge(&results, &summary, args, setup)
}

/// Returns an error if a test failed or could not run, or if none ran at all.
fn judge(
    results: &[TestResult],
    summary: &TestSummary,
    args: &TestArgs,
    setup: &CliContext,
) -> Result<(), CliError> {
    if results.is_empty() {
        return match &args.changed_since {
            // An unchanged detection needs no test.
            Some(revision) if summary.chosen > 0 => {
                let why = format!("no detection changed since {revision}: nothing was tested");
                setup.notices(&[why]);
                Ok(())
            }
            _ => Err(Error::data("no test was selected")
                .hint("baselines have no tests of their own: name detections or folders of them")
                .into()),
        };
    }
    let missing: Vec<&TestResult> = results.iter().filter(|r| !r.missing.is_empty()).collect();
    if let Some(first) = missing.iter().find_map(|result| result.missing.first()) {
        let count = missing.len() as u64;
        let no_other =
            |r: &TestResult| matches!(r.status, TestStatus::Missing | TestStatus::Untested);
        let tests = counted(count, "test");
        if results.iter().all(no_other) && !args.allow_missing_data {
            return Err(Error::data(format!(
                "no test was run: the data of {tests} is missing, first {first}"
            ))
            .hint("--attack-data sets the folder of data sets, --fetch downloads missing ones")
            .hint("--allow-missing-data accepts that all data is missing")
            .into());
        }
        setup.notices(&[format!("the data of {tests} is missing, first {first}")]);
    }
    let is_bad = |r: &TestResult| matches!(r.status, TestStatus::Failed | TestStatus::Error);
    if results.iter().any(is_bad) {
        Err(CliError::Reported)
    } else {
        Ok(())
    }
}

fn print(
    results: &[TestResult],
    summary: &TestSummary,
    format: Format,
    setup: &CliContext,
) -> Result<(), CliError> {
    let output = setup.output.as_deref();
    match format {
        Format::Junit => {
            let cases: Vec<Case> = results.iter().map(case).collect();
            let text = junit::suite("detection tests", &cases);
            send(output, |out| out.write_all(text.as_bytes()))
        }
        Format::Sarif => {
            let annotations: Vec<Annotation> = results.iter().filter_map(annotation).collect();
            let text = sarif::log(&annotations);
            send(output, |out| out.write_all(text.as_bytes()))
        }
        Format::Json | Format::Ndjson | Format::Csv => {
            let style = setup.style(format);
            send(output, |out| write(&listing(results), format, &style, out))
        }
        Format::Table | Format::Vertical | Format::Markdown | Format::Parquet | Format::Html => {
            // For people: the failures with their reasons, then the totals.
            send(output, |out| {
                for result in results {
                    let told = matches!(result.status, TestStatus::Failed | TestStatus::Error)
                        || setup.options.verbose;
                    if !told {
                        continue;
                    }
                    writeln!(
                        out,
                        "{:<8} {} ({})",
                        result.status.name(),
                        result.detection.name,
                        result.detection.path.display()
                    )?;
                    for reason in &result.reasons {
                        writeln!(out, "         {reason}")?;
                    }
                }
                writeln!(out, "{}", sums(results, summary))
            })
        }
    }
}

fn sums(results: &[TestResult], summary: &TestSummary) -> String {
    let count = |status| results.iter().filter(|r| r.status == status).count();
    let cached = results.iter().filter(|r| r.cached).count();
    let left = summary.tests - results.len();
    let mut text = format!(
        "{}: {} passed, {} failed, {} with missing data, {} untested, {} refused, {} with errors",
        counted(results.len() as u64, "test"),
        count(TestStatus::Passed),
        count(TestStatus::Failed),
        count(TestStatus::Missing),
        count(TestStatus::Untested),
        count(TestStatus::Refused),
        count(TestStatus::Error),
    );
    if cached > 0 {
        text.push_str(&format!("; {cached} as in an earlier run"));
    }
    if left > 0 {
        text.push_str(&format!("; {left} not run"));
    }
    text.push_str(&format!("; {}", duration(summary.elapsed)));
    text
}

fn listing(results: &[TestResult]) -> Listing {
    let mut listing = Listing::new(&[
        ("name", Type::Text),
        ("id", Type::Text),
        ("file", Type::Text),
        ("test", Type::Text),
        ("status", Type::Text),
        ("reason", Type::Text),
        ("rows", Type::Number),
        ("risk_events", Type::Number),
        ("seconds", Type::Number),
        ("cached", Type::Text),
    ]);
    for result in results {
        let detection = &result.detection;
        let reason = result.reasons.join("; ");
        listing.push(vec![
            Value::text(detection.name.clone()),
            Value::text(detection.id.clone()),
            Value::text(detection.path.display().to_string()),
            Value::text(result.test.clone()),
            Value::text(result.status.name()),
            if reason.is_empty() {
                Value::Null
            } else {
                Value::text(reason)
            },
            Value::Num(result.rows as f64),
            Value::Num(result.risk_events as f64),
            Value::Num(result.seconds),
            Value::text(if result.cached { "true" } else { "false" }),
        ]);
    }
    listing
}

fn case(result: &TestResult) -> Case {
    let reasons = result.reasons.join("\n");
    Case {
        name: result.detection.name.clone(),
        file: result.detection.path.display().to_string(),
        seconds: result.seconds,
        outcome: match result.status {
            TestStatus::Passed => Outcome::Passed,
            TestStatus::Failed => Outcome::Failed(reasons),
            TestStatus::Error => Outcome::Error(reasons),
            TestStatus::Missing | TestStatus::Untested | TestStatus::Refused => {
                Outcome::Skipped(reasons)
            }
        },
    }
}

fn annotation(result: &TestResult) -> Option<Annotation> {
    let level = match result.status {
        TestStatus::Failed | TestStatus::Error => "error",
        TestStatus::Refused => "note",
        TestStatus::Passed | TestStatus::Missing | TestStatus::Untested => return None,
    };
    let detection = &result.detection;
    Some(Annotation {
        rule: format!("test-{}", result.status.name()),
        title: detection.name.clone(),
        level,
        message: result.reasons.join("; "),
        file: detection.path.display().to_string(),
        line: detection.search_line,
    })
}
