//! Breaks text at `LINE_BREAKER` of `props.conf`: at line ends, or at a regular expression's first group.
//! (Admin Manual, "props.conf".)

use std::sync::Arc;

use crate::error::Result;
use crate::extract::event::EventSink;
use crate::pcre::Regex;
use crate::read::input::buffer::{Input, LONGEST};
use crate::read::input::decode::{self, text_of};

/// A match that ends this close to the end of the text read so far may continue in the text that follows.
const MARGIN: usize = 64 * 1024;

/// One line of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Line ends before it that were not part of the previous line.
    pub line_ends: usize,
}

/// The lines of a text.
pub struct LineBreaker<'i, 'r> {
    input: &'i mut Input<'r>,
    breaker: Option<Arc<Regex>>,
    /// Text read but not returned yet, from `start` on.
    text: String,
    start: usize,
    /// Where to search for the next break.
    from: usize,
    /// The line number at `start`.
    line: u64,
    line_ends: usize,
    ended: bool,
}

impl<'i, 'r> LineBreaker<'i, 'r> {
    /// Breaks the rest of an input at `breaker`, or at line ends if it is `None`.
    pub fn new(input: &'i mut Input<'r>, breaker: Option<Arc<Regex>>) -> LineBreaker<'i, 'r> {
        LineBreaker {
            input,
            breaker,
            text: String::new(),
            start: 0,
            from: 0,
            line: 1,
            line_ends: 0,
            ended: false,
        }
    }

    /// Reads the next line that is not blank into `out`.
    ///
    /// # Errors
    /// If the file can't be read, or the expression takes too long.
    pub fn next(&mut self, out: &mut String, sink: &mut dyn EventSink) -> Result<Option<Line>> {
        match self.breaker.clone() {
            None => self.next_line(out, sink),
            Some(breaker) => self.next_match(&breaker, out, sink),
        }
    }

    fn next_line(&mut self, out: &mut String, sink: &mut dyn EventSink) -> Result<Option<Line>> {
        out.clear();
        while let Some(line) = self.input.line() {
            self.line_ends += 1;
            if line.bytes.trim_ascii().is_empty() {
                continue;
            }
            let piece = Line {
                line: line.number,
                line_ends: std::mem::take(&mut self.line_ends),
            };
            if line.too_long {
                sink.bad(line.number, "longer than 64 MiB: cut there");
            }
            out.push_str(&text_of(line.bytes, line.number, sink));
            return Ok(Some(piece));
        }
        Ok(None)
    }

    fn next_match(
        &mut self,
        breaker: &Regex,
        out: &mut String,
        sink: &mut dyn EventSink,
    ) -> Result<Option<Line>> {
        loop {
            let (end, next) = match self.find(breaker)? {
                Some(found) => found,
                None if !self.ended && self.text.len() - self.start <= LONGEST => {
                    self.more(sink)?;
                    continue;
                }
                None if self.start == self.text.len() => return Ok(None),
                None => {
                    if !self.ended {
                        sink.bad(self.line, "longer than 64 MiB: cut there");
                    }
                    (self.text.len(), self.text.len())
                }
            };
            let piece = Line {
                line: self.line,
                line_ends: std::mem::take(&mut self.line_ends),
            };
            let count = |text: &str| memchr::memchr_iter(b'\n', text.as_bytes()).count();
            let inside = count(&self.text[self.start..end]);
            self.line_ends = count(&self.text[end..next]);
            self.line += (inside + self.line_ends) as u64;
            out.clear();
            out.push_str(self.text[self.start..end].trim_end_matches(['\r', '\n']));
            self.start = next;
            // If nothing is between two lines, the next break is further on.
            let step = self.text[next..].chars().next().map_or(0, char::len_utf8);
            self.from = if next > end { next } else { next + step };
            if !out.trim().is_empty() {
                return Ok(Some(piece));
            }
            self.line_ends += piece.line_ends;
        }
    }

