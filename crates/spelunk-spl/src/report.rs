//! Draws errors: the line, a caret, the problem, the remedy.
//!
//! ```text
//! error: unknown command `hed`
//!  --> search:1:17
//!   |
//! 1 | | makeresults | hed 3
//!   |                 ^^^
//!   |
//!   = help: did you mean `head`?
//! ```
//!
//! A place inside a macro is shown in the macro's definition first, then in the calls that led there,
//! innermost first. Nothing is coloured unless requested.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use crate::error::Error;
use crate::source::{SourceMap, Span};

/// Maximum characters of a message or a hint drawn; a name in it may be as long as the search.
const MESSAGE_WIDTH: usize = 4000;
/// Maximum characters underlined; the renderer would not cut the line around a longer range.
const MARK_WIDTH: usize = 60;
/// Maximum macro calls drawn: the innermost ones, and the outermost, which is the one in the search.
const CALLS: usize = 5;
/// Maximum errors of one search drawn.
const ERRORS: usize = 20;

/// Draws `error` and, separated by empty lines, the further errors of the same search.
///
/// The spans of the error must be from `sources`. Lines are cut around the caret to about 140 columns. The
/// text ends without a line break; `color` adds ANSI escape sequences.
pub fn render(error: &Error, sources: &SourceMap, color: bool) -> String {
    let mut errors = Vec::new();
    flatten(error, &mut errors);
    let mut drawings: Vec<String> = errors
        .iter()
        .take(ERRORS)
        .map(|e| {
            let message = e.to_string();
            draw(Level::ERROR, &message, e.span, &e.hints, sources, color)
        })
        .collect();
    if errors.len() > ERRORS {
        drawings.push(format!("and {} more errors", errors.len() - ERRORS));
    }
    drawings.join("\n\n")
}

/// Draws a warning: something that does not stop the search but may surprise.
///
/// It looks like the output of [`render`], with `warning:` in front.
pub fn render_warning(
    message: &str,
    span: Option<Span>,
    hints: &[String],
    sources: &SourceMap,
    color: bool,
) -> String {
    draw(Level::WARNING, message, span, hints, sources, color)
}

/// Draws the finding of a check: `severity` is `error`, `warning` or `note`, `code` follows it in brackets.
pub fn render_finding(
    severity: &str,
    code: &str,
    message: &str,
    span: Option<Span>,
    hints: &[String],
    sources: &SourceMap,
    color: bool,
) -> String {
    let level = match severity {
        "error" => Level::ERROR,
        "warning" => Level::WARNING,
        _ => Level::NOTE,
    };
    let title = level.primary_title(shown(message)).id(code);
    draw_under(Group::with_title(title), span, hints, sources, color)
}

/// `error` and all its further errors, in order.
fn flatten<'a>(error: &'a Error, into: &mut Vec<&'a Error>) {
    into.push(error);
    for other in &error.others {
        flatten(other, into);
    }
}

fn draw(
    level: Level<'_>,
    message: &str,
    span: Option<Span>,
    hints: &[String],
    sources: &SourceMap,
    color: bool,
) -> String {
    let title = level.primary_title(shown(message));
    draw_under(Group::with_title(title), span, hints, sources, color)
}

fn draw_under<'a>(
    mut group: Group<'a>,
    span: Option<Span>,
    hints: &[String],
    sources: &'a SourceMap,
    color: bool,
) -> String {
    if let Some(span) = span {
        group = add_trace(group, span, sources);
    }
    for hint in hints {
        group = group.element(Level::HELP.message(shown(hint)));
    }
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&[group])
}

/// Adds the original place of `span`, and the macro calls around it.
fn add_trace<'a>(mut group: Group<'a>, span: Span, sources: &'a SourceMap) -> Group<'a> {
    let trace = sources.trace(span);
    group = add_place(group, trace.span, AnnotationKind::Primary, None, sources);
    let left_out = trace.calls.len().saturating_sub(CALLS);
    for (index, (name, call)) in trace.calls.iter().enumerate() {
        let outermost = index + 1 == trace.calls.len();
        if outermost && left_out > 0 {
            let note = format!("{left_out} more macro calls between");
            group = group.element(Level::NOTE.message(note));
        }
        if outermost || index + 1 < CALLS {
            let label = format!("in this call of `{}`", shown(name));
            group = add_place(group, *call, AnnotationKind::Context, Some(label), sources);
        }
    }
    group
}

