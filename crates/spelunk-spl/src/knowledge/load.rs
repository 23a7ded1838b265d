//! Fills a [`Catalog`] from shipped knowledge, app directories and folders of published content. A fault in a
//! file disables only the part that contains it; loading continues.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

use super::catalog::Catalog;
use super::conf::Layers;
use super::fault::{Fault, FaultKind, Faults};
use super::lookups::LookupDefinition;
use super::props::Props;
use super::replaced;
use super::saved;
use super::shipped;
use super::tags;
use super::yaml::{self, Origin};

/// Configuration files, merged over all apps.
#[derive(Clone, Debug, Default)]
pub(super) struct Merged {
    pub(super) props: Layers,
    pub(super) transforms: Layers,
    pub(super) event_types: Layers,
    pub(super) tags: Layers,
    pub(super) saved: Layers,
    pub(super) limits: Layers,
    pub(super) transaction_types: Layers,
    pub(super) commands: Layers,
}

/// The text files of one app, from a folder or from the binary: path and text, those under `default` before
/// those under `local`.
pub(super) type Texts = Vec<(PathBuf, String)>;

/// The configuration files that searches depend on.
const CONF_FILES: [&str; 9] = [
    "commands.conf",
    "eventtypes.conf",
    "limits.conf",
    "macros.conf",
    "props.conf",
    "savedsearches.conf",
    "tags.conf",
    "transactiontypes.conf",
    "transforms.conf",
];

/// An app has at least one of these folders.
const APP_FOLDERS: [&str; 3] = ["default", "local", "metadata"];

/// Whether a folder is a Splunk app.
pub fn is_app(dir: &Path) -> bool {
    APP_FOLDERS.iter().any(|folder| dir.join(folder).is_dir())
}

