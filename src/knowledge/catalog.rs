//! All knowledge of one session, and where it comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

use super::conf::Layers;
use super::lookups::{LookupDefinition, is_plain_name};
use super::macros::Macros;
use super::models::Models;
use super::props::{FieldRules, Props};
use super::shipped;
use super::tags::{self, EventType};
use super::yaml;

/// Configuration files that are merged over all apps.
#[derive(Clone, Debug, Default)]
struct Merged {
    props: Layers,
    transforms: Layers,
    event_types: Layers,
    tags: Layers,
}

/// All knowledge of one session.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Search macros.
    pub macros: Macros,
    /// Data models.
    pub models: Models,
    /// Search-time field rules.
    pub props: Props,
    event_types: BTreeMap<String, EventType>,
    tags: BTreeMap<String, Vec<(String, String)>>,
    lookups: BTreeMap<String, LookupDefinition>,
    /// Folders that hold lookup tables, the first added first.
    tables: Vec<PathBuf>,
    merged: Merged,
}

/// The text files of one app, from a folder or from the binary: path and text, the ones under
/// `default` before the ones under `local`.
type Texts = Vec<(PathBuf, String)>;

impl Catalog {
    /// What the program ships: macros, data models, field rules.
    ///
    /// # Errors
    /// Something shipped is broken, which a test rules out.
    pub fn shipped() -> Result<Catalog> {
        let mut catalog = Catalog::default();
        for file in shipped::files("macros") {
            let path = file.shown();
            let text = yaml::text_of(&path, file.bytes().to_vec())?;
            catalog.macros.insert_yaml(&path, &text)?;
        }
        let mut apps: BTreeMap<PathBuf, Texts> = BTreeMap::new();
        for file in shipped::files("apps") {
            let path = file.shown();
            let extension = path.extension().and_then(|e| e.to_str());
            let Some("conf" | "json") = extension else {
                continue;
            };
            let text = yaml::text_of(&path, file.bytes().to_vec())?;
            // <shipped>/apps/<app>/...
            let app: PathBuf = path.components().take(3).collect();
            apps.entry(app).or_default().push((path, text));
        }
        for (app, texts) in apps {
            catalog.tables.push(app.join("lookups"));
            catalog.add_texts(&texts)?;
        }
        Ok(catalog)
    }

    /// Adds a Splunk app's directory: `default/` and over it `local/` with `.conf` files and
    /// `data/models/*.json`, and `lookups/`.
    ///
    /// # Errors
    /// There is no such directory, or a file in it can't be read or is wrong at a place.
    pub fn add_app(&mut self, dir: &Path) -> Result<()> {
        if !dir.is_dir() {
            return Err(Error::file(dir, "no such app directory"));
        }
        let mut texts = Texts::new();
        for layer in ["default", "local"] {
            let layer = dir.join(layer);
            for name in CONF_FILES {
                let path = layer.join(name);
                if path.is_file() {
                    texts.push((path.clone(), yaml::read(&path)?));
                }
            }
            for path in yaml::entries(&layer.join("data/models"))? {
                if path.extension().is_some_and(|e| e == "json") {
                    texts.push((path.clone(), yaml::read(&path)?));
                }
            }
        }
        self.tables.push(dir.join("lookups"));
        self.add_texts(&texts)
    }

    /// Adds a folder in the layout of Splunk's published content: `macros/*.yml` and
    /// `lookups/*.yml` with their tables.
    ///
    /// # Errors
    /// There is no such directory, or a file in it can't be read or is wrong at a place.
    pub fn add_content(&mut self, dir: &Path) -> Result<()> {
        if !dir.is_dir() {
            return Err(Error::file(dir, "no such content directory"));
        }
        let macros = dir.join("macros");
        if macros.is_dir() {
            self.add_macros(&macros)?;
        }
        let lookups = dir.join("lookups");
        self.tables.push(lookups.clone());
        for path in yaml::files(&lookups)? {
            let lookup = LookupDefinition::from_yaml(&path, &yaml::read(&path)?, &lookups)?;
            self.lookups.insert(lookup.name.clone(), lookup);
        }
        Ok(())
    }

