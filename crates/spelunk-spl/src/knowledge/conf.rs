//! Splunk's `.conf` files: stanzas of `key = value`, merged by precedence.
//!
//! Admin Manual, "Configuration file structure" and "Configuration file precedence".

use std::ops::Range;
use std::path::Path;

use indexmap::IndexMap;

use super::fault::{Fault, FaultKind, Faults};
use super::yaml::Origin;

/// One `key = value` setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value. A trailing backslash continues it on the next line, after a line break.
    pub value: String,
    /// Where it was defined.
    pub origin: Origin,
}

/// One `[stanza]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// The name in brackets; `default` for settings before the first stanza.
    pub name: String,
    /// Position of its last header.
    pub origin: Origin,
    settings: IndexMap<String, Setting>,
}

impl Stanza {
    /// The setting with this key.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// The trimmed value of this key. Returns `None` for an empty value.
    pub fn text(&self, key: &str) -> Option<&str> {
        let value = self.get(key)?.value.trim();
        (!value.is_empty()).then_some(value)
    }

    /// All settings, ordered by the first appearance of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(key, s)| (key.as_str(), s))
    }
}

/// All files of one kind (all `props.conf`), merged key by key; later files win.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    stanzas: IndexMap<String, Stanza>,
}

impl Layers {
    /// The stanza with this name.
    pub fn get(&self, name: &str) -> Option<&Stanza> {
        self.stanzas.get(name)
    }

    /// All stanzas.
    pub fn stanzas(&self) -> impl Iterator<Item = &Stanza> {
        self.stanzas.values()
    }

