//! `list`: names of knowledge objects, commands, functions and fields.

use crate::cli::args::{ListArgs, ListKind};
use crate::cli::error::CliError;
use crate::cli::fields;
use crate::cli::output::listing::Listing;
use crate::cli::reference::{command_table, functions, table};
use crate::cli::setup::CliContext;
use crate::error::Error;
use crate::knowledge::lookups::LookupKind;
use crate::session::{NameKind, Session};
use crate::value::{Type, Value};

/// Lists names, each with a few facts.
pub fn list(args: &ListArgs, setup: &CliContext) -> Result<(), CliError> {
    let pattern = args.pattern.as_deref().unwrap_or("*");
    let of_data = |made: &dyn Fn(&Session) -> Result<Listing, CliError>| {
        let session = setup.open()?;
        let rows = made(&session)?;
        setup.notices(&session.take_data_notices());
        Ok::<Listing, CliError>(rows)
    };
    let rows = match args.what {
        ListKind::Commands => {
            let custom = match setup.options.has_knowledge() {
                true => setup.open()?.catalog().custom_commands(),
                false => Vec::new(),
            };
            command_table(&custom, |name| matches(name, pattern))
        }
        ListKind::Functions => {
            let entries = functions();
            table(entries.iter().filter(|e| matches(e.name, pattern)))
        }
        ListKind::Detections => names(&setup.open()?, NameKind::Detection, pattern)?,
        ListKind::Macros => macros(&setup.open()?, pattern),
        ListKind::Lookups => lookups(&setup.open()?, pattern),
        ListKind::Models => models(&setup.open()?, pattern),
        ListKind::Datasets => datasets(&setup.open()?, pattern)?,
        ListKind::Fields => of_data(&|session| fields::uses(session, pattern))?,
        ListKind::Sourcetypes => {
            of_data(&|session| Ok(names(session, NameKind::Sourcetype, pattern)?))?
        }
    };
    setup.write_table(&rows)
}

/// The names of one kind that match, as a table.
pub fn names(session: &Session, kind: NameKind<'_>, pattern: &str) -> Result<Listing, Error> {
    let mut rows = Listing::new(&[("name", Type::Text)]);
    for name in session.names(kind)? {
        if matches(&name, pattern) {
            rows.push(vec![Value::text(name)]);
        }
    }
    Ok(rows)
}

/// The macros whose name matches: `name(2)` takes two arguments.
pub fn macros(session: &Session, pattern: &str) -> Listing {
    let mut rows = Listing::new(&[
        ("name", Type::Text),
        ("arguments", Type::Multi),
        ("definition", Type::Text),
        ("description", Type::Text),
    ]);
    for found in session.catalog().macros.iter() {
        if matches(&found.name, pattern) || matches(&found.label(), pattern) {
            rows.push(vec![
                Value::text(found.label()),
                several(&found.arguments),
                Value::text(found.definition.clone()),
                Value::text(found.description.clone()),
            ]);
        }
    }
    rows
}

fn lookups(session: &Session, pattern: &str) -> Listing {
    let mut rows = Listing::new(&[
        ("name", Type::Text),
        ("kind", Type::Text),
        ("where", Type::Text),
    ]);
    for found in session.catalog().lookups() {
        if matches(&found.name, pattern) {
            let (kind, place) = match &found.kind {
                LookupKind::File(path) => ("file", path.display().to_string()),
                LookupKind::Collection { collection, .. } => ("collection", collection.clone()),
                LookupKind::External { what, .. } => ("not offline", what.clone()),
            };
            rows.push(vec![
                Value::text(found.name.clone()),
                Value::text(kind),
                Value::text(place),
            ]);
        }
    }
    rows
}

fn models(session: &Session, pattern: &str) -> Listing {
    let mut rows = Listing::new(&[("name", Type::Text), ("datasets", Type::Multi)]);
    for model in session.catalog().models.iter() {
        if matches(&model.name, pattern) {
            let datasets: Vec<String> = model.datasets().map(|d| d.name.clone()).collect();
            rows.push(vec![Value::text(model.name.clone()), several(&datasets)]);
        }
    }
    rows
}

/// The data sets whose name matches: those of data models (`Model.Dataset`) with their row counts in the
/// store's summaries and their field names in searches, and the shipped ones to replay.
pub fn datasets(session: &Session, pattern: &str) -> Result<Listing, Error> {
    let mut rows = Listing::new(&[
        ("name", Type::Text),
        ("kind", Type::Text),
        ("rows", Type::Number),
        ("parent", Type::Text),
        ("fields", Type::Multi),
        ("description", Type::Text),
    ]);
    let summarised = session.summarised_rows()?;
    for model in session.catalog().models.iter() {
        for dataset in model.datasets() {
            let name = format!("{}.{}", model.name, dataset.name);
            if matches(&name, pattern) {
                let fields: Vec<String> = dataset
                    .fields
                    .iter()
                    .map(|field| format!("{}.{}", field.owner, field.name))
                    .collect();
                let count = summarised.get(&name).copied().unwrap_or(0);
                rows.push(vec![
                    Value::text(name),
                    Value::text("data model"),
                    Value::Num(count as f64),
                    dataset.parent.clone().map_or(Value::Null, Value::text),
                    several(&fields),
                ]);
            }
        }
    }
    for described in session.catalog().shipped_datasets()? {
        let name = described.path.display().to_string();
        if matches(&name, pattern) {
            rows.push(vec![
                Value::text(name),
                Value::text("to replay"),
                Value::Null,
                Value::Null,
                Value::Null,
                described.description.map_or(Value::Null, Value::text),
            ]);
        }
    }
    Ok(rows)
}

fn several(values: &[String]) -> Value<'static> {
    Value::multi(values.iter().map(|v| v.clone().into()).collect())
}

/// Whether a name matches a pattern with `*` as the wildcard, ignoring case.
pub fn matches(name: &str, pattern: &str) -> bool {
    let (name, pattern) = (name.to_lowercase(), pattern.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (name, pattern, expected) in [
            ("Endpoint", "endpoint", true),
            ("Endpoint", "end", false),
            ("Endpoint", "end*", true),
            ("Endpoint", "*po*nt", true),
            ("Endpoint", "*point*t", false),
            ("aXb", "a*x*b", true),
            ("ab", "a*b*b", false),
            ("anything", "*", true),
        ] {
            assert_eq!(matches(name, pattern), expected, "{name} {pattern}");
        }
    }
}