/// Adds the line in which `span` begins, and marks the part of the span in it.
fn add_place<'a>(
    group: Group<'a>,
    span: Span,
    kind: AnnotationKind,
    label: Option<String>,
    sources: &'a SourceMap,
) -> Group<'a> {
    let source = sources.get(span.source);
    let (number, line, mark) = first_line(&source.text, span.range());
    let snippet = Snippet::source(line)
        .path(source.name.as_str())
        .line_start(number)
        .annotation(kind.span(mark).label(label));
    group.element(snippet)
}

/// The line of `text` in which `range` begins: its number from 1, its text, and the part of the range in it.
/// A range that is out of bounds or cuts a character is moved to a valid position.
///
/// Only one line is drawn, because a range over several usually means "from here on": an open parenthesis, a
/// whole subsearch.
fn first_line(text: &str, range: Range<usize>) -> (usize, &str, Range<usize>) {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let number = text[..line_start].matches('\n').count() + 1;
    let line = text[line_start..].split('\n').next().unwrap_or("");
    let line = line.strip_suffix('\r').unwrap_or(line);
    let start = (start - line_start).min(line.len());
    let end = (end - line_start).min(line.len());
    let longest = line[start..].char_indices().nth(MARK_WIDTH);
    let end = longest.map_or(end, |(at, _)| end.min(start + at));
    (number, line, start..end)
}

/// `text` with control characters made visible, cut to [`MESSAGE_WIDTH`] characters.
fn shown(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_WIDTH) {
        None => normalize_untrusted_str(text),
        Some((at, _)) => normalize_untrusted_str(&text[..at]) + "...",
    }
}

#[cfg(test)]
mod tests {
    use super::{render, render_warning};
    use crate::error::{Error, ErrorKind};
    use crate::source::{Call, Piece, SourceId, SourceMap, Span};

    /// The drawing of an error over `range` of `text`.
    fn drawn(text: &str, range: std::ops::Range<usize>) -> String {
        let mut map = SourceMap::new();
        let id = map.add("search", text);
        render(&Error::syntax(Span::new(id, range), "bad"), &map, false)
    }

    /// A map with `depth` macros `m1` .. that call each other; the last one's text is `body`. Also returns
    /// the source of the expanded search, whose text is also `body`.
    fn nested(depth: usize, body: &str) -> (SourceMap, SourceId) {
        let mut map = SourceMap::new();
        let mut text = map.add("search", "| makeresults | `m1`");
        let mut parent = None;
        for number in 1..=depth {
            let at = map.get(text).text.find('`').expect("a call in the text");
            let name = format!("m{number}");
            let span = Span::new(text, at..at + name.len() + 2);
            let definition = match number == depth {
                true => body.to_owned(),
                false => format!("eval x{number}=1 | `m{}`", number + 1),
            };
            text = map.add(format!("macro `{name}`"), definition);
            parent = Some(map.add_call(Call { name, span, parent }));
        }
        let piece = Piece {
            start: 0,
            origin: text,
            offset: 0,
            len: body.len() as u32,
            computed: false,
            call: parent,
        };
        let expanded = map.add_expanded("expanded", body, vec![piece]);
        (map, expanded)
    }

    #[test]
    fn an_error_shows_its_line_its_place_and_its_hints() {
        let mut map = SourceMap::new();
        let id = map.add("search", "index=main\n| hed 3");
        let error = Error::new(ErrorKind::UnknownCommand("hed".into()))
            .at(Span::new(id, 13..16))
            .did_you_mean("hed", ["sort", "head"])
            .hint("`spelunk help` lists the commands");
        let expected = "\
error: unknown command `hed`
 --> search:2:3
  |
2 | | hed 3
  |   ^^^
  |
  = help: did you mean `head`?
  = help: `spelunk help` lists the commands";
        assert_eq!(render(&error, &map, false), expected);
        assert!(render(&error, &map, true).contains("\u{1b}[1m"));
    }

