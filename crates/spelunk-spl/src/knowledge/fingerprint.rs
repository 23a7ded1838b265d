//! Fingerprint of the knowledge objects that determine the rows of data models.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::word;

use crate::knowledge::Catalog;
use crate::knowledge::lookups::LookupKind;

/// Incremented when the same knowledge begins to produce different rows.
const REVISION: u32 = 1;

/// Tables up to this size are identified by content, larger ones by size and modification time.
const SMALL: u64 = 1 << 20;

impl Catalog {
    /// Changes with data models, field rules, event types, tags, and the macros and lookups that these name.
    /// Knowledge that only searches use does not count.
    pub fn identity(&self) -> String {
        let mut text = format!("{} {REVISION}\n", env!("CARGO_PKG_VERSION"));
        for model in self.models.iter() {
            for dataset in model.datasets() {
                put(&mut text, &(&model.name, dataset));
            }
        }
        for event_type in self.event_types().values() {
            put(&mut text, &(&event_type.name, &event_type.search));
        }
        put(&mut text, self.all_tags());
        put(&mut text, &self.props);
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut called_before: HashSet<String> = HashSet::new();
        let mut from = 0;
        // Macros and lookups may in turn name macros and lookups.
        while from < text.len() {
            let words: HashSet<String> = text[from..]
                .split(|c: char| !word::is_part(c) && !matches!(c, '-' | '.' | ':'))
                .filter(|word| !word.is_empty() && !seen.contains(*word))
                .map(str::to_owned)
                .collect();
            let called: HashSet<String> = called(&text[from..], &mut called_before);
            from = text.len();
            for found in self.macros.iter().filter(|m| called.contains(&m.name)) {
                put(&mut text, &(&found.name, &found.arguments));
                put(&mut text, &(&found.definition, found.iseval));
            }
            let mut named: Vec<&String> = words.iter().collect();
            named.sort();
            for word in named {
                if let Some(found) = self.lookup(word) {
                    put(&mut text, &found);
                    if let LookupKind::File(path) = &found.kind {
                        table(&mut text, path);
                    }
                }
            }
            seen.extend(words);
        }
        let digest = Sha256::digest(text.as_bytes());
        digest[..12].iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Names after a backtick, as in macro calls, that are not in `before`. A macro that merely shares its name
/// with a product or field does not count.
fn called(text: &str, before: &mut HashSet<String>) -> HashSet<String> {
    let names = text.split('`').skip(1).map(|after| {
        let end = after.find(['`', '(', '"', '\n']).unwrap_or(after.len());
        after[..end].trim().to_owned()
    });
    names.filter(|name| before.insert(name.clone())).collect()
}

/// The content of a lookup's table, or metadata that changes with it.
fn table(text: &mut String, path: &std::path::Path) {
    let Ok(metadata) = std::fs::metadata(path) else {
        return;
    };
    if metadata.len() <= SMALL
        && let Ok(bytes) = std::fs::read(path)
    {
        put(text, &Sha256::digest(bytes));
    } else {
        put(text, &(metadata.len(), metadata.modified().ok()));
    }
}

fn put(text: &mut String, what: &impl std::fmt::Debug) {
    writeln!(text, "{what:?}").expect("a String takes all that is written");
}

#[cfg(test)]
mod tests {
    use super::Catalog;

    #[test]
    fn only_what_makes_rows_matters() {
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let identity = || {
            let mut catalog = Catalog::shipped().unwrap();
            catalog.add_app(home.path()).unwrap();
            catalog.identity()
        };
        write("default/macros.conf", "[mine]\ndefinition = x=1\n");
        let shipped = Catalog::shipped().unwrap().identity();
        assert_eq!(identity(), shipped, "nothing names the macro");
        write("default/eventtypes.conf", "[e]\nsearch = mine=1\n");
        let field = identity();
        write("default/macros.conf", "[mine]\ndefinition = x=3\n");
        assert_eq!(identity(), field, "a field of that name calls no macro");
        write("default/macros.conf", "[mine]\ndefinition = x=1\n");
        write("default/eventtypes.conf", "[e]\nsearch = `mine`\n");
        let named = identity();
        assert_ne!(named, shipped);
        write("default/macros.conf", "[mine]\ndefinition = x=2\n");
        let edited = identity();
        assert_ne!(edited, named);
        assert_eq!(edited, identity());
        write(
            "default/props.conf",
            "[st]\nLOOKUP-a = names.csv k OUTPUT v\n",
        );
        let without = identity();
        write("lookups/names.csv", "k,v\n1,2\n");
        let with = identity();
        assert_ne!(without, with);
        write("lookups/names.csv", "k,v\n1,3\n");
        assert_ne!(identity(), with);
    }
}
