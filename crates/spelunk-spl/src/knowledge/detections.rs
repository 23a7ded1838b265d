//! Finds detections by name, id, file name or path without reading all of them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::error::{Error, ErrorKind, Result};

use super::detection::{Detection, has_search};
use super::fault::{Fault, Faults};
use super::shipped;
use super::yaml;
use crate::knowledge::detection_v1::is_first_form;

/// A detection that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectionEntry {
    /// Its name.
    pub name: String,
    /// Its UUID.
    pub id: String,
    /// Its file, for [`Detection::load`].
    pub path: PathBuf,
}

/// The shipped detections and those of the added folders.
#[derive(Clone, Debug, Default)]
pub(super) struct Detections {
    /// Added folders, in the order in which they were added.
    folders: Vec<PathBuf>,
    /// Their detections, read on first use.
    entries: OnceLock<Vec<DetectionEntry>>,
}

impl Detections {
    /// Adds a folder and its subfolders.
    pub(super) fn add(&mut self, folder: &Path) {
        self.folders.push(folder.to_owned());
        self.entries = OnceLock::new();
    }

    /// All detections. Skips one whose id a later folder has too.
    pub(super) fn all(&self, faults: &Faults) -> Result<&[DetectionEntry]> {
        if let Some(entries) = self.entries.get() {
            return Ok(entries);
        }
        let mut found: Vec<DetectionEntry> = Vec::new();
        for file in shipped::files("detections") {
            let path = file.shown();
            let text = yaml::text_of(&path, file.bytes().to_vec())?;
            found.push(entry(&path, &text)?);
        }
        for folder in &self.folders {
            for path in files_below(folder, faults) {
                // An unreadable one is reported when it is requested.
                let new = yaml::read(&path).and_then(|text| entry(&path, &text));
                found.push(new.unwrap_or_else(|_| DetectionEntry {
                    name: stem(&path).to_owned(),
                    id: path.display().to_string(),
                    path,
                }));
            }
        }
        let mut seen = std::collections::HashSet::new();
        found.reverse();
        found.retain(|entry| seen.insert(entry.id.clone()));
        found.reverse();
        Ok(self.entries.get_or_init(|| found))
    }

    /// The files that `selector` matches: by id, name (ignoring case), file name with or without extension,
    /// file path, or folder.
    pub(super) fn find(&self, selector: &str, faults: &Faults) -> Result<Vec<PathBuf>> {
        let path = Path::new(selector);
        if path.is_file() || shipped::file(path).is_some() {
            return Ok(vec![path.to_owned()]);
        }
        if path.is_dir() {
            let inner = path.join("detections");
            let found = files_below(if inner.is_dir() { &inner } else { path }, faults);
            if found.is_empty() {
                return Err(Error::file(
                    path,
                    "this folder contains no detection (a .yml or .spl file)",
                ));
            }
            return Ok(found);
        }
        let all = self.all(faults)?;
        let matches = |entry: &&DetectionEntry| {
            entry.id.eq_ignore_ascii_case(selector)
                || entry.name.eq_ignore_ascii_case(selector)
                || stem(&entry.path) == selector
                || entry.path.file_name().is_some_and(|name| name == selector)
        };
        match all.iter().rev().find(matches) {
            Some(found) => Ok(vec![found.path.clone()]),
            None => {
                let names = all.iter().map(|entry| entry.name.as_str());
                let stems = all.iter().map(|entry| stem(&entry.path));
                Err(Error::new(ErrorKind::UnknownDetection(selector.to_owned()))
                    .did_you_mean(selector, names.chain(stems)))
            }
        }
    }
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|s| s.to_str()).unwrap_or("")
}

/// All detections in `folder` and its subfolders, sorted. Skips YAML files without a search (playbooks,
/// stories, build settings) and JSON files that are not of the first form.
fn files_below(folder: &Path, faults: &Faults) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = yaml::entries(folder).unwrap_or_else(|error| {
        let effect = "the folder is left out";
        faults.add(Fault::of_file(folder, &error, effect));
        Vec::new()
    });
    for path in entries {
        if path.is_dir() {
            if !path.is_symlink() {
                found.extend(files_below(&path, faults));
            }
        } else if yaml::is_yaml(&path) {
            // An unreadable one is reported when it is requested.
            let has_one = |text: String| has_search(&text) || is_first_form(&text);
            if yaml::read(&path).map_or(true, has_one) {
                found.push(path);
            }
        } else if path.extension().is_some_and(|e| e == "spl") || is_first_form_json(&path) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Whether a file is a detection of the first form in JSON. Logs are much longer than any detection.
fn is_first_form_json(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "json")
        && std::fs::metadata(path).is_ok_and(|file| file.len() < 64 * 1024)
        && yaml::read(path).is_ok_and(|text| is_first_form(&text))
}

/// Name and id of a detection, taken from their lines if these are plain.
fn entry(path: &Path, text: &str) -> Result<DetectionEntry> {
    if path.extension().is_some_and(|e| e == "spl") {
        return Ok(DetectionEntry {
            name: stem(path).to_owned(),
            id: stem(path).to_owned(),
            path: path.to_owned(),
        });
    }
    let (name, id) = match (plain_value(text, "name"), plain_value(text, "id")) {
        (Some(name), Some(id)) => (name.to_owned(), id.to_owned()),
        _ => {
            let detection = Detection::parse(path, text)?;
            (detection.name, detection.id)
        }
    };
    Ok(DetectionEntry {
        name,
        id,
        path: path.to_owned(),
    })
}

/// The value of a key at the start of a line. Returns `None` if reading it takes a YAML parser.
fn plain_value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut lines = text.lines();
    let value = lines
        .by_ref()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))?
        .trim();
    if lines
        .next()
        .is_some_and(|next| next.starts_with([' ', '\t']))
    {
        return None;
    }
    let quoted = |quote: char| {
        let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains([quote, '\\'])).then_some(inner)
    };
    match value.chars().next()? {
        quote @ ('"' | '\'') => quoted(quote),
        first if first.is_alphanumeric() && !value.contains(" #") => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Detections, plain_value};
    use crate::error::ErrorKind;
    use crate::knowledge::fault::Faults;

    #[test]
    fn values_are_read_off_their_line_where_that_is_safe() {
        assert_eq!(plain_value("a: 1\nname: N x\nid: y\n", "name"), Some("N x"));
        assert_eq!(plain_value("name: 'N: x'\n", "name"), Some("N: x"));
        for text in [
            "name: N\n  x\n",
            "name: >\n x",
            "name: 'it''s'\n",
            " name: x\n",
        ] {
            assert_eq!(plain_value(text, "name"), None, "{text:?}");
        }
    }

    #[test]
    fn a_detection_is_found_by_name_id_file_and_folder() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("detections/endpoint");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("some_thing.yml");
        std::fs::write(&file, "name: Some Thing\nid: 12-ab\nsearch: x\n").unwrap();
        let mut detections = Detections::default();
        detections.add(&home.path().join("detections"));
        let whole = home.path().to_string_lossy().into_owned();
        let path = file.to_string_lossy().into_owned();
        for selector in [
            "some thing",
            "12-AB",
            "some_thing",
            "some_thing.yml",
            &path,
            &whole,
        ] {
            assert_eq!(
                detections.find(selector, &Faults::default()).unwrap(),
                std::slice::from_ref(&file)
            );
        }
        let error = detections
            .find("Some Thin", &Faults::default())
            .unwrap_err();
        assert!(matches!(*error.kind, ErrorKind::UnknownDetection(_)));
        assert!(error.hints[0].contains("Some Thing"));
    }
}
