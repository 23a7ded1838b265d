//! The searches of Splunk's `.conf` files. A value of several lines is continued by backslashes.
//!
//! Admin Manual, "Configuration file structure"; `savedsearches.conf` (`search`),
//! `eventtypes.conf` (`search`), `macros.conf` (`definition`, `iseval`).

use std::ops::Range;
use std::path::Path;

use crate::error::Error;
use crate::knowledge::conf::{Entry, EntryKind, Layers, entries};
use crate::knowledge::fault::Faults;
use crate::session::workflows::layout::spot::Spot;
use crate::session::workflows::layout::{LaidOut, line_end, same};
use crate::session::{Failure, Session};
use crate::source::SourceId;
use crate::syntax;

impl Session {
    /// Formats the searches of a configuration file.
    pub(super) fn lay_out_conf(&self, path: &Path, text: &str) -> Result<LaidOut, Failure> {
        let mut out = LaidOut {
            text: text.to_owned(),
            ..LaidOut::default()
        };
        let settings = settings(text);
        let key = match path.file_name() {
            Some(name) if name.eq_ignore_ascii_case("macros.conf") => "definition",
            Some(_) | None => "search",
        };
        // Files of other programs need not parse.
        if !settings.iter().any(|setting| setting.key == key) {
            return Ok(out);
        }
        let layers = layers(path, text);
        let mut edits: Vec<(usize, Edit)> = Vec::new();
        for (at, setting) in settings.iter().enumerate() {
            let is_text = !setting.value.trim().is_empty() && !is_json(&setting.value);
            if setting.key != key || !is_text {
                continue;
            }
            let spot = setting.spot(path, text);
            if key == "definition" && !self.is_search(&layers, setting, &spot) {
                continue;
            }
            out.searches += 1;
            match self.edit(setting, &spot) {
                Ok(edit) => edits.extend(edit.map(|edit| (at, edit))),
                Err(failure) => out.failures.push(failure),
            }
        }
        for (at, edit) in edits.iter().rev() {
            let range = settings[*at].range.clone();
            out.text.replace_range(range, &edit.written);
        }
        if !edits.is_empty() && !is_same(path, &layers, &settings, &edits, &out.text) {
            let why = "formatting would change the meaning of this file: left unchanged";
            return Err(Error::file(path, why).into());
        }
        Ok(out)
    }

    /// The replacement of a search. Returns `None` if it is formatted already.
    fn edit(&self, setting: &Setting<'_>, spot: &Spot<'_>) -> Result<Option<Edit>, Failure> {
        if setting.is_odd {
            let why = "a line of this search ends in a backslash and blanks, which Splunk does not take for a \
                       continued line: it stays as it is";
            return Err(spot
                .error(why)
                .hint("remove the spaces after the backslash")
                .into());
        }
        let lines = self.lines_of(spot)?;
        let eol = line_end(spot.text, spot.raw.start);
        // A line break in quotes is part of the text, so nothing may be added to it.
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line.replace('\n', &format!("\\{eol}")))
            .collect();
        let written = lines.join(&format!(" \\{eol}"));
        if written == spot.text[spot.raw.clone()] {
            return Ok(None);
        }
        let line = format!("{}={written}", setting.key);
        let read = settings(&line);
        let [again] = read.as_slice() else {
            return Err(spot.differs().into());
        };
        if self.is_same(spot, &again.spot(spot.path, &line)) {
            Ok(Some(Edit {
                value: again.value.clone(),
                written,
            }))
        } else {
            Err(spot.differs().into())
        }
    }

    /// Whether a macro's definition is a search. A definition that also parses as an expression is left
    /// alone: the blanks of an expression may name a column (`count(eval(...))`).
    fn is_search(&self, layers: &Layers, setting: &Setting<'_>, spot: &Spot<'_>) -> bool {
        let is_set = |stanza: &str| {
            let value = layers.get(stanza).and_then(|stanza| stanza.text("iseval"));
            value.map(|value| !is_false(value))
        };
        let iseval = is_set(setting.stanza).or_else(|| is_set("default"));
        if iseval.unwrap_or(false) || self.tree(spot).is_err() {
            return false;
        }
        let masked = same::masked(&setting.value);
        syntax::parse_expression(SourceId::default(), &masked, 0).is_err()
    }
}

/// The new value of a setting.
struct Edit {
    /// As parsed.
    value: String,
    /// As written.
    written: String,
}

/// A `key = value` of a file.
#[derive(Debug)]
struct Setting<'t> {
    stanza: &'t str,
    key: &'t str,
    value: String,
    /// The range of the value, over all its lines.
    range: Range<usize>,
    /// Whether Splunk may parse it differently.
    is_odd: bool,
}

impl<'t> Setting<'t> {
    fn spot<'s>(&'s self, path: &'s Path, text: &'s str) -> Spot<'s> {
        Spot {
            path,
            text,
            value: &self.value,
            raw: self.range.clone(),
        }
    }
}

/// The settings of a file as [`Layers::add`] parses them, each with its range.
fn settings(text: &str) -> Vec<Setting<'_>> {
    let mut found = Vec::new();
    let mut stanza = Some("default");
    for Entry { kind, .. } in entries(text) {
        match kind {
            EntryKind::Header(name) => stanza = name,
            EntryKind::Setting {
                key,
                value,
                range,
                is_odd,
            } => {
                // Below an unclosed header they belong to no stanza.
                found.extend(stanza.map(|stanza| Setting {
                    stanza,
                    key,
                    value,
                    range,
                    is_odd,
                }));
            }
            EntryKind::Other => {}
        }
    }
    found
}

/// The settings as the catalog parses them. Lines that it skips are not searches.
fn layers(path: &Path, text: &str) -> Layers {
    let mut layers = Layers::default();
    layers.add(path, text, &Faults::default());
    layers
}

/// Whether a new text has the old settings, with the new values in their places.
fn is_same(
    path: &Path,
    layers: &Layers,
    before: &[Setting<'_>],
    edits: &[(usize, Edit)],
    text: &str,
) -> bool {
    let after = settings(text);
    let new = self::layers(path, text);
    let edit_of = |at: usize| edits.iter().find(|(edited, _)| *edited == at);
    let are_settings_same = before.len() == after.len()
        && std::iter::zip(before, &after)
            .enumerate()
            .all(|(at, (old, new))| {
                let value = edit_of(at).map_or(&old.value, |(_, edit)| &edit.value);
                (old.stanza, old.key, value) == (new.stanza, new.key, &new.value)
            });
    // The effective value: the last one of repeated settings.
    let last = |stanza: &str, key: &str| {
        let mut last = after.iter().rev();
        last.find(|setting| setting.stanza == stanza && setting.key == key)
    };
    let are_layers_same = layers.stanzas().count() == new.stanzas().count()
        && std::iter::zip(layers.stanzas(), new.stanzas()).all(|(old, new)| {
            old.name == new.name
                && old.iter().count() == new.iter().count()
                && new.iter().all(|(key, setting)| {
                    old.get(key).is_some()
                        && last(&new.name, key).is_some_and(|last| last.value == setting.value)
                })
        });
    are_settings_same && are_layers_same
}

/// Whether a text is one of the false values of `macros.conf`.
fn is_false(text: &str) -> bool {
    ["0", "f", "false", "n", "no", "off", "disabled"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// Guided searches are kept as JSON under the name `search` (`correlationsearches.conf`).
fn is_json(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(text).is_ok()
}
