//! Reads YAML files: macros, lookups, detections and data sets in the layout of Splunk's published content.
//! Unknown keys are ignored; scalars may be quoted or not.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};

use encoding_rs::{Encoding, WINDOWS_1252};

use crate::error::{Error, Result};

use super::fault::Faults;
use super::load::not_utf8;
use super::shipped;

/// Reads `text` of the file `path` as a `T`; an error names line and column.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| {
            let place = |n: u64| usize::try_from(n).unwrap_or(0);
            (place(at.line()), place(at.column()))
        });
        let why = error.without_snippet().to_string();
        // The message already begins with the position.
        let why = why.split(" at line ").next().unwrap_or(&why);
        Error::format(path, line, column, in_words(why))
    })
}

/// The YAML reader's message, without programmer jargon.
pub(super) fn in_words(why: &str) -> String {
    match why {
        "expected string scalar" => "expected text".to_owned(),
        _ if why.starts_with("cannot deserialize null into") => {
            "a value is missing here".to_owned()
        }
        _ => why.to_owned(),
    }
}

/// Reads a text file, without its byte order mark.
pub(super) fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|why| Error::file(path, why))?;
    text_of(path, bytes)
}

/// Reads a configuration file. A file that is neither UTF-8 nor begins with another encoding's mark is read
/// as Windows-1252, with a fault: it was written by an editor on Windows.
pub(super) fn read_conf(path: &Path, faults: &Faults) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|why| Error::file(path, why))?;
    if let Some((encoding, _)) = Encoding::for_bom(&bytes) {
        return Ok(encoding.decode(&bytes).0.into_owned());
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let line = 1 + bytes[..valid].iter().filter(|b| **b == b'\n').count();
            not_utf8(path, line, faults);
            WINDOWS_1252.decode(&bytes).0.into_owned()
        }
    })
}

/// Decodes `bytes` of the file `path` as text.
pub(super) fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String> {
    let text = String::from_utf8(bytes).map_err(|_| Error::file(path, "the file is not UTF-8"))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// The files of `dir` that end in `.yml` or `.yaml`, sorted. Empty if there is no such folder.
pub(super) fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = entries(dir)?;
    found.retain(|path| is_yaml(path) && path.is_file());
    Ok(found)
}

/// Whether a file's name ends in `.yml` or `.yaml`.
pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("yml") || e.eq_ignore_ascii_case("yaml"))
}

/// The entries of `dir`, sorted. Empty if there is no such folder.
pub(super) fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|why| Error::file(dir, why))? {
        found.push(entry.map_err(|why| Error::file(dir, why))?.path());
    }
    found.sort();
    Ok(found)
}

/// A boolean that may be written `true`, `1`, `'true'`, `"yes"`, `t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Flag, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_bool(&text).map(Flag).ok_or_else(|| {
            serde::de::Error::custom(format!("expected true or false, found `{text}`"))
        })
    }
}

/// Parses a boolean as written in Splunk's configuration files.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "y" | "yes" | "on" | "enabled" => Some(true),
        "0" | "f" | "false" | "n" | "no" | "off" | "disabled" | "" => Some(false),
        _ => None,
    }
}

/// A list of strings, or one string of comma-separated items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Words, D::Error> {
        struct WordsVisitor;
        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or text with commas")
            }

            fn visit_str<E>(self, text: &str) -> Result<Words, E> {
                Ok(Words(split_list(text)))
            }

            fn visit_i64<E>(self, n: i64) -> Result<Words, E> {
                Ok(Words(vec![n.to_string()]))
            }

            fn visit_u64<E>(self, n: u64) -> Result<Words, E> {
                Ok(Words(vec![n.to_string()]))
            }

            fn visit_f64<E>(self, n: f64) -> Result<Words, E> {
                Ok(Words(vec![n.to_string()]))
            }

            fn visit_bool<E>(self, b: bool) -> Result<Words, E> {
                Ok(Words(vec![b.to_string()]))
            }

            fn visit_unit<E>(self) -> Result<Words, E> {
                Ok(Words::default())
            }

            fn visit_none<E>(self) -> Result<Words, E> {
                Ok(Words::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = items.next_element::<Option<String>>()? {
                    words.extend(word);
                }
                Ok(Words(words))
            }
        }
        deserializer.deserialize_any(WordsVisitor)
    }
}

/// For fields that are a list of strings, or one comma-separated string.
pub(super) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Words::deserialize(deserializer).map(|words| words.0)
}

/// For fields that are a [`Flag`].
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Flag::deserialize(deserializer).map(|flag| flag.0)
}

/// For fields that may be present without a value.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// For numbers that may be quoted.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    match text.trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| serde::de::Error::custom(format!("expected a number, found `{text}`"))),
    }
}

/// For strings that some files write as a list.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct TextVisitor;
    impl<'de> Visitor<'de> for TextVisitor {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text, or a list of texts")
        }

        fn visit_str<E>(self, text: &str) -> Result<Option<String>, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_bool<E>(self, b: bool) -> Result<Option<String>, E> {
            Ok(Some(b.to_string()))
        }

        fn visit_i64<E>(self, n: i64) -> Result<Option<String>, E> {
            Ok(Some(n.to_string()))
        }

        fn visit_u64<E>(self, n: u64) -> Result<Option<String>, E> {
            Ok(Some(n.to_string()))
        }

        fn visit_f64<E>(self, n: f64) -> Result<Option<String>, E> {
            Ok(Some(n.to_string()))
        }

        fn visit_unit<E>(self) -> Result<Option<String>, E> {
            Ok(None)
        }

        fn visit_none<E>(self) -> Result<Option<String>, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut texts = Vec::new();
            while let Some(text) = items.next_element::<Option<String>>()? {
                texts.extend(text);
            }
            Ok((!texts.is_empty()).then(|| texts.join(", ")))
        }
    }
    deserializer.deserialize_any(TextVisitor)
}

/// The trimmed items of a comma-separated text.
pub(super) fn split_list(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Where something was defined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The file; shipped files are under `<shipped>`.
    pub path: PathBuf,
    /// Line from 1; 0 when unknown.
    pub line: usize,
}

impl Origin {
    /// The line of the file on which a string of its JSON begins. Only the file if it is unreadable or does
    /// not contain that string.
    pub fn beside(&self, text: &str) -> Origin {
        let written = serde_json::Value::from(text).to_string();
        let bytes = match shipped::file(&self.path) {
            Some(file) => file.bytes().to_vec(),
            None => std::fs::read(&self.path).unwrap_or_default(),
        };
        let at = memchr::memmem::find(&bytes, written.as_bytes());
        let line = at.map_or(0, |at| 1 + memchr::memchr_iter(b'\n', &bytes[..at]).count());
        Origin {
            path: self.path.clone(),
            line,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        Ok(())
    }
}
