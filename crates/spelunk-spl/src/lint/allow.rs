//! Lint suppressions: by a comment in the search, by a comment in the detection's file, or by `spelunk.conf`.

use std::path::Path;

use crate::error::{Error, Result};
use crate::knowledge::conf::Layers;
use crate::knowledge::fault::{Fault, FaultKind, Faults};
use crate::lint::Lint;

/// The name of the configuration file: in a content folder, in an app's `default` and `local`, and in the
/// store's folder.
pub const FILE: &str = "spelunk.conf";

/// Disabled lints, and denied ones, which fail a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    allowed: Vec<String>,
    denied: Vec<String>,
}

impl Rules {
    /// Adds the stanza `[lint]` of a configuration file: `allow` and `deny` are lists of codes or names;
    /// `deny = warnings` means all warnings. An invalid entry is a fault.
    pub fn read(&mut self, path: &Path, text: &str, faults: &Faults) {
        let mut layers = Layers::default();
        layers.add(path, text, faults);
        let Some(stanza) = layers.get("lint") else {
            return;
        };
        for (key, setting) in stanza.iter() {
            let wrong = |why: String, effect| {
                let object = format!("[lint] {key}");
                let origin = &setting.origin;
                faults.add(Fault::new(FaultKind::Setting, origin, object, why, effect));
            };
            let into = match key {
                "allow" => &mut self.allowed,
                "deny" => &mut self.denied,
                _ => {
                    let why = "the key is neither `allow` nor `deny`".to_owned();
                    wrong(why, "the setting is ignored");
                    continue;
                }
            };
            for name in names(&setting.value) {
                match known(name) {
                    Ok(()) => into.push(name.to_owned()),
                    Err(why) => wrong(why, "the name is ignored"),
                }
            }
        }
    }

    /// Disables lints.
    ///
    /// # Errors
    /// If a lint is unknown.
    pub fn allow(&mut self, list: &[String]) -> Result<()> {
        add(&mut self.allowed, list)
    }

    /// Denies lints, or all warnings with `warnings`.
    ///
    /// # Errors
    /// If a lint is unknown.
    pub fn deny(&mut self, list: &[String]) -> Result<()> {
        add(&mut self.denied, list)
    }

    /// Whether a lint is disabled for a search with these comments.
    pub fn allows(&self, lint: &Lint, comments: &[String]) -> bool {
        // A lint denied on the command line or in a file can still be allowed by a comment.
        let named = |name: &String| is(lint, name);
        comments.iter().any(named) || self.allowed.iter().any(named)
    }

    /// Whether findings of a lint fail a check.
    pub fn denies(&self, lint: &Lint) -> bool {
        use crate::lint::Severity;
        let all = lint.severity == Severity::Warning
            && self
                .denied
                .iter()
                .any(|d| d.eq_ignore_ascii_case("warnings"));
        lint.severity == Severity::Error || all || self.denied.iter().any(|name| is(lint, name))
    }
}

fn add(into: &mut Vec<String>, list: &[String]) -> Result<()> {
    for name in list.iter().flat_map(|text| names(text)) {
        known(name).map_err(Error::usage)?;
        into.push(name.to_owned());
    }
    Ok(())
}

fn known(name: &str) -> std::result::Result<(), String> {
    let groups = ["all", "warnings"];
    if super::lint(name).is_some() || groups.iter().any(|g| name.eq_ignore_ascii_case(g)) {
        return Ok(());
    }
    let lints = super::all();
    let codes = lints.iter().flat_map(|l| [l.code, l.name]);
    Err(match crate::error::nearest(name, codes) {
        Some(near) => format!("unknown lint `{name}`; did you mean `{near}`?"),
        None => format!("unknown lint `{name}`; docs/lints.md lists them"),
    })
}

fn is(lint: &Lint, name: &str) -> bool {
    lint.code.eq_ignore_ascii_case(name)
        || lint.name.eq_ignore_ascii_case(name)
        || name.eq_ignore_ascii_case("all")
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t', '\n'])
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

/// The lints disabled by comments of a search: ```` ```spelunk: allow SPL101, SPL102``` ````. Text after ` --
/// ` or a full stop is the reason.
pub fn in_search(text: &str) -> Vec<String> {
    let comments = text.split("```").skip(1).step_by(2);
    comments.filter_map(allowed).flatten().collect()
}

/// The lints disabled by comments of a YAML file: `# spelunk: allow SPL101`.
pub fn in_yaml(text: &str) -> Vec<String> {
    let comment = |line: &str| {
        let at = line.find('#')?;
        allowed(&line[at + 1..])
    };
    text.lines().filter_map(comment).flatten().collect()
}

fn allowed(comment: &str) -> Option<Vec<String>> {
    let rest = comment.trim().strip_prefix("spelunk:")?;
    let list = rest.trim_start().strip_prefix("allow")?;
    let list = list.split("--").next().unwrap_or(list);
    Some(names(list).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Rules, in_search, in_yaml};
    use crate::knowledge::fault::Faults;
    use crate::lint::lint;

    #[test]
    fn comments_switch_off() {
        let found = in_search("a=1 ```spelunk: allow SPL101, unused-field -- why``` | stats count");
        assert_eq!(found, ["SPL101", "unused-field"]);
        assert!(in_search("a=1 ```allow SPL101```").is_empty());
        let yaml = "name: x # spelunk: allow SPL201\n# spelunk: allow SPL202\nsearch: y\n";
        assert_eq!(in_yaml(yaml), ["SPL201", "SPL202"]);
    }

    #[test]
    fn files_name_lints_that_there_are() {
        let mut rules = Rules::default();
        let path = Path::new("spelunk.conf");
        let faults = Faults::default();
        let text = "[lint]\nallow = unused-field, unused-feild\ndeny = warnings\nperhaps = all\n";
        rules.read(path, text, &faults);
        let unused = lint("unused-field").unwrap();
        assert!(rules.allows(unused, &[]));
        let said: Vec<String> = faults.all().iter().map(ToString::to_string).collect();
        assert!(
            said[0].starts_with("spelunk.conf:2: [lint] allow"),
            "{said:?}"
        );
        assert!(said[0].contains("did you mean `unused-field`?"), "{said:?}");
        assert!(
            said[1].starts_with("spelunk.conf:4: [lint] perhaps"),
            "{said:?}"
        );
    }
}
