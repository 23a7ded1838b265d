//! `list fields` and `explain --fields`.

use std::path::PathBuf;

use crate::cli::args::ExplainArgs;
use crate::cli::error::CliError;
use crate::cli::list::matches;
use crate::cli::output::listing::Listing;
use crate::cli::setup::CliContext;
use crate::exec::fields::FieldOrigin;
use crate::session::Session;
use crate::value::{Type, Value};

/// The fields of the data whose name matches: their sourcetypes and how many events have them.
pub fn uses(session: &Session, pattern: &str) -> Result<Listing, CliError> {
    let mut rows = Listing::new(&[
        ("name", Type::Text),
        ("sourcetypes", Type::Multi),
        ("rows", Type::Number),
        ("example", Type::Text),
    ]);
    for (name, found) in session.field_uses()? {
        if matches(&name, pattern) {
            rows.push(vec![
                Value::text(name),
                Value::multi(found.sourcetypes.into_iter().map(Into::into).collect()),
                Value::Num(found.rows as f64),
                found.example.unwrap_or(Value::Null),
            ]);
        }
    }
    Ok(rows)
}

/// Shows which rule set which field.
pub fn explain(args: &ExplainArgs, setup: &CliContext) -> Result<(), CliError> {
    let mut setup = setup.clone();
    let mut spl = args.text()?;
    // If the argument is a file, it is the data and not a search.
    if let Some(path) = spl.as_deref().map(PathBuf::from)
        && path.exists()
    {
        setup.options.data.push(path);
        spl = None;
    }
    let session = setup.open()?;
    let mut rows = Listing::new(&[
        ("sourcetype", Type::Text),
        ("field", Type::Text),
        ("rule", Type::Text),
        ("stanza", Type::Text),
        ("at", Type::Text),
        ("rows", Type::Number),
        ("example", Type::Text),
    ]);
    for origin in session.field_origins(spl.as_deref())? {
        rows.push(line(origin));
    }
    setup.write_table(&rows)?;
    setup.notices(&session.take_data_notices());
    Ok(())
}

fn line(origin: FieldOrigin) -> Vec<Value<'static>> {
    let (rule, stanza, at) = match origin.rule {
        Some(rule) => {
            let key = match origin.transform {
                Some(transform) => format!("{} ({transform})", rule.key),
                None => rule.key,
            };
            let stanza = format!("[{}]", rule.stanza);
            (key, Value::text(stanza), Value::text(rule.at.to_string()))
        }
        None => ("as read".to_owned(), Value::Null, Value::Null),
    };
    vec![
        Value::text(origin.sourcetype),
        Value::text(origin.field),
        Value::text(rule),
        stanza,
        at,
        Value::Num(origin.rows as f64),
        origin.example,
    ]
}
