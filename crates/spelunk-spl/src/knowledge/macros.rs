//! Search macros: `macros.conf`, and YAML files of one macro each.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};

use super::conf::{Layers, Stanza};
use super::fault::{Fault, FaultKind, Faults};
use super::yaml::{self, Flag, Origin, Words};

/// One search macro.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Macro {
    /// Name without the number of arguments.
    pub name: String,
    /// Argument names, in order; a faulty stanza may name fewer than [`Macro::arity`].
    pub arguments: Vec<String>,
    /// Number of arguments of a call.
    pub arity: usize,
    /// The replacement text, with `$argument$`.
    pub definition: String,
    /// Its purpose; may be empty.
    pub description: String,
    /// Whether the definition is an `eval` expression that computes the replacement text.
    pub iseval: bool,
    /// An `eval` expression over the arguments that accepts or rejects them.
    pub validation: Option<String>,
    /// Message when `validation` is false.
    pub errormsg: Option<String>,
    /// Where it was defined.
    pub origin: Origin,
}

impl Macro {
    /// The meaning of an undefined `<detection>_filter` in a published detection: it passes every row.
    pub(super) fn open_filter(name: &str) -> Macro {
        Macro {
            name: name.to_owned(),
            definition: "search *".to_owned(),
            ..Macro::default()
        }
    }

    /// `name`, or `name(2)` with arguments.
    pub fn label(&self) -> String {
        label(&self.name, self.arity)
    }
}

/// `name`, or `name(2)` with arguments: the name of a macro's stanza.
pub(super) fn label(name: &str, arity: usize) -> String {
    match arity {
        0 => name.to_owned(),
        n => format!("{name}({n})"),
    }
}

/// All macros, by name and number of arguments.
#[derive(Clone, Debug, Default)]
pub struct Macros {
    by_name: BTreeMap<String, BTreeMap<usize, Macro>>,
    /// Stanzas without a definition that no other app defines either; calling one is an error.
    undefined: BTreeMap<(String, usize), Origin>,
}

impl Macros {
    /// The macro with this name and number of arguments.
    pub fn get(&self, name: &str, arity: usize) -> Option<&Macro> {
        self.by_name.get(name)?.get(&arity)
    }

    /// The stanza of a macro that an app names but none defines.
    pub(super) fn undefined(&self, name: &str, arity: usize) -> Option<&Origin> {
        self.undefined.get(&(name.to_owned(), arity))
    }

    /// The numbers of arguments for which `name` is defined.
    pub fn arities(&self, name: &str) -> Vec<usize> {
        self.by_name
            .get(name)
            .map(|by_arity| by_arity.keys().copied().collect())
            .unwrap_or_default()
    }

    /// Distinct names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// All macros, by name and then by number of arguments.
    pub fn iter(&self) -> impl Iterator<Item = &Macro> {
        self.by_name.values().flat_map(BTreeMap::values)
    }

    /// Adds a macro, replacing one with the same name and number of arguments.
    pub fn insert(&mut self, found: Macro) {
        self.undefined.remove(&(found.name.clone(), found.arity));
        self.by_name
            .entry(found.name.clone())
            .or_default()
            .insert(found.arity, found);
    }

    /// Adds the macro that a YAML file defines.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Format`] with the position in the file.
    pub fn insert_yaml(&mut self, path: &Path, text: &str) -> Result<()> {
        let file: MacroFile = yaml::parse(path, text)?;
        let name = file.name.split('(').next().unwrap_or("").trim().to_owned();
        if name.is_empty() {
            return Err(Error::format(path, 1, 1, "a macro needs a `name`"));
        }
        let line = text
            .lines()
            .position(|line| line.starts_with("definition:"))
            .map_or(1, |n| n + 1);
        self.insert(Macro {
            name,
            arity: file.arguments.0.len(),
            arguments: file.arguments.0,
            definition: file.definition,
            description: file.description.unwrap_or_default(),
            iseval: file.iseval.0,
            validation: file.validation,
            errormsg: file.errormsg,
            origin: Origin {
                path: path.to_owned(),
                line,
            },
        });
        Ok(())
    }

    /// Adds the stanzas of `macros.conf`. Skips a faulty stanza, or reads as much of it as possible.
    pub(super) fn insert_conf(&mut self, layers: &Layers, faults: &Faults) {
        for stanza in layers.stanzas().filter(|stanza| stanza.name != "default") {
            self.insert_stanza(stanza, faults);
        }
    }