    /// Adds a folder of YAML files with one macro each.
    ///
    /// # Errors
    /// There is no such directory, or a file in it can't be read or is wrong at a place.
    pub fn add_macros(&mut self, dir: &Path) -> Result<()> {
        if !dir.is_dir() {
            return Err(Error::file(dir, "no such macro directory"));
        }
        for path in yaml::files(dir)? {
            self.macros.insert_yaml(&path, &yaml::read(&path)?)?;
        }
        Ok(())
    }

    /// The search-time rules for events of that sourcetype, source and host.
    ///
    /// # Errors
    /// See [`Props::field_rules`].
    pub fn field_rules(&self, sourcetype: &str, source: &str, host: &str) -> Result<FieldRules> {
        self.props.field_rules(sourcetype, source, host)
    }

    /// Event types by name.
    pub fn event_types(&self) -> &BTreeMap<String, EventType> {
        &self.event_types
    }

    /// The pairs of field and value that carry `tag`: an event has the tag when one of them holds.
    pub fn tags(&self, tag: &str) -> &[(String, String)] {
        self.tags.get(tag).map_or(&[], Vec::as_slice)
    }

    /// All tags with the pairs that carry them.
    pub fn all_tags(&self) -> &BTreeMap<String, Vec<(String, String)>> {
        &self.tags
    }

    /// The lookup of that name, or of the CSV file of that name in an added `lookups/` folder.
    pub fn lookup(&self, name: &str) -> Option<LookupDefinition> {
        if let Some(found) = self.lookups.get(name) {
            return Some(found.clone());
        }
        if !is_plain_name(name) || !name.to_ascii_lowercase().ends_with(".csv") {
            return None;
        }
        let path = self.table(name)?;
        Some(LookupDefinition::file(name, &path))
    }

    /// The lookup of that name.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownLookup`], with the nearest name.
    pub fn find_lookup(&self, name: &str) -> Result<LookupDefinition> {
        self.lookup(name).ok_or_else(|| {
            Error::new(ErrorKind::UnknownLookup(name.to_owned()))
                .did_you_mean(name, self.lookups.keys().map(String::as_str))
        })
    }

    /// All lookups with a definition, by name.
    pub fn lookups(&self) -> impl Iterator<Item = &LookupDefinition> {
        self.lookups.values()
    }

    /// Where the table of that file name lies; the folder added last wins.
    fn table(&self, name: &str) -> Option<PathBuf> {
        let paths = self.tables.iter().rev().map(|dir| dir.join(name));
        let mut there = paths.filter(|path| shipped::file(path).is_some() || path.is_file());
        there.next()
    }

    /// Adds the files of one app.
    fn add_texts(&mut self, texts: &Texts) -> Result<()> {
        let mut macros = Layers::default();
        let mut transforms = Layers::default();
        for (path, text) in texts {
            if path.extension().is_some_and(|e| e == "json") {
                self.models.insert_json(path, text)?;
                continue;
            }
            match path.file_name().and_then(|name| name.to_str()) {
                Some("macros.conf") => macros.add(path, text)?,
                Some("props.conf") => self.merged.props.add(path, text)?,
                Some("transforms.conf") => {
                    transforms.add(path, text)?;
                    self.merged.transforms.add(path, text)?;
                }
                Some("eventtypes.conf") => self.merged.event_types.add(path, text)?,
                Some("tags.conf") => self.merged.tags.add(path, text)?,
                _ => {}
            }
        }
        self.macros.insert_conf(&macros)?;
        self.props = Props::new(&self.merged.props, &self.merged.transforms)?;
        self.event_types = tags::event_types(&self.merged.event_types);
        self.tags = tags::tags(&self.merged.tags);
        let last = self.tables.last().cloned().unwrap_or_default();
        for stanza in transforms.stanzas() {
            let Some(merged) = self.merged.transforms.get(&stanza.name) else {
                continue;
            };
            let folder = |name: &str| {
                self.table(name)
                    .and_then(|path| path.parent().map(Path::to_owned))
                    .unwrap_or_else(|| last.clone())
            };
            if let Some(lookup) = LookupDefinition::from_stanza(merged, &folder)? {
                self.lookups.insert(lookup.name.clone(), lookup);
            }
        }
        Ok(())
    }
}

/// The configuration files that searches depend on.
const CONF_FILES: [&str; 5] = [
    "eventtypes.conf",
    "macros.conf",
    "props.conf",
    "tags.conf",
    "transforms.conf",
];
