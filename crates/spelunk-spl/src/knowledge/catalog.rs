//! All knowledge objects of one session, and where they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

use super::conf::{Layers, Stanza};
use super::dataset::DataSets;
use super::detection::Detection;
use super::detections::{DetectionEntry, Detections};
use super::fault::Faults;
use super::index_rules::IndexRules;
use super::load::Merged;
use super::lookups::{LookupDefinition, LookupKind, is_plain_name, is_table_name};
use super::macros::Macros;
use super::models::Models;
use super::props::{FieldRules, Props};
use super::saved::{self, SavedSearch};
use super::settings;
use super::shipped::{self, ShippedFile};
use super::tags::EventType;
use super::text_settings::TextSettings;
use super::yaml;

/// All knowledge objects of one session.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Search macros.
    pub macros: Macros,
    /// Data models.
    pub models: Models,
    /// Search-time field rules.
    pub props: Props,
    pub(super) event_types: BTreeMap<String, EventType>,
    pub(super) tags: BTreeMap<String, Vec<(String, String)>>,
    pub(super) lookups: BTreeMap<String, LookupDefinition>,
    pub(super) saved: BTreeMap<String, SavedSearch>,
    pub(super) detections: Detections,
    /// Form texts, by name.
    pub(super) forms: BTreeMap<String, String>,
    /// Content folders that may contain baselines.
    pub(super) baselines: Vec<PathBuf>,
    /// Lookup table folders, in the order in which they were added.
    pub(super) tables: Vec<PathBuf>,
    pub(super) merged: Merged,
    /// The store's folder. Tables that searches wrote here take precedence over added ones.
    pub(super) home: Option<PathBuf>,
    /// App directories, in the order in which they were added.
    pub(super) apps: Vec<PathBuf>,
    /// The added apps that tag events.
    pub(super) add_ons: Vec<PathBuf>,
    pub(super) faults: Faults,
}

impl Catalog {
    /// The directories of the added apps, in the order in which they were added.
    pub fn apps(&self) -> &[PathBuf] {
        &self.apps
    }

    /// Faults in the added files, found on load or on the first use of an object.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The search-time rules for events with this sourcetype, source and host.
    pub fn field_rules(&self, sourcetype: &str, source: &str, host: &str) -> FieldRules {
        self.props
            .field_rules(sourcetype, source, host, &self.faults)
    }

    /// The index-time rules for events that arrive with this sourcetype, source and host.
    pub fn index_rules(&self, sourcetype: &str, source: &str, host: &str) -> IndexRules {
        self.props
            .index_rules(sourcetype, source, host, &self.faults)
    }

    /// Each stanza of `props.conf` with its own rules and settings.
    pub fn stanzas(&self) -> impl Iterator<Item = (FieldRules, IndexRules, TextSettings)> {
        self.props.stanzas(&self.faults)
    }

    /// The text of a search and of all macros that it calls, to search for names in.
    pub fn macro_closure(&self, search: &str) -> String {
        let mut text = search.to_owned();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut from = 0;
        while from < text.len() {
            let part = text[from..].to_owned();
            from = text.len();
            // Every other part between backticks is a call.
            for call in part.split('`').skip(1).step_by(2) {
                let name = call.split('(').next().unwrap_or(call).trim();
                if !seen.insert(name.to_owned()) {
                    continue;
                }
                for arity in self.macros.arities(name) {
                    if let Some(found) = self.macros.get(name, arity) {
                        text.push('\n');
                        text.push_str(&found.definition);
                    }
                }
            }
        }
        for name in &seen {
            text.push_str("\n`");
            text.push_str(name);
            text.push('`');
        }
        text
    }

    /// Event types by name.
    pub fn event_types(&self) -> &BTreeMap<String, EventType> {
        &self.event_types
    }

    /// The field-value pairs that carry `tag`. An event has the tag if it matches any of them.
    pub fn tags(&self, tag: &str) -> &[(String, String)] {
        self.tags.get(tag).map_or(&[], Vec::as_slice)
    }