    /// Adds one stanza. `macros.conf`: without a number in the stanza's name `args` is ignored; if the number
    /// differs from the count of names, the first of both are bound.
    fn insert_stanza(&mut self, stanza: &Stanza, faults: &Faults) {
        let fault = |why: String, effect| {
            let object = format!("macro [{}]", stanza.name);
            faults.add(Fault::new(
                FaultKind::Macro,
                &stanza.origin,
                object,
                why,
                effect,
            ));
        };
        let Some((name, arity)) = name_and_arity(&stanza.name) else {
            let why = "the stanza should be [name(<number of arguments>)]".to_owned();
            return fault(why, "the macro is switched off");
        };
        let Some(definition) = stanza.get("definition") else {
            fault(
                "the stanza has no definition".to_owned(),
                "a call of the macro is an error",
            );
            if self.get(name, arity).is_none() {
                let key = (name.to_owned(), arity);
                self.undefined.insert(key, stanza.origin.clone());
            }
            return;
        };
        let text = |key: &str| stanza.get(key).map(|setting| setting.value.clone());
        let mut arguments = yaml::split_list(&text("args").unwrap_or_default());
        if arguments.len() != arity {
            let why = format!(
                "the stanza's name says {arity} {}, `args` names {}",
                if arity == 1 { "argument" } else { "arguments" },
                arguments.len()
            );
            let effect = match (arity, arguments.len() > arity) {
                (0, _) => "`args` is ignored",
                (_, true) => "the names beyond that number are ignored",
                (_, false) => "the arguments beyond the names are ignored",
            };
            fault(why, effect);
            arguments.truncate(arity);
        }
        let iseval = text("iseval").unwrap_or_default();
        self.insert(Macro {
            name: name.to_owned(),
            arguments,
            arity,
            definition: definition.value.clone(),
            description: text("description").unwrap_or_default(),
            iseval: yaml::parse_bool(&iseval).unwrap_or(false),
            validation: text("validation").filter(|v| !v.trim().is_empty()),
            errormsg: text("errormsg"),
            origin: definition.origin.clone(),
        });
    }
}

/// The macro name and number of arguments in a stanza's name: `m`, `m()`, `m(2)`.
fn name_and_arity(stanza: &str) -> Option<(&str, usize)> {
    let Some((name, rest)) = stanza.split_once('(') else {
        return Some((stanza.trim(), 0));
    };
    let number = rest.trim_end().strip_suffix(')')?.trim();
    let arity = match number {
        "" => 0,
        number => number.parse().ok()?,
    };
    Some((name.trim(), arity))
}

#[derive(Deserialize)]
struct MacroFile {
    name: String,
    #[serde(default)]
    definition: String,
    #[serde(default, alias = "args")]
    arguments: Words,
    description: Option<String>,
    #[serde(default)]
    iseval: Flag,
    validation: Option<String>,
    errormsg: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Macros;
    use crate::knowledge::conf::Layers;
    use crate::knowledge::fault::Faults;

    #[test]
    fn faulty_stanzas_are_read_as_far_as_they_go() {
        let text = "[bare]\nargs = a, b\ndefinition = x\n\
            [more(1)]\nargs = a, b\ndefinition = $a$ $b$\n\
            [fewer(2)]\nargs = a\ndefinition = $a$\n\
            [brackets()]\ndefinition = y\n\
            [off(1)]\ndisabled = 1\n\
            [words(a)]\ndefinition = z\n";
        let faults = Faults::default();
        let mut layers = Layers::default();
        layers.add(Path::new("macros.conf"), text, &faults);
        let mut macros = Macros::default();
        macros.insert_conf(&layers, &faults);
        let arguments = |name: &str, arity| macros.get(name, arity).map(|m| m.arguments.join(" "));
        assert_eq!(arguments("bare", 0).as_deref(), Some(""));
        assert_eq!(arguments("more", 1).as_deref(), Some("a"));
        assert_eq!(arguments("fewer", 2).as_deref(), Some("a"));
        assert_eq!(arguments("brackets", 0).as_deref(), Some(""));
        assert!(macros.get("off", 1).is_none());
        assert_eq!(macros.undefined("off", 1).map(|at| at.line), Some(12));
        let lines: Vec<usize> = faults.all().iter().map(|fault| fault.origin.line).collect();
        assert_eq!(lines, [1, 4, 7, 12, 14]);
        let mut later = Layers::default();
        later.add(
            Path::new("b"),
            "[off(1)]\nargs = a\ndefinition = $a$",
            &faults,
        );
        macros.insert_conf(&later, &faults);
        assert!(macros.get("off", 1).is_some() && macros.undefined("off", 1).is_none());
    }
}