impl Catalog {
    /// The shipped macros, data models and field rules.
    ///
    /// # Errors
    /// If a shipped file is broken, which a test rules out.
    pub fn shipped() -> Result<Catalog> {
        let mut catalog = Catalog::shipped_macros()?;
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
            catalog.add_texts(&texts);
        }
        Ok(catalog)
    }

    /// The shipped macros without the shipped apps: no data models, no field rules.
    ///
    /// # Errors
    /// As [`Catalog::shipped`].
    pub fn shipped_macros() -> Result<Catalog> {
        let mut catalog = Catalog::default();
        for file in shipped::files("macros") {
            let path = file.shown();
            let text = yaml::text_of(&path, file.bytes().to_vec())?;
            catalog.macros.insert_yaml(&path, &text)?;
        }
        Ok(catalog)
    }

    /// Adds a Splunk app's directory: `default/`, overridden by `local/`, with `.conf` files and
    /// `data/models/*.json`, and `lookups/`. Faults in its files are reported in [`Catalog::faults`].
    ///
    /// An app that tags events is an add-on: for the sources and sourcetypes that it has field rules for, it replaces
    /// the shipped mapping.
    ///
    /// # Errors
    /// If there is no such directory, or it is not an app.
    pub fn add_app(&mut self, dir: &Path) -> Result<()> {
        if !dir.is_dir() {
            return Err(Error::file(dir, "no such app directory"));
        }
        if !is_app(dir) {
            let why = "no Splunk app: it has none of the folders default/, local/, metadata/";
            let error = Error::file(dir, why);
            return Err(
                match yaml::entries(dir)?.iter().any(|inner| is_app(inner)) {
                    true => error.hint("the folders in it are apps: name it with --apps"),
                    false => error,
                },
            );
        }
        let mut texts = Texts::new();
        for layer in ["default", "local"] {
            let layer = dir.join(layer);
            for name in CONF_FILES {
                let path = layer.join(name);
                if path.is_file()
                    && let Some(text) = self.or_fault(&path, yaml::read_conf(&path, &self.faults))
                {
                    texts.push((path, text));
                }
            }
            for path in self.entries(&layer.join("data/models")) {
                if path.extension().is_some_and(|e| e == "json")
                    && let Some(text) = self.or_fault(&path, yaml::read(&path))
                {
                    texts.push((path, text));
                }
            }
        }
        for path in self.entries(&dir.join("forms")) {
            let name = path.file_stem().and_then(|n| n.to_str());
            if let (Some(name), true) = (name, path.extension().is_some_and(|e| e == "form"))
                && let Some(text) = self.or_fault(&path, yaml::read(&path))
            {
                self.forms.insert(name.to_owned(), text);
            }
        }
        self.tables.push(dir.join("lookups"));
        self.apps.push(dir.to_owned());
        if replaced::is_add_on(&texts) {
            self.add_ons.push(dir.to_owned());
        }
        self.add_texts(&texts);
        Ok(())
    }

    /// Adds all apps of a folder. Their names decide which wins, the last in order: Splunk's reverse
    /// lexicographical order for knowledge that searches share (Admin Manual, "Configuration file
    /// precedence").
    ///
    /// # Errors
    /// If there is no such folder, or it contains no app.
    pub fn add_apps(&mut self, dir: &Path) -> Result<()> {
        if !dir.is_dir() {
            return Err(Error::file(dir, "no such folder of apps"));
        }
        let apps: Vec<PathBuf> = yaml::entries(dir)?;
        let apps: Vec<PathBuf> = apps.into_iter().filter(|inner| is_app(inner)).collect();
        if apps.is_empty() {
            let error = Error::file(dir, "this folder contains no Splunk app");
            return Err(match is_app(dir) {
                true => error.hint("it is an app itself: name it with --app"),
                false => error,
            });
        }
        apps.iter().try_for_each(|app| self.add_app(app))
    }

    /// Adds a folder in the layout of Splunk's published content: `macros/*.yml`, `lookups/**/*.yml` with
    /// their tables, and `detections/**/*.yml`, which are read on demand. Unreadable files are skipped and
    /// reported in [`Catalog::faults`].
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn add_content(&mut self, dir: &Path) -> Result<()> {
        if !dir.is_dir() {
            return Err(Error::file(dir, "no such content directory"));
        }
        self.add_macro_files(&dir.join("macros"));
        self.detections.add(&dir.join("detections"));
        self.baselines.push(dir.join("baselines"));
        self.add_lookups(&dir.join("lookups"));
        Ok(())
    }

    /// Adds the lookups of a folder and its subfolders, each with its table next to it. Newer content groups
    /// its lookups by kind, in `lookups/csv`, `lookups/kvstore`.
    fn add_lookups(&mut self, dir: &Path) {
        self.tables.push(dir.to_owned());
        for path in self.entries(dir) {
            if path.is_dir() {
                if !path.is_symlink() {
                    self.add_lookups(&path);
                }
                continue;
            }
            if !yaml::is_yaml(&path) {
                continue;
            }
            let lookup = yaml::read(&path)
                .and_then(|text| LookupDefinition::from_yaml(&path, &text, dir, &self.faults));
            match lookup {
                Ok(lookup) => {
                    self.lookups.insert(lookup.name.clone(), lookup);
                }
                Err(error) => self.add_file_fault(&path, &error, "the lookup is switched off"),
            }
        }
    }

    /// Adds a folder of YAML files with one macro each. Unreadable files are skipped.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn add_macros(&mut self, dir: &Path) -> Result<()> {
        if !dir.is_dir() {
            return Err(Error::file(dir, "no such macro directory"));
        }
        self.add_macro_files(dir);
        Ok(())
    }

    fn add_macro_files(&mut self, dir: &Path) {
        for path in self.entries(dir) {
            if !yaml::is_yaml(&path) || !path.is_file() {
                continue;
            }
            let added = yaml::read(&path).and_then(|text| self.macros.insert_yaml(&path, &text));
            if let Err(error) = added {
                self.add_file_fault(&path, &error, "the macro is switched off");
            }
        }
    }

    /// Lets tables that searches wrote in the home folder replace those that were added.
    pub fn add_home(&mut self, home: &Path) {
        if let Some(before) = self.home.replace(home.to_owned()) {
            let before = before.join("lookups");
            self.tables.retain(|folder| *folder != before);
        }
        self.tables.push(home.join("lookups"));
    }

    /// Adds the files of one app.
    fn add_texts(&mut self, texts: &Texts) {
        let faults = self.faults.clone();
        let mut macros = Layers::default();
        let mut transforms = Layers::default();
        for (path, text) in texts {
            if path.extension().is_some_and(|e| e == "json") {
                if let Err(error) = self.models.insert_json(path, text, &faults) {
                    self.add_file_fault(path, &error, "the data model is left out");
                }
                continue;
            }
            let merged = &mut self.merged;
            match path.file_name().and_then(|name| name.to_str()) {
                Some("commands.conf") => merged.commands.add(path, text, &faults),
                Some("limits.conf") => merged.limits.add(path, text, &faults),
                Some("macros.conf") => macros.add(path, text, &faults),
                Some("props.conf") => merged.props.add(path, text, &faults),
                Some("transforms.conf") => {
                    transforms.add(path, text, &faults);
                    merged.transforms.add(path, text, &faults);
                }
                Some("eventtypes.conf") => merged.event_types.add(path, text, &faults),
                Some("savedsearches.conf") => merged.saved.add(path, text, &faults),
                Some("transactiontypes.conf") => merged.transaction_types.add(path, text, &faults),
                Some("tags.conf") => merged.tags.add(path, text, &faults),
                _ => {}
            }
        }
        self.macros.insert_conf(&macros, &faults);
        self.props = Props::new(
            &self.merged.props,
            &self.merged.transforms,
            &self.add_ons,
            &faults,
        );
        self.event_types = tags::event_types(&self.merged.event_types);
        if !self.add_ons.is_empty() {
            self.event_types
                .retain(|_, event_type| !replaced::is_replaced(event_type, &self.props));
        }
        self.tags = tags::tags(&self.merged.tags);
        self.saved = saved::saved_searches(&self.merged.saved);
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
            if let Some(lookup) = LookupDefinition::from_stanza(merged, &folder, &faults) {
                self.lookups.insert(lookup.name.clone(), lookup);
            }
        }
    }

    /// The entries of a folder. An unreadable folder is a fault and has no entries.
    fn entries(&self, dir: &Path) -> Vec<PathBuf> {
        let entries = self.or_fault(dir, yaml::entries(dir));
        entries.unwrap_or_default()
    }

    /// Unwraps the value, or reports a fault of the file.
    fn or_fault<T>(&self, path: &Path, read: Result<T>) -> Option<T> {
        match read {
            Ok(found) => Some(found),
            Err(error) => {
                self.add_file_fault(path, &error, "the file is left out");
                None
            }
        }
    }

    fn add_file_fault(&self, path: &Path, error: &Error, effect: &'static str) {
        self.faults.add(Fault::of_file(path, error, effect));
    }
}

/// Reports that a file is not UTF-8.
pub(super) fn not_utf8(path: &Path, line: usize, faults: &Faults) {
    let origin = Origin {
        path: path.to_owned(),
        line,
    };
    faults.add(Fault::new(
        FaultKind::File,
        &origin,
        "",
        "the file is not UTF-8",
        "it is read as Windows-1252",
    ));
}