    #[test]
    fn an_error_in_a_macro_shows_the_definition_and_the_calls() {
        let (map, expanded) = nested(2, "stats cuont");
        let error = Error::syntax(Span::new(expanded, 6..11), "unknown `cuont`").hint("`count`?");
        let expected = "\
error: unknown `cuont`
 --> macro `m2`:1:7
  |
1 | stats cuont
  |       ^^^^^
  |
 ::: macro `m1`:1:13
  |
1 | eval x1=1 | `m2`
  |             ---- in this call of `m2`
  |
 ::: search:1:17
  |
1 | | makeresults | `m1`
  |                 ---- in this call of `m1`
  |
  = help: `count`?";
        assert_eq!(render(&error, &map, false), expected);
    }

    #[test]
    fn of_many_calls_the_innermost_and_the_typed_one_are_shown() {
        let (map, expanded) = nested(90, "x");
        let text = render(
            &Error::syntax(Span::new(expanded, 0..1), "bad"),
            &map,
            false,
        );
        assert_eq!(text.matches("in this call of").count(), 5);
        assert!(
            text.contains("in this call of `m87`\n  |\n  = note: 85 more macro calls between\n")
        );
        assert!(text.ends_with("in this call of `m1`"), "{text}");
    }

    #[test]
    fn other_errors_follow_and_places_are_optional() {
        let mut map = SourceMap::new();
        let id = map.add("search", "a b");
        let mut error = Error::data("no such file").hint("look elsewhere");
        error.others = vec![Error::syntax(Span::new(id, 2..3), "bad")];
        let expected = "\
error: no such file
 |
 = help: look elsewhere

error: bad
 --> search:1:3
  |
1 | a b
  |   ^";
        assert_eq!(render(&error, &map, false), expected);
        error.others = vec![Error::data("again"); 30];
        assert!(render(&error, &map, false).ends_with("error: again\n\nand 11 more errors"));
        assert_eq!(
            render_warning("slow", None, &[], &map, false),
            "warning: slow"
        );
    }

    #[test]
    fn any_range_can_be_drawn() {
        let ends = |text, range, expected: &str| {
            let drawing = drawn(text, range);
            assert!(drawing.ends_with(expected), "{drawing}");
        };
        ends("", 0..0, ":1:1\n  |\n1 |\n  | ^");
        ends("abc", 3..3, ":1:4\n  |\n1 | abc\n  |    ^");
        ends("abc", 7..900, ":1:4\n  |\n1 | abc\n  |    ^");
        ends("a\nb\n", 4..4, ":3:1\n  |\n3 |\n  | ^");
        ends("a\r\nb", 1..1, ":1:2\n  |\n1 | a\n  |  ^");
        ends("abc\ndef", 1..6, ":1:2\n  |\n1 | abc\n  |  ^^");
        ends("\tx\ty", 3..4, ":1:4\n  |\n1 |     x    y\n  |          ^");
        // Bytes 1..8 begin inside `ä` and end inside the second of two wide characters.
        ends("ä漢漢x", 1..6, ":1:1\n  |\n1 | ä漢漢x\n  | ^^^^^");
        ends("a\u{1b}[31m", 1..2, ":1:2\n  |\n1 | a\u{241b}[31m\n  |  ^");
    }

    #[test]
    fn long_lines_and_messages_are_cut() {
        for unit in ["x", "漢", "\t", "ab "] {
            let text = unit.repeat((1 << 20) / unit.len());
            for start in [0, 10_000, 1 << 19, 1 << 20] {
                for length in [0, 1, 1 << 20] {
                    let drawing = drawn(&text, start..start + length);
                    assert!(drawing.contains('^'));
                    assert!(drawing.lines().all(|l| l.chars().count() < 300));
                }
            }
        }
        let long = Error::new(ErrorKind::UnknownCommand("x".repeat(1 << 20)));
        assert!(render(&long, &SourceMap::new(), false).len() < 5000);
    }
}
