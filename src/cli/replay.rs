//! `replay`: reads logs into the store.

use chrono::DateTime;

use crate::cli::args::ReplayArgs;
use crate::cli::error::CliError;
use crate::cli::output::listing::Listing;
use crate::cli::output::{bytes, counted, duration};
use crate::cli::setup::{CliContext, note};
use crate::session::{ReplayOptions, ReplaySummary};
use crate::value::{Type, Value};

/// Reads logs into the store and reports the result. With `--format`, the counts go to standard output as
/// rows.
pub fn replay(args: &ReplayArgs, setup: &CliContext) -> Result<(), CliError> {
    let options = ReplayOptions {
        index: args.index.clone(),
        source: args.source.clone(),
        sourcetype: args.sourcetype.clone(),
        host: args.host.clone(),
    };
    let summary = setup.open()?.replay_as(&args.paths, &options)?;
    setup.notices(&summary.notices(setup.options.verbose));
    if setup.format.is_some() {
        setup.write_table(&rows(&summary))?;
    } else if !setup.quiet {
        tell(&summary, setup.options.zone);
    }
    Ok(())
}

fn tell(summary: &ReplaySummary, zone: chrono_tz::Tz) {
    let seconds = summary.elapsed.as_secs_f64().max(1e-9);
    note(&format!(
        "{} from {} ({}) in {}: {}/s, {}/s",
        counted(summary.events, "event"),
        counted(summary.files, "file"),
        bytes(summary.bytes),
        duration(summary.elapsed),
        bytes((summary.bytes as f64 / seconds) as u64),
        counted((summary.events as f64 / seconds) as u64, "event"),
    ));
    if let Some((first, last)) = summary.span {
        let shown = |micros: i64| {
            DateTime::from_timestamp_micros(micros).map_or(String::new(), |time| {
                let time = time.with_timezone(&zone);
                time.format("%Y-%m-%d %H:%M:%S %Z").to_string()
            })
        };
        note(&format!("from {} to {}", shown(first), shown(last)));
    }
    let group = |title: &str, counts: &mut dyn Iterator<Item = (&String, &u64)>, unit: &str| {
        for (number, (name, count)) in counts.enumerate() {
            if number == 0 {
                note(title);
            }
            note(&format!("  {name}: {}", counted(*count, unit)));
        }
    };
    group("sourcetypes", &mut summary.sourcetypes.iter(), "event");
    group("data models", &mut summary.models.iter(), "row");
    let places: u64 = summary.bad.iter().map(|b| b.count).sum();
    if places > 0 {
        note(&format!("{} could not be read", counted(places, "place")));
    }
    if !summary.skipped.is_empty() {
        let files = summary.skipped.len() as u64;
        note(&format!("{} skipped", counted(files, "file")));
    }
}

/// The counts as rows: `what` is `events`, `sourcetype`, `model`, `bad` or `skipped`.
fn rows(summary: &ReplaySummary) -> Listing {
    let mut rows = Listing::new(&[
        ("what", Type::Text),
        ("name", Type::Text),
        ("count", Type::Number),
        ("line", Type::Number),
        ("reason", Type::Text),
    ]);
    let number = |n: u64| Value::Num(n as f64);
    let mut count = |what: &str, name: Value<'static>, n: u64| {
        rows.push(vec![Value::text(what.to_owned()), name, number(n)]);
    };
    count("events", Value::Null, summary.events);
    count("files", Value::Null, summary.files);
    count("bytes", Value::Null, summary.bytes);
    for (name, n) in &summary.sourcetypes {
        count("sourcetype", Value::text(name.clone()), *n);
    }
    for (name, n) in &summary.models {
        count("model", Value::text(name.clone()), *n);
    }
    for bad in &summary.bad {
        rows.push(vec![
            Value::text("bad"),
            Value::text(bad.file.display().to_string()),
            number(bad.count),
            if bad.first > 0 {
                number(bad.first)
            } else {
                Value::Null
            },
            Value::text(bad.why.clone()),
        ]);
    }
    for skipped in &summary.skipped {
        rows.push(vec![
            Value::text("skipped"),
            Value::text(skipped.file.display().to_string()),
            Value::Null,
            if skipped.line > 0 {
                number(skipped.line)
            } else {
                Value::Null
            },
            Value::text(skipped.why.clone()),
        ]);
    }
    rows
}
