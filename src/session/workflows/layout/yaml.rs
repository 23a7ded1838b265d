//! Formats the search of a detection's YAML file. Keeps its scalar style (plain, quoted, a block) and every
//! byte around it.
//!
//! YAML 1.2.2, chapters 7.3 "Flow scalar styles" and 8.1 "Block scalar styles".

use std::path::Path;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use crate::error::{Error, ErrorKind};
use crate::knowledge::detection::Detection;
use crate::session::workflows::layout::notation::{Scalar, content_of_block};
use crate::session::workflows::layout::spot::Spot;
use crate::session::workflows::layout::{LaidOut, line_end};
use crate::session::{Failure, Session};

/// The path to the search in the first published format.
const FIRST_FORM: [&str; 4] = ["detect", "splunk", "correlation_rule", "search"];

impl Session {
    /// Formats the search of a detection.
    pub(super) fn lay_out_yaml(
        &self,
        path: &Path,
        text: &str,
        named: bool,
    ) -> Result<LaidOut, Failure> {
        let mut out = LaidOut {
            text: text.to_owned(),
            ..LaidOut::default()
        };
        // Files that are not detections need not parse.
        if !has_key(text, "search") {
            return Ok(out);
        }
        let file = File::read(path, text)?;
        let Some(found) = file.search(named)? else {
            return Ok(out);
        };
        out.searches = 1;
        match self.new_text(&file, &found) {
            Ok(new) => out.text = new,
            Err(failure) => out.failures.push(failure),
        }
        Ok(out)
    }

    /// The file's text with its search formatted.
    fn new_text(&self, file: &File<'_>, found: &Found<'_>) -> Result<String, Failure> {
        let before = file.detection(found)?;
        let spot = file.spot(found);
        let lines = self.lines_of(&spot)?;
        let eol = line_end(file.text, spot.raw.start);
        let refused = match found.scalar.written(&lines, eol) {
            None => {
                "this search has a line break next to spaces in quotes or in a comment, which this YAML style would lose: left unchanged"
            }
            Some(written) => {
                let mut new = file.text.to_owned();
                new.replace_range(found.scalar.range.clone(), &written);
                if new == file.text
                    || !found.is_shared && self.reads_the_same(file, found, before.as_ref(), &new)
                {
                    return Ok(new);
                }
                if found.is_shared {
                    "other parts of the file repeat this search by its anchor (`&`): it stays as it is"
                } else {
                    "formatting in this YAML style would change the meaning of this search or its surroundings: left unchanged"
                }
            }
        };
        // The parsed value is formatted already, however it is written.
        if spot.value.trim() == lines.join("\n") {
            return Ok(file.text.to_owned());
        }
        let error = spot.error(refused);
        Err(match found.is_shared {
            true => error.into(),
            false => error.hint("a block holds any text: `search: |`").into(),
        })
    }

    /// Whether the new text of the file has the same contents as the old one.
    fn reads_the_same(
        &self,
        file: &File<'_>,
        found: &Found<'_>,
        before: Option<&Detection>,
        text: &str,
    ) -> bool {
        let Ok(new) = File::read(file.path, text) else {
            return false;
        };
        let Ok(Some(again)) = new.search(true) else {
            return false;
        };
        let Ok(after) = new.detection(&again) else {
            return false;
        };
        let is_same_around = file.events.len() == new.events.len()
            && (found.at, found.scalar.style) == (again.at, again.scalar.style)
            && std::iter::zip(&file.events, &new.events)
                .enumerate()
                .all(|(at, ((old, _), (new, _)))| at == found.at || old == new);
        let is_same_detection = match (before, after) {
            (Some(before), Some(after)) => {
                let search = before.search.clone();
                *before == Detection { search, ..after }
            }
            (before, after) => before.is_none() && after.is_none(),
        };
        is_same_around && is_same_detection && self.is_same(&file.spot(found), &new.spot(&again))
    }
}

/// Whether a scalar is empty, or one of YAML's words for null (YAML 1.2.2, 10.3.2).
fn is_nothing(value: &str, style: ScalarStyle) -> bool {
    let is_null = style == ScalarStyle::Plain && ["~", "null", "Null", "NULL"].contains(&value);
    is_null || value.trim().is_empty()
}

/// Whether a text may contain a key, at any level.
fn has_key(text: &str, key: &str) -> bool {
    text.split(key).skip(1).any(|rest| {
        let rest = rest.trim_start_matches(['"', '\'', ' ', '\t', '\r', '\n']);
        rest.starts_with(':')
    })
}

/// A YAML file as parser events.
struct File<'t> {
    path: &'t Path,
    text: &'t str,
    events: Vec<(Event<'t>, Span)>,
}

/// The search in a file.
struct Found<'t> {
    /// The index of its event.
    at: usize,
    value: &'t str,
    scalar: Scalar<'t>,
    /// Whether an alias makes something else in the file refer to it.
    is_shared: bool,
}

