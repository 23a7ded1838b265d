//! `list`: the names of what is known.

use crate::cli::args::{ListArgs, ListKind};
use crate::cli::output::listing::Listing;
use crate::cli::problem::Problem;
use crate::cli::reference::{commands, functions, table};
use crate::cli::setup::Setup;
use crate::session::{NameKind, Session};
use crate::value::{Type, Value};

/// Lists names, those of commands and functions with what they do.
pub fn list(args: &ListArgs, setup: &Setup) -> Result<(), Problem> {
    let pattern = args.pattern.as_deref().unwrap_or("*");
    let rows = match args.what {
        ListKind::Commands => {
            let entries = commands();
            table(entries.iter().filter(|e| matches(e.name, pattern)))
        }
        ListKind::Functions => {
            let entries = functions();
            table(entries.iter().filter(|e| matches(e.name, pattern)))
        }
        ListKind::Detections => names(&setup.open()?, NameKind::Detection, pattern),
        ListKind::Macros => names(&setup.open()?, NameKind::Macro, pattern),
        ListKind::Lookups => names(&setup.open()?, NameKind::Lookup, pattern),
        ListKind::Models => names(&setup.open()?, NameKind::Model, pattern),
        ListKind::Datasets => names(&setup.open()?, NameKind::Dataset, pattern),
        ListKind::Fields => names(&setup.open()?, NameKind::Field, pattern),
        ListKind::Sourcetypes => names(&setup.open()?, NameKind::Sourcetype, pattern),
    };
    setup.write_table(&rows)
}

/// The names of one kind that match, as a table.
pub fn names(session: &Session, kind: NameKind<'_>, pattern: &str) -> Listing {
    let mut rows = Listing::new(&[("name", Type::Text)]);
    for name in session.names(kind) {
        if matches(&name, pattern) {
            rows.push(vec![Value::text(name)]);
        }
    }
    rows
}

/// Whether a name matches a pattern in which `*` stands for anything, whatever the case.
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