    /// All tags with the field-value pairs that carry them.
    pub fn all_tags(&self) -> &BTreeMap<String, Vec<(String, String)>> {
        &self.tags
    }

    /// The text of a form: the file `forms/<name>.form` of an app.
    pub fn form(&self, name: &str) -> Option<&str> {
        self.forms.get(name).map(String::as_str)
    }

    /// All forms, name and text.
    pub fn forms(&self) -> impl Iterator<Item = (&str, &str)> {
        self.forms
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The regular expression of this stanza of `transforms.conf`.
    pub fn transform_regex(&self, stanza: &str) -> Option<&str> {
        self.merged.transforms.get(stanza)?.text("REGEX")
    }

    /// The name of the app whose `commands.conf` defines this custom search command.
    pub fn custom_command(&self, name: &str) -> Option<String> {
        let stanza = self.merged.commands.get(&name.to_ascii_lowercase());
        let stanza = stanza.or_else(|| self.merged.commands.get(name))?;
        let app = stanza.origin.path.ancestors().nth(2)?.file_name()?;
        Some(app.to_string_lossy().into_owned())
    }

    /// All custom search commands: the command, and the app that defines it.
    pub fn custom_commands(&self) -> Vec<(String, String)> {
        let names = self
            .merged
            .commands
            .stanzas()
            .map(|stanza| stanza.name.clone());
        let of_app = names.filter_map(|name| Some((self.custom_command(&name)?, name)));
        of_app.map(|(app, name)| (name, app)).collect()
    }

    /// The settings of a transaction type, a stanza of `transactiontypes.conf`.
    pub fn transaction_type(&self, name: &str) -> Option<&Stanza> {
        self.merged.transaction_types.get(name)
    }

    /// An integer setting of `limits.conf`.
    pub fn limit(&self, stanza: &str, key: &str) -> Option<usize> {
        let setting = self.merged.limits.get(stanza)?.get(key)?;
        let object = format!("[{stanza}] {key}");
        let number = settings::whole_number(setting, &object, &self.faults)?;
        usize::try_from(number).ok()
    }

    /// The lookup with this name, or for the CSV file with this name in an added `lookups/` folder. Uses the
    /// table that a search wrote, if there is one.
    pub fn lookup(&self, name: &str) -> Option<LookupDefinition> {
        if let Some(found) = self.lookups.get(name) {
            let mut found = found.clone();
            if let Some(written) = self.written(&found.kind) {
                found.kind = LookupKind::File(written);
            }
            return Some(found);
        }
        if !is_plain_name(name) || !is_table_name(name) {
            return None;
        }
        let path = self.table(name)?;
        Some(LookupDefinition::file(name, &path))
    }

    /// The lookup with this name.
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

    /// The saved search with this name.
    pub fn saved_search(&self, name: &str) -> Option<&SavedSearch> {
        self.saved.get(name)
    }

    /// All saved searches, by name.
    pub fn saved_searches(&self) -> &BTreeMap<String, SavedSearch> {
        &self.saved
    }

    /// All detections: shipped ones, then those of the added content. Skips a detection whose id a later
    /// folder has too.
    ///
    /// # Errors
    /// If a file can't be read, or is not a detection.
    pub fn detections(&self) -> Result<&[DetectionEntry]> {
        self.detections.all(&self.faults)
    }

    /// The detection files that `selector` matches: by id, name (ignoring case), file name with or without
    /// extension, file path, or a folder with everything below it.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownDetection`], with the nearest name.
    pub fn find_detections(&self, selector: &str) -> Result<Vec<PathBuf>> {
        self.detections.find(selector, &self.faults)
    }

    /// The baselines in the content folders. Unreadable ones are skipped.
    pub fn baselines(&self) -> Vec<Detection> {
        let files = self
            .baselines
            .iter()
            .filter_map(|dir| yaml::files(dir).ok());
        files
            .flatten()
            .filter_map(|path| Detection::load(&path).ok())
            .collect()
    }

    /// The detections that `selector` matches: those of [`Catalog::find_detections`], the saved searches of
    /// an app directory or of a `savedsearches.conf`, or one added with [`Catalog::add_app`], by name.
    ///
    /// # Errors
    /// As [`Catalog::find_detections`], or if a file selected by name is invalid. In a folder, an invalid
    /// file is reported in [`Detection::broken`], so that the others can run.
    pub fn load_detections(&self, selector: &str) -> Result<Vec<Detection>> {
        if let Some(saved) = self.saved.get(selector) {
            return Ok(vec![Detection::of_saved(saved)]);
        }
        let path = Path::new(selector);
        let files = ["default", "local"].map(|layer| path.join(layer).join("savedsearches.conf"));
        let mut files: Vec<PathBuf> = files.into_iter().filter(|file| file.is_file()).collect();
        if path.is_file() && path.extension().is_some_and(|e| e == "conf") {
            files.push(path.to_owned());
        }
        if files.is_empty() {
            let found = self.find_detections(selector)?;
            let alone = !path.is_dir();
            let load = |path: &PathBuf| match Detection::load(path) {
                Err(why) if !alone => Ok(Detection::broken(path, why)),
                loaded => loaded,
            };
            return found.iter().map(load).collect();
        }
        let mut layers = Layers::default();
        for file in &files {
            layers.add(file, &yaml::read_conf(file, &self.faults)?, &self.faults);
        }
        let saved = saved::saved_searches(&layers);
        Ok(saved.values().map(Detection::of_saved).collect())
    }

    /// The one detection with this id, name, file name or path.
    ///
    /// # Errors
    /// If there is none, or its file is invalid.
    pub fn detection(&self, selector: &str) -> Result<Detection> {
        let unknown = || Error::new(ErrorKind::UnknownDetection(selector.to_owned()));
        match self.find_detections(selector)?.as_slice() {
            [one] => Detection::load(one),
            [] => Err(unknown()),
            _ => Err(unknown().hint("that is a folder of several detections")),
        }
    }

    /// The shipped data file at this path, with or without the prefix `<shipped>/`.
    pub fn shipped_dataset(&self, path: &Path) -> Option<ShippedFile> {
        shipped::file(path).filter(|file| file.path().starts_with("datasets"))
    }

    /// Descriptions of all shipped data sets.
    ///
    /// # Errors
    /// If a shipped file is broken, which a test rules out.
    pub fn shipped_datasets(&self) -> Result<Vec<DataSets>> {
        let files = shipped::files("datasets").into_iter().map(|f| f.shown());
        files
            .filter(|path| path.extension().is_some_and(|e| e == "yml" || e == "yaml"))
            .map(|path| DataSets::load(&path))
            .collect()
    }

    /// The definition of a lookup as added, ignoring tables that searches wrote.
    pub fn lookup_definition(&self, name: &str) -> Option<&LookupDefinition> {
        self.lookups.get(name)
    }

    /// The table in the home folder that a search wrote for this lookup.
    fn written(&self, kind: &LookupKind) -> Option<PathBuf> {
        let home = self.home.as_ref()?;
        let path = match kind {
            LookupKind::File(path) => home.join("lookups").join(path.file_name()?),
            LookupKind::Collection { collection, .. } => {
                home.join("collections").join(format!("{collection}.csv"))
            }
            LookupKind::External { .. } => return None,
        };
        path.is_file().then_some(path)
    }

    /// The path of the lookup table with this file name. The folder added last wins.
    pub(super) fn table(&self, name: &str) -> Option<PathBuf> {
        let paths = self.tables.iter().rev().map(|dir| dir.join(name));
        let mut there = paths.filter(|path| shipped::file(path).is_some() || path.is_file());
        there.next()
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Catalog;
    use crate::error::Error;
    use crate::knowledge::detection::Detection;
    use crate::knowledge::expand::expand;
    use crate::knowledge::shipped;
    use crate::source::SourceMap;
    use crate::testing::shared;

    fn expanded(catalog: &Catalog, search: &str) -> Result<String, String> {
        let mut map = SourceMap::new();
        let typed = map.add("search", search);
        let refuse = |_: &str, _: &[(&str, &str)]| Err(Error::data("nothing is evaluated here"));
        let id = expand(&mut map, typed, &catalog.macros, &refuse);
        id.map(|id| map.get(id).text.clone())
            .map_err(|error| format!("{error} {:?}", error.hints))
    }

    #[test]
    fn what_is_shipped_fits_together() {
        let catalog = Catalog::shipped().unwrap();
        for entry in catalog.detections().unwrap() {
            let detection = catalog.detection(&entry.id).unwrap();
            expanded(&catalog, &detection.search).unwrap();
        }
        for model in catalog.models.iter() {
            for dataset in model.datasets() {
                for search in dataset.constraints.iter().chain(&dataset.base_search) {
                    expanded(&catalog, search).unwrap();
                }
            }
        }
        for (tag, pairs) in catalog.all_tags() {
            for (field, value) in pairs {
                let known = field != "eventtype" || catalog.event_types().contains_key(value);
                assert!(known, "{value} has the tag {tag}");
            }
        }
        for described in catalog.shipped_datasets().unwrap() {
            assert!(!described.files.is_empty());
        }
        let sysmon = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational";
        let rules = catalog.field_rules("xmlwineventlog", sysmon, "h");
        let process = rules.evals.iter().find(|rule| rule.rule.field == "process");
        let stanza = &process.expect("the rule is shipped").origin.stanza;
        assert_eq!(stanza, "source::...Sysmon/Operational");
        assert!(shipped::file(Path::new("apps/../macros/ctime_1.yml")).is_none());
    }

    #[test]
    fn every_published_search_expands() {
        let Some(content) = shared("content") else {
            return;
        };
        let mut catalog = Catalog::shipped().unwrap();
        catalog.add_content(&content).unwrap();
        let files = catalog.find_detections(&content.to_string_lossy()).unwrap();
        assert!(files.len() > 100);
        for path in files {
            let detection = Detection::load(&path).unwrap();
            expanded(&catalog, &detection.search)
                .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        }
        for lookup in catalog.lookups() {
            if let Err(error) = lookup.load() {
                let text = error.to_string();
                assert!(text.contains("No such file"), "{text}");
            }
        }
    }

    #[test]
    fn an_app_is_laid_over_what_is_there() {
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path: PathBuf = home.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let names = "[names]\nfilename = n.csv\nmax_matches = 1\n";
        write("default/macros.conf", "[m]\ndefinition = default\n");
        write("local/macros.conf", "[m]\ndefinition = local\n");
        write("default/transforms.conf", names);
        write("lookups/n.csv", "a,b\n1,2\n");
        write("default/tags.conf", "[eventtype=mine]\nprocess = enabled\n");
        write("default/eventtypes.conf", "[mine]\nsearch = x=1\n");
        let mut catalog = Catalog::shipped().unwrap();
        catalog.add_app(home.path()).unwrap();
        assert_eq!(expanded(&catalog, "`m`").unwrap(), "local");
        let lookup = catalog.lookup("names").unwrap();
        assert_eq!(lookup.load().unwrap().columns, ["a", "b"]);
        assert_eq!(lookup.max_matches, 1);
        assert!(catalog.lookup("n.csv").unwrap().load().is_ok());
        assert!(catalog.lookup("../lookups/n.csv").is_none());
        assert!(catalog.tags("process").len() > 1);
        assert!(catalog.add_app(Path::new("/nowhere/at/all")).is_err());
    }
}
