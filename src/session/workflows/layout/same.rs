//! Checks that two searches are equivalent: the same words in the same order, and the same tree.

use std::ops::Range;

use crate::commands::shape_of;
use crate::error::{Error, ErrorKind};
use crate::session::large_stack::with_large_stack;
use crate::session::workflows::layout::spot::Spot;
use crate::session::{Failure, Session, failure, lock, text_of};
use crate::syntax::{self, print};

impl Session {
    /// The tree of a search as text, equal for searches that differ only in blanks.
    ///
    /// Expands macros. If one is unknown or rejects its arguments, every call is treated as one word instead.
    ///
    /// # Errors
    /// If the search does not parse, with the file to point into.
    pub(super) fn tree(&self, spot: &Spot<'_>) -> Result<String, Failure> {
        with_large_stack(|| {
            let read = self.expanded_tree(spot, spot.value);
            match (read, without_arguments(spot.value)) {
                (Err(failure), Some(value)) => {
                    self.expanded_tree(spot, &value).map_err(|_| failure)
                }
                (read, _) => read,
            }
        })
    }

    /// The tree of `value`, whose bytes map to those of the spot.
    fn expanded_tree(&self, spot: &Spot<'_>, value: &str) -> Result<String, Failure> {
        let context = self.context()?;
        let source = spot.add_as(value, &mut lock(&context.sources));
        let fail = |error| failure(&context, error);
        match self.expand_macros(&context, source) {
            Ok(expanded) => {
                let text = text_of(&context, expanded);
                let tree = syntax::parse(expanded, &text, &shape_of).map_err(fail)?;
                Ok(squeezed(&print::pipeline(&tree, print::Layout::Line)))
            }
            Err(error) if is_of_macros(&error) => {
                let (masked, calls) = without_calls(value);
                let tree = match syntax::parse(source, &masked, &shape_of) {
                    // A macro may expand to anything, so a stage that calls one need not parse.
                    Err(error) if is_in_stages_of(&error, &masked, &calls) => {
                        syntax::parse(source, &masked, &|_| None)
                    }
                    read => read,
                };
                let tree = tree.map_err(fail)?;
                Ok(squeezed(&print::pipeline(&tree, print::Layout::Line)))
            }
            Err(error) => Err(fail(error)),
        }
    }
}

/// Whether an error is about the macros themselves rather than the calls.
fn is_of_macros(error: &Error) -> bool {
    let is_written_wrongly = matches!(*error.kind, ErrorKind::Syntax(_) | ErrorKind::TooLarge(_));
    !is_written_wrongly && error.others.iter().all(is_of_macros)
}

/// Whether all errors are in stages that contain a macro call.
fn is_in_stages_of(error: &Error, text: &str, calls: &[Range<usize>]) -> bool {
    let is_excused = error.span.is_some_and(|span| {
        let stage = stage_around(text, span.start as usize);
        calls.iter().any(|call| stage.contains(&call.start))
    });
    is_excused
        && error
            .others
            .iter()
            .all(|other| is_in_stages_of(other, text, calls))
}

/// The stage at a position: from the pipe or bracket before it to the one after it.
fn stage_around(text: &str, at: usize) -> Range<usize> {
    let mut stage = 0..text.len();
    for part in Parts::of(text) {
        let Part::Plain(range) = part else { continue };
        for (offset, c) in text[range.clone()].char_indices() {
            let here = range.start + offset;
            match c {
                '|' | '[' | ']' if here < at => stage.start = here,
                '|' | '[' | ']' => return stage.start..here,
                _ => {}
            }
        }
    }
    stage
}

/// The search with each macro call replaced by a word of the same length, and the ranges of the calls.
fn without_calls(text: &str) -> (String, Vec<Range<usize>>) {
    let mut masked = String::with_capacity(text.len());
    let mut calls = Vec::new();
    for part in Parts::of(text) {
        match part {
            Part::Call(range) => {
                masked.push_str(&word(range.len()));
                calls.push(range);
            }
            Part::Plain(range) | Part::Quoted(range) | Part::Comment(range) => {
                masked.push_str(&text[range]);
            }
        }
    }
    (masked, calls)
}

/// The search with each `$argument$` replaced by a word of the same length, since the grammar may not allow
/// arguments there. Returns `None` if there are none.
fn without_arguments(text: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | ':');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut any = false;
    while let Some(open) = rest.find('$') {
        let name = &rest[open + 1..];
        let length = name.find(|c: char| !is_name(c)).unwrap_or(name.len());
        if length > 0 && name[length..].starts_with('$') {
            out.push_str(&rest[..open]);
            out.push_str(&word(length + 2));
            rest = &name[length + 1..];
            any = true;
        } else {
            out.push_str(&rest[..=open]);
            rest = name;
        }
    }
    out.push_str(rest);
    any.then_some(out)
}

/// The search with macro calls and arguments replaced by words.
pub(super) fn masked(text: &str) -> String {
    let (masked, _) = without_calls(text);
    without_arguments(&masked).unwrap_or(masked)
}

/// A name of that many bytes.
fn word(length: usize) -> String {
    let mut word = "x".repeat(length.min(1));
    word.push_str(&"_".repeat(length.saturating_sub(1)));
    word
}

