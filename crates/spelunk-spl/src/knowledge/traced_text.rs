//! Text that records where each of its runs was copied from, so that a position in an expanded search maps
//! back to the original text.

use std::ops::Range;

use crate::source::{Piece, SourceId, Span};

/// A run of a [`Rope`]'s text. It ends where the next begins.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: usize,
    origin: SourceId,
    offset: usize,
    /// Length in `origin`; may differ from the run's own if the run was computed.
    len: usize,
    computed: bool,
    call: Option<u32>,
}

/// A text with the origin of each run.
#[derive(Clone, Debug, Default)]
pub(super) struct Rope {
    text: String,
    runs: Vec<Run>,
}

impl Rope {
    /// `text` exactly as in `origin` from its first byte, inserted by `call`.
    pub(super) fn whole(text: &str, origin: SourceId, call: Option<u32>) -> Rope {
        let run = Run {
            start: 0,
            origin,
            offset: 0,
            len: text.len(),
            computed: false,
            call,
        };
        Rope::of_run(text.to_owned(), run)
    }

    /// `text` computed from the first `len` bytes of `origin`.
    pub(super) fn computed(text: String, origin: SourceId, len: usize, call: Option<u32>) -> Rope {
        let run = Run {
            start: 0,
            origin,
            offset: 0,
            len,
            computed: true,
            call,
        };
        Rope::of_run(text, run)
    }

    fn of_run(text: String, run: Run) -> Rope {
        let runs = if text.is_empty() { vec![] } else { vec![run] };
        Rope { text, runs }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Length of the text in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Appends `range` of `other`.
    pub(super) fn push(&mut self, other: &Rope, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let base = self.text.len();
        let mut index = other.run_at(range.start);
        while let Some(run) = other.runs.get(index).filter(|r| r.start < range.end) {
            let run_end = other.run_end(index);
            let (from, to) = (run.start.max(range.start), run_end.min(range.end));
            let mut copy = *run;
            copy.start = base + from - range.start;
            if !run.computed {
                copy.offset += from - run.start;
                copy.len = to - from;
            }
            self.push_run(copy, to - from);
            index += 1;
        }
        self.text.push_str(&other.text[range]);
    }

    /// Adds a run of `length` bytes, merged into the last one if it continues it.
    fn push_run(&mut self, run: Run, length: usize) {
        if let Some(last) = self.runs.last_mut()
            && last.origin == run.origin
            && last.call == run.call
            && !last.computed
            && !run.computed
            && last.offset + last.len == run.offset
        {
            last.len += length;
        } else {
            self.runs.push(run);
        }
    }

    /// The original position of `range`, as far as it was written in one place.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let index = self.run_at(range.start);
        let Some(run) = self.runs.get(index) else {
            return Span::default();
        };
        if run.computed {
            return Span::new(run.origin, run.offset..run.offset + run.len);
        }
        let start = run.offset + (range.start.min(self.run_end(index)) - run.start);
        let last = self.run_at(range.end.saturating_sub(1).max(range.start));
        let other = &self.runs[last];
        let end = if other.origin == run.origin && other.call == run.call && !other.computed {
            other.offset + (range.end - other.start)
        } else {
            run.offset + run.len
        };
        Span::new(run.origin, start..end.max(start))
    }

    /// The macro call that inserted the byte at `at`.
    pub(super) fn call_at(&self, at: usize) -> Option<u32> {
        self.runs.get(self.run_at(at)).and_then(|run| run.call)
    }

    /// The text and its pieces, for [`crate::source::SourceMap::add_expanded`].
    pub(super) fn into_pieces(self) -> (String, Vec<Piece>) {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let pieces = self
            .runs
            .iter()
            .map(|run| Piece {
                start: clamp(run.start),
                origin: run.origin,
                offset: clamp(run.offset),
                len: clamp(run.len),
                computed: run.computed,
                call: run.call,
            })
            .collect();
        (self.text, pieces)
    }

    fn run_at(&self, at: usize) -> usize {
        self.runs
            .partition_point(|run| run.start <= at)
            .saturating_sub(1)
    }

    fn run_end(&self, index: usize) -> usize {
        self.runs
            .get(index + 1)
            .map_or(self.text.len(), |next| next.start)
    }
}