    /// Merges `text` of the file `path` over the existing settings. Skips, with a fault, a line that is
    /// neither a stanza, a setting, a comment nor blank. An unclosed header also skips the settings below it,
    /// which would otherwise go to the previous stanza.
    pub fn add(&mut self, path: &Path, text: &str, faults: &Faults) {
        let mut current = Some("default".to_owned());
        for Entry { line, kind } in entries(text) {
            let origin = Origin {
                path: path.to_owned(),
                line,
            };
            let fault = |why: &str, effect| {
                faults.add(Fault::new(FaultKind::File, &origin, "", why, effect));
            };
            match kind {
                EntryKind::Header(Some(name)) => {
                    self.stanza(name, &origin).origin = origin.clone();
                    current = Some(name.to_owned());
                }
                EntryKind::Header(None) => {
                    fault("the stanza is not closed by `]`", "the stanza is skipped");
                    current = None;
                }
                EntryKind::Other => fault(
                    "expected `[stanza]`, `key = value` or a comment",
                    "the line is skipped",
                ),
                EntryKind::Setting { key, value, .. } => {
                    if let Some(name) = &current {
                        let setting = Setting {
                            value,
                            origin: origin.clone(),
                        };
                        let stanza = self.stanza(name, &origin);
                        stanza.settings.insert(key.to_owned(), setting);
                    }
                }
            }
        }
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

/// A line of a file that is neither blank nor a comment, with the lines that continue it.
#[derive(Debug)]
pub struct Entry<'t> {
    /// The number of its first line, from 1.
    pub line: usize,
    /// Its meaning.
    pub kind: EntryKind<'t>,
}

/// The meaning of an [`Entry`].
#[derive(Debug)]
pub enum EntryKind<'t> {
    /// `[stanza]`; `None` if it is not closed.
    Header(Option<&'t str>),
    /// `key = value`
    Setting {
        /// The key.
        key: &'t str,
        /// The value; a line that ends in a backslash continues with the next, after a line break.
        value: String,
        /// The bytes of the value in the file, over all its lines.
        range: Range<usize>,
        /// Whether blanks follow a backslash at the end of a line, which Splunk may not take for a
        /// continuation.
        is_odd: bool,
    },
    /// None of these.
    Other,
}

/// The entries of a file, in order.
pub fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let mut at = 0;
    let mut lines = text
        .split_inclusive('\n')
        .enumerate()
        .map(move |(index, line)| {
            let start = at;
            at += line.len();
            let raw = line.trim_end_matches('\n').trim_end_matches('\r');
            (index + 1, start, raw)
        });
    std::iter::from_fn(move || {
        loop {
            let (number, start, raw) = lines.next()?;
            let line = raw.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
            let begin = start + raw.len() - line.len();
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let kind = if let Some(rest) = line.strip_prefix('[') {
                EntryKind::Header(rest.rfind(']').map(|end| rest[..end].trim()))
            } else if let Some((key, value)) = line.split_once('=') {
                let written = value.trim_start();
                let mut range = begin + line.len() - written.len()..begin + line.len();
                let mut value = written.to_owned();
                let mut is_odd = value.ends_with('\\') && raw.len() > range.end - start;
                while value.ends_with('\\') {
                    value.pop();
                    let Some((_, start, next)) = lines.next() else {
                        // No line follows that could continue the value.
                        value.truncate(value.trim_end().len());
                        break;
                    };
                    let line = next.trim_end();
                    value.push('\n');
                    value.push_str(line);
                    range.end = start + line.len();
                    is_odd |= line.ends_with('\\') && next.len() > line.len();
                }
                let key = key.trim();
                EntryKind::Setting {
                    key,
                    value,
                    range,
                    is_odd,
                }
            } else {
                EntryKind::Other
            };
            return Some(Entry { line: number, kind });
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Layers;
    use crate::knowledge::fault::Faults;

    fn add(layers: &mut Layers, path: &str, text: &str) -> Vec<String> {
        let faults = Faults::default();
        layers.add(Path::new(path), text, &faults);
        faults.all().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn stanzas_comments_and_continued_lines() {
        let mut layers = Layers::default();
        let text = "a = 0\n# note\n[one]\nkey = first \\\n  second\n\n[two]\nb=x=y # kept\n\
            [one]\nz=\n";
        assert!(add(&mut layers, "x.conf", text).is_empty());
        let one = layers.get("one").unwrap();
        assert_eq!(one.get("key").unwrap().value, "first \n  second");
        assert_eq!(one.get("key").unwrap().origin.line, 4);
        assert_eq!(one.text("z"), None);
        assert_eq!(layers.get("two").unwrap().text("b"), Some("x=y # kept"));
        assert_eq!(layers.get("default").unwrap().text("a"), Some("0"));
    }

    #[test]
    fn what_stands_at_the_ends_of_lines_and_of_the_file_is_no_part_of_a_value() {
        let mut layers = Layers::default();
        let text = " \u{feff}[one]\r\n\u{feff} a = b \r\nc = d \\";
        assert!(add(&mut layers, "x.conf", text).is_empty());
        let one = layers.get("one").unwrap();
        assert_eq!(one.get("a").unwrap().value, "b");
        assert_eq!(one.get("c").unwrap().value, "d");
    }

    #[test]
    fn later_files_override_key_by_key() {
        let mut layers = Layers::default();
        add(&mut layers, "default", "[s]\na=1\nb=1\n");
        add(&mut layers, "local", "[s]\nb=2\n");
        let stanza = layers.get("s").unwrap();
        assert_eq!((stanza.text("a"), stanza.text("b")), (Some("1"), Some("2")));
        assert_eq!(stanza.get("b").unwrap().origin.to_string(), "local:2");
    }

    #[test]
    fn a_bad_line_costs_itself_and_a_bad_header_its_stanza() {
        let mut layers = Layers::default();
        let text = "[s]\na = 1\nnonsense\nb = 2\n[open\nb = 3\n[t]\nc = 4\n";
        let faults = add(&mut layers, "m.conf", text);
        assert_eq!(faults.len(), 2);
        assert!(faults[0].starts_with("m.conf:3: expected"), "{faults:?}");
        assert!(faults[1].starts_with("m.conf:5: the stanza"), "{faults:?}");
        let text = |stanza: &str, key: &str| layers.get(stanza).and_then(|s| s.text(key));
        assert_eq!((text("s", "a"), text("s", "b")), (Some("1"), Some("2")));
        assert_eq!(text("t", "c"), Some("4"));
        assert_eq!(layers.stanzas().count(), 2);
    }
}
