//! `store`: maintenance of the store that `replay` writes.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::cli::args::{DeleteArgs, StoreArgs, StoreCommand};
use crate::cli::error::CliError;
use crate::cli::list::matches;
use crate::cli::output::listing::Listing;
use crate::cli::output::{bytes, counted};
use crate::cli::setup::{CliContext, note};
use crate::error::Error;
use crate::store::{Damage, DiskUsage, Store, StoredSource};
use crate::value::{Type, Value};

/// Runs a subcommand of `store`.
pub fn store(args: &StoreArgs, setup: &CliContext) -> Result<(), CliError> {
    let store = Store::open(&setup.options.home);
    match &args.what {
        StoreCommand::Stats => stats(&store, setup),
        StoreCommand::Verify => verify(&store, setup),
        StoreCommand::Delete(args) => delete(&store, args, setup),
        StoreCommand::Compact => {
            let done = store.compact()?;
            notices(&done.damage, setup);
            tell(
                setup,
                &format!("{} became {}", counted(done.before, "file"), done.after),
            );
            Ok(())
        }
        StoreCommand::Summarize => {
            let (count, notices) = setup.open()?.summarize()?;
            setup.notices(&notices);
            tell(setup, &format!("{} summarised", counted(count, "source")));
            Ok(())
        }
    }
}

fn notices(damage: &[Damage], setup: &CliContext) {
    let lines: Vec<String> = damage.iter().map(Damage::notice).collect();
    setup.notices(&lines);
}

fn tell(setup: &CliContext, text: &str) {
    if !setup.quiet {
        note(text);
    }
}

fn stats(store: &Store, setup: &CliContext) -> Result<(), CliError> {
    let mut rows = Listing::new(&[
        ("kind", Type::Text),
        ("index", Type::Text),
        ("sourcetype", Type::Text),
        ("name", Type::Text),
        ("sources", Type::Number),
        ("rows", Type::Number),
        ("files", Type::Number),
        ("bytes", Type::Number),
        ("earliest", Type::Time),
        ("latest", Type::Time),
    ]);
    let number = |n: u64| Value::Num(n as f64);
    let mut all = DiskUsage::default();
    let mut groups: std::collections::BTreeMap<(String, String), Vec<StoredSource>> =
        std::collections::BTreeMap::new();
    let (sources, mut damage) = store.contents()?;
    for source in sources {
        let key = (source.index.clone(), source.sourcetype.clone());
        groups.entry(key).or_default().push(source);
    }
    let time = |micros: Option<i64>| micros.map_or(Value::Null, |t| Value::Num(t as f64 / 1e6));
    for ((index, sourcetype), sources) in groups {
        let mut kept = DiskUsage::default();
        sources.iter().for_each(|s| kept.add(&s.kept()));
        all.add(&kept);
        rows.push(vec![
            Value::text("events"),
            Value::text(index),
            Value::text(sourcetype),
            Value::Null,
            number(sources.len() as u64),
            number(kept.rows),
            number(kept.files),
            number(kept.bytes),
            time(sources.iter().filter_map(|s| s.earliest).min()),
            time(sources.iter().filter_map(|s| s.latest).max()),
        ]);
    }
    let events = all.rows;
    let (summaries, of_summaries) = store.readable_summaries();
    damage.extend(of_summaries);
    for summary in summaries.datasets() {
        let kept = DiskUsage::of(summary.rows, &summary.paths);
        all.add(&kept);
        rows.push(vec![
            Value::text("summary"),
            Value::Null,
            Value::Null,
            Value::text(summary.dataset),
            Value::Null,
            number(kept.rows),
            number(kept.files),
            number(kept.bytes),
        ]);
    }
    setup.write_table(&rows)?;
    notices(&damage, setup);
    tell(
        setup,
        &format!(
            "{} in {}, {}",
            counted(events, "event"),
            counted(all.files, "file"),
            bytes(all.bytes)
        ),
    );
    Ok(())
}

fn verify(store: &Store, setup: &CliContext) -> Result<(), CliError> {
    let found = store.verify()?;
    if found.is_empty() {
        tell(setup, "all that is stored can be read");
        return Ok(());
    }
    let mut rows = Listing::new(&[
        ("file", Type::Text),
        ("reason", Type::Text),
        ("remedy", Type::Text),
    ]);
    for damage in &found {
        rows.push(vec![
            Value::text(damage.path.display().to_string()),
            Value::text(damage.why.clone()),
            Value::text(damage.remedy.clone()),
        ]);
    }
    setup.write_table(&rows)?;
    let count = counted(found.len() as u64, "file");
    Err(Error::data(format!(
        "{count} of the store {} can't be read",
        store.home().display()
    ))
    .into())
}

fn delete(store: &Store, args: &DeleteArgs, setup: &CliContext) -> Result<(), CliError> {
    let fits =
        |pattern: &Option<String>, name: &str| pattern.as_deref().is_none_or(|p| matches(name, p));
    let mut sources = store.sources()?;
    sources.retain(|s| {
        fits(&args.index, &s.index)
            && fits(&args.source, &s.source)
            && fits(&args.sourcetype, &s.sourcetype)
    });
    if sources.is_empty() {
        tell(setup, "nothing in the store fits, nothing was deleted");
        return Ok(());
    }
    let events = sources.iter().map(|s| s.events).sum();
    let what = format!(
        "{} of {}",
        counted(events, "event"),
        counted(sources.len() as u64, "source")
    );
    if !args.yes && !confirmed(&what)? {
        tell(setup, "nothing was deleted");
        return Ok(());
    }
    store.delete(&sources)?;
    tell(setup, &format!("deleted {what}"));
    Ok(())
}

/// Asks for confirmation. Returns an error if there is neither a terminal nor an answer on standard input.
pub fn confirmed(what: &str) -> Result<bool, CliError> {
    let mut out = io::stderr();
    let _ = write!(out, "delete {what}? [y/N] ");
    let _ = out.flush();
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer)?;
    if !io::stdin().is_terminal() {
        let _ = writeln!(out);
    }
    if read == 0 {
        return Err(Error::usage("not confirmed: pass --yes to delete without a prompt").into());
    }
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}