/// The tokens of a search: quoted texts, comments and macro calls as typed, and everything else without
/// blanks.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut plain = String::new();
    for part in Parts::of(text) {
        match part {
            Part::Plain(range) => {
                let visible = text[range].chars().filter(|c| !c.is_whitespace());
                plain.extend(visible);
            }
            Part::Quoted(range) | Part::Comment(range) | Part::Call(range) => {
                tokens.push(std::mem::take(&mut plain));
                tokens.push(text[range].to_owned());
            }
        }
    }
    tokens.push(plain);
    tokens
}

/// A printed tree with runs of blanks collapsed, and none next to pipes and brackets: the subsearch of
/// `foreach` is printed as typed.
fn squeezed(printed: &str) -> String {
    let mut out = String::with_capacity(printed.len());
    let mut blank = false;
    for part in Parts::of(printed) {
        let (range, is_plain) = match part {
            Part::Plain(range) => (range, true),
            Part::Quoted(range) | Part::Comment(range) | Part::Call(range) => (range, false),
        };
        if !is_plain {
            if std::mem::take(&mut blank) {
                out.push(' ');
            }
            out.push_str(&printed[range]);
            continue;
        }
        let mut rest = &printed[range];
        while let Some(c) = rest.chars().next() {
            if c.is_whitespace() {
                blank = true;
                rest = rest.trim_start();
                continue;
            }
            if std::mem::take(&mut blank) && !is_joint(c) && !out.ends_with(is_joint) {
                out.push(' ');
            }
            let length = name_length(rest).unwrap_or(c.len_utf8());
            out.push_str(&rest[..length]);
            rest = &rest[length..];
        }
    }
    out
}

/// Whether blanks next to this character are insignificant.
fn is_joint(c: char) -> bool {
    matches!(c, '|' | '[' | ']')
}

/// The length of a name in single quotes, whose blanks count. Returns `None` if there is no such name.
fn name_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let end = inner.find(|c: char| c == '\'' || is_joint(c))?;
    inner[end..].starts_with('\'').then_some(end + 2)
}

/// A part of a search, as a byte range.
enum Part {
    /// `"..."`
    Quoted(Range<usize>),
    /// ```` ```...``` ````
    Comment(Range<usize>),
    /// `` `...` ``
    Call(Range<usize>),
    /// Everything between those.
    Plain(Range<usize>),
}

/// The parts of a search in order, split as [`syntax::parse`] does. An unclosed part extends to the end.
struct Parts<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Parts<'t> {
        Parts { text, at: 0 }
    }

    /// The length of the non-plain part at the start of `text`; 0 if there is none.
    fn special(text: &str) -> (usize, fn(Range<usize>) -> Part) {
        let bytes = text.as_bytes();
        match bytes {
            [b'"', ..] => {
                let mut at = 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                ((at + 1).min(bytes.len()), Part::Quoted)
            }
            [b'`', b'`', b'`', ..] => {
                let end = text[3..].find("```").map_or(text.len(), |at| at + 6);
                (end, Part::Comment)
            }
            [b'`', ..] => {
                let end = text[1..].find('`').map_or(text.len(), |at| at + 2);
                (end, Part::Call)
            }
            _ => (0, Part::Plain),
        }
    }
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            match bytes[self.at] {
                b'\\' if matches!(bytes.get(self.at + 1), Some(b'"' | b'\\' | b'|')) => {
                    self.at += 2;
                }
                b'"' | b'`' if self.at > start => break,
                b'"' | b'`' => {
                    let (length, part) = Parts::special(&self.text[self.at..]);
                    self.at += length;
                    return Some(part(start..self.at));
                }
                _ => self.at += 1,
            }
        }
        (self.at > start).then_some(Part::Plain(start..self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::{squeezed, tokens, without_arguments, without_calls};

    #[test]
    fn only_blanks_between_words_do_not_count() {
        let typed = "a=\"x  y\"|stats   count `m(1,  2)` ```why  so``` \\\"b";
        let laid_out = "a=\"x  y\"\n| stats count `m(1,  2)` ```why  so``` \\\"b\n";
        assert_eq!(tokens(typed), tokens(laid_out));
        for other in [
            "a=\"x y\"|stats count `m(1,  2)` ```why  so``` \\\"b",
            "a=\"x  y\"|stats count `m(1, 2)` ```why  so``` \\\"b",
            "a=\"x  y\"|stats count `m(1,  2)` ```why so``` \\\"b",
        ] {
            assert_ne!(tokens(typed), tokens(other));
        }
        assert_eq!(squeezed("a [ x \n |  y=\" | \" ]"), "a[x|y=\" | \"]");
        assert_ne!(squeezed("a b"), squeezed("ab"));
        assert_ne!(squeezed("'a  b'"), squeezed("'a b'"));
    }

    #[test]
    fn calls_and_arguments_become_words_of_their_length() {
        let text = "`a(\"|\")` | where $x$ > \"`b`\"";
        let (masked, calls) = without_calls(text);
        assert_eq!(masked, "x_______ | where $x$ > \"`b`\"");
        assert_eq!(calls, vec![0..8]);
        assert_eq!(
            without_arguments("a=$b$ $5 $c.d$").as_deref(),
            Some("a=x__ $5 x____")
        );
        assert_eq!(without_arguments("costs $5 or $6"), None);
    }
}