impl<'t> File<'t> {
    fn read(path: &'t Path, text: &'t str) -> Result<File<'t>, Error> {
        let options = granit_parser::options! { emit_comments: false };
        let mut events = Vec::new();
        for event in Parser::new_from_str_with_options(text, options) {
            events.push(event.map_err(|why| {
                let at = why.marker();
                Error::format(path, at.line(), at.col() + 1, why.info())
            })?);
        }
        Ok(File { path, text, events })
    }

    fn error(&self, at: usize, why: &str) -> Error {
        let start = self.events.get(at).map(|(_, span)| span.start);
        let (line, column) = start.map_or((0, 0), |start| (start.line(), start.col() + 1));
        Error::format(self.path, line, column, why)
    }

    /// The search, if the file has one.
    fn search(&'t self, named: bool) -> Result<Option<Found<'t>>, Error> {
        let starts = |(event, _): &(Event<'_>, Span)| matches!(event, Event::DocumentStart(..));
        let documents: Vec<usize> = (0..self.events.len())
            .filter(|at| starts(&self.events[*at]))
            .collect();
        let mut found = None;
        for document in &documents {
            found = found.or(self.in_document(document + 1, named)?);
        }
        match (found, documents.as_slice()) {
            (Some(_), [_, second, ..]) => Err(self.error(
                *second,
                "the file holds several YAML documents: a detection is a file of its own",
            )),
            (found, _) => Ok(found),
        }
    }

    fn in_document(&'t self, root: usize, named: bool) -> Result<Option<Found<'t>>, Error> {
        if let Some(at) = self.value_of(root, "search")? {
            let is_detection = named
                || self.value_of(root, "name")?.is_some()
                || self.value_of(root, "id")?.is_some();
            return match is_detection {
                true => self.found(&[root], at),
                false => Ok(None),
            };
        }
        let (mut maps, mut at) = (Vec::new(), root);
        for key in FIRST_FORM {
            maps.push(at);
            match self.value_of(at, key)? {
                Some(value) => at = value,
                None => return self.elsewhere(root),
            }
        }
        self.found(&maps, at)
    }

    /// Handles a search that is read without a key that leads to it: it comes from elsewhere in the file.
    fn elsewhere(&self, root: usize) -> Result<Option<Found<'t>>, Error> {
        if Detection::parse(self.path, self.text).is_ok() {
            return Err(self.error(
                root,
                "the search comes from another part of the file by an alias (`*`) or a merge key (`<<`): \
                 it stays as it is",
            ));
        }
        Ok(None)
    }

    /// The value of a key of the mapping at an event. Returns `None` if there is no such mapping or key.
    fn value_of(&self, mapping: usize, wanted: &str) -> Result<Option<usize>, Error> {
        let Some((Event::MappingStart(..), _)) = self.events.get(mapping) else {
            return Ok(None);
        };
        let mut found = None;
        let mut key = mapping + 1;
        while let Some((event, _)) = self.events.get(key)
            && *event != Event::MappingEnd
        {
            let value = self.end_of(key);
            if let Event::Scalar(name, ..) = event
                && name == wanted
                && found.replace(value).is_some()
            {
                return Err(self.error(key, &format!("`{wanted}` is there twice")));
            }
            key = self.end_of(value);
        }
        Ok(found)
    }

    /// The event after the node that starts at an event.
    fn end_of(&self, node: usize) -> usize {
        let mut open = 0usize;
        for (at, (event, _)) in self.events.iter().enumerate().skip(node) {
            match event {
                Event::MappingStart(..) | Event::SequenceStart(..) => open += 1,
                Event::MappingEnd | Event::SequenceEnd => open = open.saturating_sub(1),
                event if event.is_node() => {}
                _ => continue,
            }
            if open == 0 {
                return at + 1;
            }
        }
        self.events.len()
    }

    /// The search at an event, inside mappings given from the outermost to its own.
    fn found(&'t self, maps: &[usize], at: usize) -> Result<Option<Found<'t>>, Error> {
        let (event, span) = &self.events[at];
        let (value, style) = match event {
            Event::Scalar(value, style, ..) if !is_nothing(value, *style) => (value, *style),
            Event::Alias(_) => {
                return Err(self.error(
                    at,
                    "the search is an alias (`*`) of another value of the file: it stays as it is",
                ));
            }
            // Null, or a list or mapping of something else.
            _ => return Ok(None),
        };
        let range = span
            .byte_range()
            .filter(|range| self.text.get(range.clone()).is_some())
            .ok_or_else(|| self.error(at, "the place of the search is not known"))?;
        let anchors: Vec<usize> = maps
            .iter()
            .chain([&at])
            .filter_map(|at| self.events[*at].0.anchor_id())
            .filter(|id| *id > 0)
            .collect();
        let is_shared = self
            .events
            .iter()
            .any(|(event, _)| event.alias_id().is_some_and(|id| anchors.contains(&id)));
        let own = maps.last().copied().unwrap_or_default();
        let is_in_flow = maps.iter().any(|at| {
            let (event, _) = &self.events[*at];
            matches!(event, Event::MappingStart(StructureStyle::Flow, ..))
        });
        let key_column = match self.events.get(own + 1) {
            Some((_, key)) => key.start.col(),
            None => 0,
        };
        let range = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => {
                content_of_block(self.text, range.start, span.start.col())
            }
            ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => range,
        };
        let scalar = Scalar {
            text: self.text,
            range,
            style,
            key_column,
            column: span.start.col(),
            is_in_flow,
        };
        Ok(Some(Found {
            at,
            value,
            scalar,
            is_shared,
        }))
    }

    fn spot(&self, found: &Found<'t>) -> Spot<'t> {
        Spot {
            path: self.path,
            text: self.text,
            value: found.value,
            raw: found.scalar.range.clone(),
        }
    }

    /// The detection in the file. Returns `None` if the file only lacks a required key.
    fn detection(&self, found: &Found<'_>) -> Result<Option<Detection>, Error> {
        let detection = match Detection::parse(self.path, self.text) {
            Ok(detection) => detection,
            Err(error) => match &*error.kind {
                ErrorKind::Format { why, .. } if why.starts_with("missing field") => {
                    return Ok(None);
                }
                _ => return Err(error),
            },
        };
        if detection.search == found.value {
            Ok(Some(detection))
        } else {
            Err(self.error(
                found.at,
                "the loader reads another search than this one: it stays as it is",
            ))
        }
    }
}
