//! Source texts, places in them, and the way back from expanded text to the original.
//!
//! Every text an error can point into is a [`Source`] of one [`SourceMap`]: the typed search, a macro's
//! definition, a configuration file, and the expanded search itself. The expanded search consists of pieces,
//! each of which records the source it was copied from and the macro call that inserted it.

use std::ops::Range;

/// Index of a [`Source`] in its [`SourceMap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A byte range in one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The source that contains the range.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span over `range` of `source`.
    pub fn new(source: SourceId, range: Range<usize>) -> Span {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span {
            source,
            start: clamp(range.start),
            end: clamp(range.end),
        }
    }

    /// The byte range.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// From the start of `self` to the end of `other`, which must be in the same source.
    pub fn to(self, other: Span) -> Span {
        Span {
            source: self.source,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// One text and its display name.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// `search`, ``macro `name(1)` ``, or a file's path.
    pub name: String,
    /// The text.
    pub text: String,
    /// The origins of the text, piece by piece in order of `start`; empty when the text is its own origin.
    pub pieces: Vec<Piece>,
}

/// A run of an expanded text that was copied from another source.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Where the run starts in the expanded text; it ends where the next begins.
    pub start: u32,
    /// The source it was copied from.
    pub origin: SourceId,
    /// Offset in `origin` of the run's first byte.
    pub offset: u32,
    /// Length in `origin`; that of the run unless it was computed.
    pub len: u32,
    /// Whether it was computed (an `iseval` macro) rather than copied verbatim: then all of it maps to all of
    /// its origin.
    pub computed: bool,
    /// The macro call that inserted it, if any.
    pub call: Option<u32>,
}

/// A macro call found during expansion: its macro and its position.
#[derive(Clone, Debug)]
pub struct Call {
    /// The macro, with its arity: `security_content_ctime(1)`.
    pub name: String,
    /// The position of the call in its original text.
    pub span: Span,
    /// The call whose definition contains this one.
    pub parent: Option<u32>,
}

/// All texts of one search.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
    calls: Vec<Call>,
}

/// A span traced back to its original text, with the macro calls around it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The place in an original text.
    pub span: Span,
    /// Macro calls that led there, innermost first: name and position of the call.
    pub calls: Vec<(String, Span)>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a text that is its own origin.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.add_expanded(name, text, Vec::new())
    }

    /// Adds a text composed of `pieces`.
    pub fn add_expanded(
        &mut self,
        name: impl Into<String>,
        text: impl Into<String>,
        pieces: Vec<Piece>,
    ) -> SourceId {
        self.sources.push(Source {
            name: name.into(),
            text: text.into(),
            pieces,
        });
        SourceId((self.sources.len() - 1) as u32)
    }

    /// Records a macro call and returns its number for [`Piece::call`].
    pub fn add_call(&mut self, call: Call) -> u32 {
        self.calls.push(call);
        (self.calls.len() - 1) as u32
    }

    /// The source with that id.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.sources[id.0 as usize]
    }

    /// The text under `span`.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).text.get(span.range()).unwrap_or("")
    }

    /// Traces `span` back to its original text.
    pub fn trace(&self, span: Span) -> Trace {
        let mut span = span;
        let mut calls = Vec::new();
        loop {
            let source = self.get(span.source);
            if source.pieces.is_empty() {
                return Trace { span, calls };
            }
            let last = |at: u32| {
                source
                    .pieces
                    .partition_point(|p| p.start <= at)
                    .saturating_sub(1)
            };
            let index = last(span.start);
            let piece = source.pieces[index];
            let run_end = source
                .pieces
                .get(index + 1)
                .map_or(source.text.len() as u32, |next| next.start);
            let inside = |at: u32| {
                if !piece.computed {
                    piece.offset + (at.clamp(piece.start, run_end) - piece.start)
                } else {
                    piece.offset
                }
            };
            // A span that reaches into a later piece of the same origin and call (a macro was in between)
            // ends there; otherwise it ends with its first piece.
            let end_piece = source.pieces[last(span.end.saturating_sub(1).max(span.start))];
            let end = if end_piece.start != piece.start
                && end_piece.origin == piece.origin
                && end_piece.call == piece.call
                && end_piece.offset >= piece.offset
            {
                match end_piece.computed {
                    true => end_piece.offset + end_piece.len,
                    false => end_piece.offset + (span.end - end_piece.start).min(end_piece.len),
                }
            } else if !piece.computed {
                inside(span.end)
            } else {
                piece.offset + piece.len
            };
            let mut call = piece.call;
            while let Some(number) = call {
                let c = &self.calls[number as usize];
                calls.push((c.name.clone(), c.span));
                call = c.parent;
            }
            span = Span {
                source: piece.origin,
                start: inside(span.start),
                end: end.max(inside(span.start)),
            };
        }
    }

    /// Line and column (both from 1, the column in characters) of a byte offset.
    pub fn line_column(&self, id: SourceId, offset: u32) -> (usize, usize) {
        line_column(&self.get(id).text, offset as usize)
    }
}

/// Line and column (both from 1, the column in characters) of a byte offset in `text`.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::{Call, Piece, SourceMap, Span};

    #[test]
    fn a_place_in_a_computed_text_is_traced_to_all_that_it_was_computed_from() {
        let mut map = SourceMap::new();
        // As long as its result, with a character where the result has two.
        let body = map.add("macro `m`", "2é");
        let piece = Piece {
            start: 0,
            origin: body,
            offset: 0,
            len: 3,
            computed: true,
            call: None,
        };
        let expanded = map.add_expanded("expanded", "abc", vec![piece]);
        for range in [0..1, 1..2, 2..3, 0..2, 1..3] {
            let trace = map.trace(Span::new(expanded, range.clone()));
            assert_eq!(map.text(trace.span), "2é", "{range:?}");
        }
    }

    #[test]
    fn a_place_in_a_macro_is_traced_to_its_text_and_its_call() {
        let mut map = SourceMap::new();
        let typed = map.add("search", "x `m` y");
        let body = map.add("macro `m`", "bad");
        let call = map.add_call(Call {
            name: "m".into(),
            span: Span::new(typed, 2..5),
            parent: None,
        });
        let piece = |start, origin, offset, len, call| Piece {
            start,
            origin,
            offset,
            len,
            computed: false,
            call,
        };
        let expanded = map.add_expanded(
            "expanded",
            "x bad y",
            vec![
                piece(0, typed, 0, 2, None),
                piece(2, body, 0, 3, Some(call)),
                piece(5, typed, 5, 2, None),
            ],
        );
        let trace = map.trace(Span::new(expanded, 3..5));
        assert_eq!(map.text(trace.span), "ad");
        assert_eq!(trace.span.source, body);
        assert_eq!(map.text(trace.calls[0].1), "`m`");
        assert_eq!(map.text(map.trace(Span::new(expanded, 6..7)).span), "y");
        assert_eq!(
            map.text(map.trace(Span::new(expanded, 0..7)).span),
            "x `m` y"
        );
    }
}
