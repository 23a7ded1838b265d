//! A search as part of a file, so that errors point into the file.

use std::ops::Range;
use std::path::Path;

use crate::source::{Piece, SourceId, SourceMap};

/// A search in a file.
pub(super) struct Spot<'t> {
    /// The file's path.
    pub path: &'t Path,
    /// The file's complete text.
    pub text: &'t str,
    /// The parsed value of the search.
    pub value: &'t str,
    /// Its range in the file, including notation: indentation, quotes, escapes.
    pub raw: Range<usize>,
}

impl Spot<'_> {
    /// Adds the search to the source texts, after its file.
    pub fn add_to(&self, sources: &mut SourceMap) -> SourceId {
        self.add_as(self.value, sources)
    }

    /// Adds a text of the same length, whose bytes map to those of the search.
    pub fn add_as(&self, value: &str, sources: &mut SourceMap) -> SourceId {
        let file = sources.add(self.path.display().to_string(), self.text);
        if value == self.text {
            return file;
        }
        sources.add_expanded("search", value, self.pieces(file))
    }

    /// The position of each word in the file. A word that is written differently there (`''` for an
    /// apostrophe, an escape) gets the end of the previous word.
    fn pieces(&self, file: SourceId) -> Vec<Piece> {
        let raw = &self.text[self.raw.clone()];
        let mut pieces = Vec::new();
        let mut add = |start: usize, offset: usize, len: usize| {
            pieces.push(Piece {
                start: narrow(start),
                origin: file,
                offset: narrow(self.raw.start + offset),
                len: narrow(len),
                computed: len == 0,
                call: None,
            });
        };
        let (mut at, mut in_raw) = (0, 0);
        while at < self.value.len() {
            let rest = &self.value[at..];
            let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let found = match word {
                0 => None,
                _ => find_near(&raw[in_raw..], &rest[..word]),
            };
            if let Some(found) = found {
                in_raw += found;
                add(at, in_raw, word);
                in_raw += word;
                at += word;
            }
            // The blanks, and before them the word that was not found.
            let skipped = if found.is_some() { 0 } else { word };
            let blanks = self.value[at + skipped..]
                .find(|c: char| !c.is_whitespace())
                .unwrap_or(self.value.len() - at - skipped);
            if skipped + blanks > 0 {
                add(at, in_raw, 0);
                at += skipped + blanks;
            }
        }
        pieces
    }
}

/// The position of a word nearby: a word that is written differently must not match far away.
fn find_near(raw: &str, word: &str) -> Option<usize> {
    const NEAR: usize = 200;
    let mut end = raw.len().min(NEAR + word.len());
    while !raw.is_char_boundary(end) {
        end += 1;
    }
    raw[..end].find(word)
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Spot;
    use crate::source::{SourceMap, Span};

    #[test]
    fn places_in_a_search_are_places_in_its_file() {
        let text = "name: x\nsearch: 'it''s\n  | hed   3'\n";
        let value = "it's | hed   3";
        let start = text.find("'it").unwrap_or_default();
        let spot = Spot {
            path: Path::new("x.yml"),
            text,
            value,
            raw: start..text.len() - 1,
        };
        let mut sources = SourceMap::new();
        let search = spot.add_to(&mut sources);
        let at = value.find("hed").unwrap_or_default();
        let trace = sources.trace(Span::new(search, at..at + 3));
        assert_eq!(sources.text(trace.span), "hed");
        assert_eq!(
            sources.line_column(trace.span.source, trace.span.start),
            (3, 5)
        );
    }
}
