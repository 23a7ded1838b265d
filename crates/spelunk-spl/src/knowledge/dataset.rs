//! Descriptions of data sets in the layout of Splunk's public attack data, and the location of their files.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::error::Result;

use super::shipped;
use super::yaml::{self, words};

/// A YAML file that describes data sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataSets {
    /// Path of the file.
    pub path: PathBuf,
    /// Its UUID.
    pub id: Option<String>,
    /// Its author.
    pub author: Option<String>,
    /// Date of the last change.
    pub date: Option<String>,
    /// Description of the recorded activity.
    pub description: Option<String>,
    /// ATT&CK techniques.
    pub mitre_technique: Vec<String>,
    /// The files.
    pub files: Vec<DataFile>,
}

/// One file of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DataFile {
    /// Its name; may be empty.
    pub name: String,
    /// A path in the repository of data sets, or a URL; see [`locate`].
    pub path: String,
    /// The sourcetype assigned to its events.
    pub sourcetype: Option<String>,
    /// The source assigned to its events.
    pub source: Option<String>,
}

#[derive(Deserialize)]
struct Description {
    id: Option<String>,
    author: Option<String>,
    date: Option<String>,
    description: Option<String>,
    #[serde(default, deserialize_with = "words")]
    mitre_technique: Vec<String>,
    /// The newer form.
    #[serde(default)]
    datasets: Vec<DataFile>,
    /// The older form: URLs, and a parallel list of sourcetypes.
    #[serde(default, deserialize_with = "words")]
    dataset: Vec<String>,
    #[serde(default, deserialize_with = "words")]
    sourcetypes: Vec<String>,
}

impl DataSets {
    /// Reads a file, which may be a shipped one (`<shipped>/...`).
    ///
    /// # Errors
    /// If it can't be read or is invalid.
    pub fn load(path: &Path) -> Result<DataSets> {
        let text = match shipped::file(path) {
            Some(file) => yaml::text_of(path, file.bytes().to_vec())?,
            None => yaml::read(path)?,
        };
        DataSets::parse(path, &text)
    }

    /// Parses the text of the file `path`.
    ///
    /// # Errors
    /// If it is invalid.
    pub fn parse(path: &Path, text: &str) -> Result<DataSets> {
        let file: Description = yaml::parse(path, text)?;
        let mut files = file.datasets;
        // Sourcetypes pair with URLs one by one, or a single one applies to all URLs.
        let sourcetype = |n: usize| match file.sourcetypes.as_slice() {
            [only] => Some(only.clone()),
            several if several.len() == file.dataset.len() => several.get(n).cloned(),
            _ => None,
        };
        for (n, path) in file.dataset.iter().enumerate() {
            files.push(DataFile {
                path: path.clone(),
                sourcetype: sourcetype(n),
                ..DataFile::default()
            });
        }
        Ok(DataSets {
            path: path.to_owned(),
            id: file.id,
            author: file.author,
            date: file.date,
            description: file.description,
            mitre_technique: file.mitre_technique,
            files,
        })
    }
}

/// Finds the data file that `reference` names: a path, or a URL. Only the part of a URL after
/// `datasets/` counts. Fetches nothing.
///
/// Searches the folder of `beside` (the file that names it) and its ancestors, then `roots`, then the shipped
/// files. Leading folders of the path may be missing as long as the file's own folder remains; next to
/// `beside`, the file name alone is enough. Returns `None` if the file is not found.
pub fn locate(reference: &str, beside: &Path, roots: &[PathBuf]) -> Option<PathBuf> {
    let given = Path::new(reference);
    let is_url = reference.contains("://");
    if !is_url && given.is_absolute() && given.is_file() {
        return Some(given.to_owned());
    }
    let relative = relative_path(reference)?;
    let there = |path: &Path| shipped::file(path).is_some() || path.is_file();
    let in_repository = Path::new("datasets").join(&relative);
    let mut folders: Vec<&Path> = beside.ancestors().skip(1).collect();
    folders.extend(roots.iter().map(PathBuf::as_path));
    for folder in &folders {
        for path in [folder.join(&in_repository), folder.join(&relative)] {
            if there(&path) {
                return Some(path);
            }
        }
    }
    let parts: Vec<Component<'_>> = relative.components().collect();
    for root in roots {
        for skipped in 1..parts.len().saturating_sub(1) {
            let tail: PathBuf = parts[skipped..].iter().collect();
            let path = root.join(tail);
            if there(&path) {
                return Some(path);
            }
        }
    }
    let neighbour = beside.parent()?.join(relative.file_name()?);
    let own = Path::new(shipped::PREFIX).join(&in_repository);
    [neighbour, own].into_iter().find(|path| there(path))
}

/// The part of a path or URL after `datasets/`, or the whole path without one. Returns `None` if it leads out
/// of a folder.
pub fn relative_path(reference: &str) -> Option<PathBuf> {
    let reference = reference.split(['?', '#']).next().unwrap_or(reference);
    let rest = match reference.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => reference,
    };
    let rest = rest.trim_start_matches("./").trim_start_matches('/');
    let rest = match (
        rest.strip_prefix("datasets/"),
        rest.split_once("/datasets/"),
    ) {
        (Some(below), _) | (None, Some((_, below))) => below,
        (None, None) => rest,
    };
    let path = PathBuf::from(rest);
    let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
    (plain && !rest.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{DataSets, locate};

    #[test]
    fn both_forms_are_read() {
        let new = "id: x\ndatasets:\n- name: a\n  path: /datasets/t/a.log\n  source: s\n  sourcetype: st\nexpected: []\n";
        let found = DataSets::parse(Path::new("x.yml"), new).unwrap();
        assert_eq!(found.files[0].source.as_deref(), Some("s"));
        let old = "dataset:\n- https://h/m/datasets/t/a.log\n- https://h/b.log\nsourcetypes:\n- one\n- two\n";
        let found = DataSets::parse(Path::new("x.yml"), old).unwrap();
        assert_eq!(found.files[1].sourcetype.as_deref(), Some("two"));
    }

    #[test]
    fn files_are_found_in_a_copy_of_the_repository() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("datasets/attack_techniques/T1/x");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.log");
        std::fs::write(&file, "").unwrap();
        let url = "https://host/media/repo/master/datasets/attack_techniques/T1/x/a.log";
        let described = folder.join("x.yml");
        assert_eq!(locate(url, &described, &[]), Some(file.clone()));
        let elsewhere = Path::new("/nowhere/d.yml");
        for root in ["", "datasets", "datasets/attack_techniques"] {
            let roots = [home.path().join(root)];
            assert_eq!(locate(url, elsewhere, &roots), Some(file.clone()), "{root}");
        }
        let outside = "https://host/datasets/../../../etc/passwd";
        assert_eq!(locate(outside, &described, &[]), None);
        assert_eq!(
            locate("https://host/datasets/no.log", &described, &[]),
            None
        );
    }
}
