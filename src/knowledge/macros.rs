//! Search macros: `macros.conf`, and YAML files of one macro each.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};

use super::conf::{Layers, Stanza};
use super::yaml::{self, Flag, Origin, Words};

/// One search macro.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Macro {
    /// Without the number of arguments.
    pub name: String,
    /// Names of the arguments, in order.
    pub arguments: Vec<String>,
    /// The text it stands for, with `$argument$`.
    pub definition: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The definition is an `eval` expression whose text the macro stands for.
    pub iseval: bool,
    /// An `eval` expression over the arguments that accepts or refuses them.
    pub validation: Option<String>,
    /// What to say when `validation` is false.
    pub errormsg: Option<String>,
    /// Where it was defined.
    pub origin: Origin,
}

impl Macro {
    /// What an undefined `<detection>_filter` of a published detection means: everything passes.
    pub(super) fn open_filter(name: &str) -> Macro {
        Macro {
            name: name.to_owned(),
            definition: "search *".to_owned(),
            ..Macro::default()
        }
    }

    /// `name`, or `name(2)` with arguments.
    pub fn label(&self) -> String {
        match self.arguments.len() {
            0 => self.name.clone(),
            n => format!("{}({n})", self.name),
        }
    }
}

/// All macros, by name and number of arguments.
#[derive(Clone, Debug, Default)]
pub struct Macros {
    by_name: BTreeMap<String, BTreeMap<usize, Macro>>,
}

impl Macros {
    /// The macro of that name with that number of arguments.
    pub fn get(&self, name: &str, arity: usize) -> Option<&Macro> {
        self.by_name.get(name)?.get(&arity)
    }

    /// Numbers of arguments there are definitions of `name` for.
    pub fn arities(&self, name: &str) -> Vec<usize> {
        self.by_name
            .get(name)
            .map(|by_arity| by_arity.keys().copied().collect())
            .unwrap_or_default()
    }

    /// Names, sorted, each once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// All macros, by name and then by number of arguments.
    pub fn iter(&self) -> impl Iterator<Item = &Macro> {
        self.by_name.values().flat_map(BTreeMap::values)
    }

    /// Adds a macro, in place of one of the same name and number of arguments.
    pub fn insert(&mut self, found: Macro) {
        self.by_name
            .entry(found.name.clone())
            .or_default()
            .insert(found.arguments.len(), found);
    }

    /// Adds the macro that a YAML file defines.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Format`] with the place in the file.
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

    /// Adds the stanzas of `macros.conf`.
    ///
    /// # Errors
    /// A stanza whose name and `args` disagree, or without a definition.
    pub(super) fn insert_conf(&mut self, layers: &Layers) -> Result<()> {
        for stanza in layers.stanzas() {
            if stanza.name != "default" {
                self.insert(from_stanza(stanza)?);
            }
        }
        Ok(())
    }
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

fn from_stanza(stanza: &Stanza) -> Result<Macro> {
    let wrong = |why: String| Error::format(&stanza.origin.path, stanza.origin.line, 1, why);
    let text = |key: &str| stanza.get(key).map(|setting| setting.value.clone());
    let arguments = yaml::split_list(&text("args").unwrap_or_default());
    let (name, arity) = match stanza.name.split_once('(') {
        None => (stanza.name.as_str(), 0),
        Some((name, rest)) => {
            let arity = rest.trim_end().trim_end_matches(')').trim().parse();
            let arity: usize = arity.map_err(|_| {
                wrong(format!(
                    "the stanza [{}] should be [name(<number of arguments>)]",
                    stanza.name
                ))
            })?;
            (name, arity)
        }
    };
    if arity != arguments.len() {
        return Err(wrong(format!(
            "the macro [{}] names {} argument(s) in `args`",
            stanza.name,
            arguments.len()
        )));
    }
    let definition = stanza
        .get("definition")
        .ok_or_else(|| wrong(format!("the macro [{}] has no definition", stanza.name)))?;
    let iseval = text("iseval").unwrap_or_default();
    Ok(Macro {
        name: name.trim().to_owned(),
        arguments,
        definition: definition.value.clone(),
        description: text("description").unwrap_or_default(),
        iseval: yaml::parse_bool(&iseval).unwrap_or(false),
        validation: text("validation").filter(|v| !v.trim().is_empty()),
        errormsg: text("errormsg"),
        origin: definition.origin.clone(),
    })
}
