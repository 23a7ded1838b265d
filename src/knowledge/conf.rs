//! Splunk's `.conf` files: stanzas of `key = value`, laid over each other.
//!
//! Admin Manual, "Configuration file structure" and "Configuration file precedence".

use std::path::Path;

use indexmap::IndexMap;

use crate::error::{Error, Result};

use super::yaml::Origin;

/// One `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value; a line that ends in a backslash goes on with the next, after a line break.
    pub value: String,
    /// Where it stands.
    pub origin: Origin,
}

/// One `[stanza]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// What stands between the brackets; `default` for settings before the first stanza.
    pub name: String,
    /// Where its last header stands.
    pub origin: Origin,
    settings: IndexMap<String, Setting>,
}

impl Stanza {
    /// The setting of that key.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// The value of that key, trimmed; an empty one counts as none.
    pub fn text(&self, key: &str) -> Option<&str> {
        let value = self.get(key)?.value.trim();
        (!value.is_empty()).then_some(value)
    }

    /// All settings, in the order in which their keys were first seen.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(key, s)| (key.as_str(), s))
    }
}

/// All files of one kind (all `props.conf`), the later laid over the earlier, key by key.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    stanzas: IndexMap<String, Stanza>,
}

impl Layers {
    /// The stanza of that name.
    pub fn get(&self, name: &str) -> Option<&Stanza> {
        self.stanzas.get(name)
    }

    /// All stanzas.
    pub fn stanzas(&self) -> impl Iterator<Item = &Stanza> {
        self.stanzas.values()
    }

    /// Lays `text` of the file `path` over what is there.
    ///
    /// # Errors
    /// A line that is neither a stanza, a setting, a comment nor blank.
    pub fn add(&mut self, path: &Path, text: &str) -> Result<()> {
        let mut current = "default".to_owned();
        let mut lines = text.lines().enumerate();
        while let Some((index, raw)) = lines.next() {
            let number = index + 1;
            let line = raw.trim_start_matches('\u{feff}').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |why: &str| Error::format(path, number, 1, why);
            let origin = Origin {
                path: path.to_owned(),
                line: number,
            };
            if let Some(rest) = line.strip_prefix('[') {
                let end = rest
                    .rfind(']')
                    .ok_or_else(|| wrong("the stanza is not closed by `]`"))?;
                current = rest[..end].trim().to_owned();
                self.stanza(&current, &origin).origin = origin.clone();
                continue;
            }
            let (key, value) = line
                .split_once('=')
                .ok_or_else(|| wrong("expected `[stanza]`, `key = value` or a comment"))?;
            let mut value = value.trim_start().to_owned();
            while value.ends_with('\\') {
                value.pop();
                let Some((_, next)) = lines.next() else {
                    break;
                };
                value.push('\n');
                value.push_str(next.trim_end());
            }
            let setting = Setting {
                value,
                origin: origin.clone(),
            };
            self.stanza(&current, &origin)
                .settings
                .insert(key.trim().to_owned(), setting);
        }
        Ok(())
    }

    fn stanza(&mut self, name: &str, origin: &Origin) -> &mut Stanza {
        self.stanzas
            .entry(name.to_owned())
            .or_insert_with(|| Stanza {
                name: name.to_owned(),
                origin: origin.clone(),
                settings: IndexMap::new(),
            })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Layers;

    #[test]
    fn stanzas_comments_and_continued_lines() {
        let mut layers = Layers::default();
        let text =
            "a = 0\n# note\n[one]\nkey = first \\\n  second\n\n[two]\nb=x=y # kept\n[one]\nz=\n";
        layers.add(Path::new("x.conf"), text).unwrap();
        let one = layers.get("one").unwrap();
        assert_eq!(one.get("key").unwrap().value, "first \n  second");
        assert_eq!(one.get("key").unwrap().origin.line, 4);
        assert_eq!(one.text("z"), None);
        assert_eq!(layers.get("two").unwrap().text("b"), Some("x=y # kept"));
        assert_eq!(layers.get("default").unwrap().text("a"), Some("0"));
    }

    #[test]
    fn later_files_override_key_by_key() {
        let mut layers = Layers::default();
        layers.add(Path::new("default"), "[s]\na=1\nb=1\n").unwrap();
        layers.add(Path::new("local"), "[s]\nb=2\n").unwrap();
        let stanza = layers.get("s").unwrap();
        assert_eq!((stanza.text("a"), stanza.text("b")), (Some("1"), Some("2")));
        assert_eq!(stanza.get("b").unwrap().origin.to_string(), "local:2");
    }

    #[test]
    fn a_bad_line_is_named() {
        let mut layers = Layers::default();
        let error = layers.add(Path::new("m.conf"), "[s]\nnonsense\n");
        assert!(
            error
                .unwrap_err()
                .to_string()
                .starts_with("m.conf:2:1: expected")
        );
        let error = layers.add(Path::new("m.conf"), "[s\n");
        assert!(
            error
                .unwrap_err()
                .to_string()
                .starts_with("m.conf:1:1: the stanza")
        );
    }
}