    /// Returns where this line ends and the next one starts, if the text read so far determines it.
    fn find(&mut self, breaker: &Regex) -> Result<Option<(usize, usize)>> {
        let found = breaker.captures_from_pos(&self.text, self.from.min(self.text.len()));
        let found = found.map_err(|_| {
            self.input.error(
                self.line,
                "LINE_BREAKER takes too long on this text: its expression backtracks too much",
            )
        })?;
        let Some(captures) = found else {
            let kept = decode::floor(&self.text, self.text.len().saturating_sub(MARGIN));
            self.from = self.from.max(kept).max(self.start);
            return Ok(None);
        };
        let whole = captures.get(0).map_or(0..0, |m| m.start()..m.end());
        if !self.ended && whole.end + MARGIN > self.text.len() {
            return Ok(None);
        }
        // The leftmost group that participates; without one, the break is before the match.
        let group = (1..captures.len()).find_map(|n| captures.get(n));
        Ok(Some(match group {
            Some(group) => (group.start().max(self.start), group.end()),
            None => (whole.start, whole.start),
        }))
    }

    /// Reads more text.
    fn more(&mut self, sink: &mut dyn EventSink) -> Result<()> {
        if self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.from -= self.start;
            self.start = 0;
        }
        self.input.head(1);
        loop {
            let data = self.input.data();
            let used = decode::append(&mut self.text, data, self.ended, self.line, sink);
            self.input.consume(used);
            if used > 0 || self.ended {
                return Ok(());
            }
            self.ended = !self.input.fill();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::LineBreaker;
    use crate::pcre::Regex;
    use crate::read::collect::Collect;
    use crate::read::input::buffer::Input;

    fn pieces(text: &str, breaker: &str) -> Vec<(String, u64, usize)> {
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.log"), &mut bytes);
        let regex = Regex::new(breaker).expect("an expression");
        let mut pieces = LineBreaker::new(&mut input, Some(Arc::new(regex)));
        let mut found = Vec::new();
        let mut out = String::new();
        let mut sink = Collect::default();
        while let Some(piece) = pieces.next(&mut out, &mut sink).expect("readable") {
            found.push((out.clone(), piece.line, piece.line_ends));
        }
        assert_eq!(sink.bad, []);
        found
    }

    fn texts(text: &str, breaker: &str) -> Vec<String> {
        pieces(text, breaker)
            .into_iter()
            .map(|(t, _, _)| t)
            .collect()
    }

    #[test]
    fn the_first_group_goes_and_what_stands_around_it_stays() {
        assert_eq!(texts("a|b||c", r"(\|+)"), ["a", "b", "c"]);
        assert_eq!(
            texts("{x}\n{y},\n{z}", r"\}(,?\s+)\{"),
            ["{x}", "{y}", "{z}"]
        );
        assert_eq!(
            pieces("one\ntwo\n\n--\nthree\n", r"(\n+--\n)"),
            [("one\ntwo".to_owned(), 1, 0), ("three".to_owned(), 5, 3)]
        );
    }

    #[test]
    fn without_a_group_events_begin_at_the_match() {
        assert_eq!(texts("<E>1<E>2<E>3", r"<E>"), ["<E>1", "<E>2", "<E>3"]);
        assert_eq!(texts("<E>1<E>2", r"()(?=<E>)"), ["<E>1", "<E>2"]);
        let branched = r"end(\n)begin|end2(\n)begin2|begin3";
        assert_eq!(
            texts("end\nbegin end2\nbegin2 begin3", branched),
            ["end", "begin end2", "begin2 ", "begin3"]
        );
    }

    #[test]
    fn breaks_are_found_across_blocks() {
        let row = format!("{}é", "x".repeat(99_998));
        let text = vec![row.as_str(); 30].join("\r\n\r\n");
        let found = texts(&text, r"([\r\n]+)");
        assert_eq!(found.len(), 30);
        assert!(found.iter().all(|f| *f == row));
    }
}
