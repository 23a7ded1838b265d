//! The formatter: one stage per line, with long stages broken and aligned.
//!
//! Works on the text, not on the AST, to keep macros, comments and quoting. Changes only insignificant
//! blanks, so the meaning stays the same.

use super::guard;
use crate::error::Result;
use crate::source::SourceId;
use crate::word;

/// Preferred maximum line width in columns.
const WIDTH: usize = 100;

/// Indentation of the parts of a stage.
const INDENT: usize = 4;

/// Formats a search. Idempotent.
///
/// # Errors
/// If quotes, brackets, backticks or comments are unclosed, or nesting is too deep.
pub fn format(source: SourceId, text: &str) -> Result<String> {
    let lines = lines(source, text)?;
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

/// The lines of a formatted search. A line break inside a line belongs to a quoted text, a comment or a macro
/// call; the formatter adds only the breaks between lines.
///
/// # Errors
/// As [`format`].
pub fn lines(source: SourceId, text: &str) -> Result<Vec<String>> {
    guard::check(source, text, 0)?;
    let mut lexer = Lexer {
        text,
        at: 0,
        depth: 0,
    };
    let mut lines = lines_of(&lexer.pipeline(), 0);
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    Ok(lines)
}

/// Stages, each after a `|` except possibly the first.
struct Pipeline {
    begins_with_bar: bool,
    stages: Vec<Vec<Chunk>>,
}

/// Text between blanks: adjacent words and subsearches.
struct Chunk {
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Subsearch(Pipeline),
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Number of open parentheses in the stage.
    depth: usize,
}

/// A call whose parentheses contain significant blanks.
enum Literal {
    /// Up to the closing parenthesis.
    Expression,
    /// Up to the first `)`, as in the grammar.
    Term,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Up to the end of the text or the `]` that ends the subsearch.
    fn pipeline(&mut self) -> Pipeline {
        let mut pipeline = Pipeline {
            begins_with_bar: false,
            stages: vec![Vec::new()],
        };
        let mut chunk: Vec<Part> = Vec::new();
        let outer_depth = std::mem::take(&mut self.depth);
        loop {
            let next = self.rest().chars().next();
            let is_first = pipeline.stages.last().is_none_or(Vec::is_empty);
            if !chunk.is_empty() && !is_first && self.is_inside_call() {
                let blanks = self.rest().len() - self.rest().trim_start().len();
                let gap = &self.text[self.at..self.at + blanks];
                if let Some(Part::Text(before)) = chunk.last_mut() {
                    before.push_str(gap);
                }
                self.at += blanks;
                continue;
            }
            let is_end = next.is_none_or(|c| c == '|' || c == ']' || c.is_whitespace());
            if is_end
                && !chunk.is_empty()
                && let Some(stage) = pipeline.stages.last_mut()
            {
                let parts = std::mem::take(&mut chunk);
                stage.push(Chunk { parts });
            }
            match next {
                None | Some(']') => break,
                Some('|') => {
                    self.at += 1;
                    self.depth = 0;
                    let is_leading = pipeline.stages.len() == 1
                        && !pipeline.begins_with_bar
                        && pipeline.stages[0].is_empty();
                    if is_leading {
                        pipeline.begins_with_bar = true;
                    } else {
                        pipeline.stages.push(Vec::new());
                    }
                }
                Some(c) if c.is_whitespace() => self.at += c.len_utf8(),
                Some('[') if self.is_subsearch() => {
                    self.at += 1;
                    chunk.push(Part::Subsearch(self.pipeline()));
                    self.at += 1;
                }
                Some(_) => {
                    let in_expression = pipeline.stages.last().is_some_and(|stage| {
                        let first = stage.first();
                        ["eval", "where", "fieldformat"]
                            .iter()
                            .any(|name| first.is_some_and(|c| c.is_word(name)))
                    });
                    let text = self.word(in_expression);
                    match chunk.last_mut() {
                        Some(Part::Text(before)) => before.push_str(text),
                        _ => chunk.push(Part::Text(text.to_owned())),
                    }
                }
            }
        }
        self.depth = outer_depth;
        pipeline
    }

    /// Whether the bracket contains a search. Without blanks it is part of an unquoted pattern.
    fn is_subsearch(&self) -> bool {
        let inside = self.rest();
        let end = guard::bracket_around(inside, 1).map_or(inside.len(), |range| range.end);
        inside[1..end].trim().contains(char::is_whitespace) || inside[1..end].contains('`')
    }

    /// Consumes the next token: a quoted text, a comment, a macro call or a character.
    fn word(&mut self, in_expression: bool) -> &'t str {
        let rest = self.rest();
        let start = self.at;
        let length = match rest.as_bytes() {
            [b'\'', ..] => end_of_name(rest).unwrap_or(1),
            [b'(', ..] => match self.literal_call(in_expression) {
                Some(Literal::Expression) => end_of_group(rest),
                Some(Literal::Term) => end_of_term(rest),
                None => token(rest),
            },
            _ => token(rest),
        };
        self.at += length;
        &self.text[start..self.at]
    }

    /// The call with significant blanks that a `(` here opens: the argument of an aggregation's `eval` names
    /// the result, and `TERM` and `CASE` of a search take text.
    fn literal_call(&self, in_expression: bool) -> Option<Literal> {
        let word = last_word(without_end(&self.text[..self.at]));
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        match () {
            () if is("eval") => Some(Literal::Expression),
            () if is("term") || !in_expression && is("case") => Some(Literal::Term),
            () => None,
        }
    }

    /// Whether the blanks here are between `eval` and its parenthesis, where they are part of the name of an
    /// aggregation.
    fn is_inside_call(&self) -> bool {
        let before = without_end(&self.text[..self.at]);
        last_word(before).eq_ignore_ascii_case("eval")
            && self.rest().starts_with(char::is_whitespace)
            && without_start(self.rest()).starts_with('(')
    }
}

/// Strips trailing blanks and comments.
fn without_end(text: &str) -> &str {
    let text = text.trim_end();
    let comment = text.strip_suffix("```");
    match comment.and_then(|inside| inside.rfind("```")) {
        Some(start) => without_end(&text[..start]),
        None => text,
    }
}

/// Strips leading blanks and comments.
fn without_start(text: &str) -> &str {
    let text = text.trim_start();
    let comment = text.strip_prefix("```");
    match comment.and_then(|inside| inside.split_once("```")) {
        Some((_, after)) => without_start(after),
        None => text,
    }
}

/// The last word of a text.
fn last_word(text: &str) -> &str {
    text.rsplit(|c: char| !word::is_part(c))
        .next()
        .unwrap_or("")
}

fn end_of_quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of the token that begins `text`: a quoted text, a comment, a macro call, an escape, a bracket or a
/// character.
fn token(text: &str) -> usize {
    match text.as_bytes() {
        [b'"', ..] => end_of_quoted(text),
        [b'`', b'`', b'`', ..] => text[3..].find("```").map_or(text.len(), |at| at + 6),
        [b'`', ..] => text[1..].find('`').map_or(text.len(), |at| at + 2),
        [b'\\', b'"' | b'\\' | b'|' | b'[' | b']', ..] => 2,
        [b'[', ..] => guard::bracket_around(text, 1).map_or(1, |range| range.end + 1),
        _ => text.chars().next().map_or(0, char::len_utf8),
    }
}

/// The end of a name in single quotes. Returns `None` if it is not one. An apostrophe that is followed by
/// another in the same stage counts as an opening quote, which may keep some removable blanks.
fn end_of_name(text: &str) -> Option<usize> {
    let mut at = 1;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '\'' => return (at > 1).then_some(at + 1),
            '|' | ']' => return None,
            '\\' if text[at + 1..].starts_with('\'') => at += 2,
            _ => at += token(&text[at..]),
        }
    }
    None
}

/// The end of the group that begins with `(`; just after the `(` if it is unclosed.
fn end_of_group(text: &str) -> usize {
    let mut open = 0usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '(' => open += 1,
            ')' if open == 1 => return at + 1,
            ')' => open -= 1,
            '|' | ']' => return 1,
            _ => {}
        }
        at += token(&text[at..]);
    }
    1
}

/// The end of the term that begins with `(`; just after the `(` if it is unclosed.
fn end_of_term(text: &str) -> usize {
    let mut at = 1;
    while let Some(c) = text[at..].chars().next() {
        match c {
            ')' => return at + 1,
            '|' | ']' => return 1,
            _ => at += token(&text[at..]),
        }
    }
    1
}

impl Chunk {
    fn is_word(&self, word: &str) -> bool {
        matches!(self.parts.as_slice(), [Part::Text(text)] if text.eq_ignore_ascii_case(word))
    }

    fn ends_with(&self, c: char) -> bool {
        matches!(self.parts.last(), Some(Part::Text(text)) if text.ends_with(c))
    }

    fn inline(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Subsearch(pipeline) => format!("[{}]", pipeline.inline()),
            })
            .collect()
    }

    /// The number of parentheses that it opens and does not close.
    fn opens(&self) -> isize {
        let mut open = 0;
        for part in &self.parts {
            let Part::Text(text) = part else { continue };
            let mut rest = text.as_str();
            while let Some(c) = rest.chars().next() {
                let length = match c {
                    '"' => end_of_quoted(rest),
                    '(' => {
                        open += 1;
                        1
                    }
                    ')' => {
                        open -= 1;
                        1
                    }
                    '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                    c => c.len_utf8(),
                };
                rest = &rest[length.min(rest.len())..];
            }
        }
        open
    }
}

impl Pipeline {
    fn inline(&self) -> String {
        let stages: Vec<String> = self.stages.iter().map(|stage| inline(stage)).collect();
        let bar = if self.begins_with_bar { "| " } else { "" };
        format!("{bar}{}", stages.join(" | "))
    }
}

fn inline(stage: &[Chunk]) -> String {
    let chunks: Vec<String> = stage.iter().map(Chunk::inline).collect();
    chunks.join(" ")
}

/// The lines of a pipeline whose first line is already indented by `indent`.
fn lines_of(pipeline: &Pipeline, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (at, stage) in pipeline.stages.iter().enumerate() {
        let bar = at > 0 || pipeline.begins_with_bar;
        let pad = " ".repeat(indent);
        let mut of_stage = stage_lines(stage, indent, if bar { "| " } else { "" }).into_iter();
        if let Some(first) = of_stage.next() {
            lines.push(if at == 0 {
                first
            } else {
                format!("{pad}{first}")
            });
        }
        lines.extend(of_stage);
    }
    lines
}

/// The lines of a stage, the first one without indentation.
fn stage_lines(stage: &[Chunk], indent: usize, bar: &str) -> Vec<String> {
    let whole = format!("{bar}{}", inline(stage));
    if fits(&whole, indent) {
        return vec![whole];
    }
    let mut lines = vec![bar.to_owned()];
    let inner = indent + INDENT;
    // The assignments after `| eval ` are aligned below each other.
    let is_list = stage.first().is_some_and(|c| {
        [
            "eval",
            "fieldformat",
            "rename",
            "stats",
            "eventstats",
            "streamstats",
            "convert",
        ]
        .iter()
        .any(|name| c.is_word(name))
    });
    let aligned = indent + bar.len() + stage.first().map_or(0, |c| c.inline().chars().count() + 1);
    let mut depth = 0isize;
    let mut break_before = false;
    for (at, chunk) in stage.iter().enumerate() {
        let text = chunk.inline();
        let starts = matches!(chunk.parts.first(), Some(Part::Subsearch(_)));
        let has_subsearch = chunk
            .parts
            .iter()
            .any(|part| matches!(part, Part::Subsearch(_)));
        let (pad, wanted) = if is_list {
            (aligned, break_before)
        } else {
            (inner, starts)
        };
        let last = lines.last().cloned().unwrap_or_default();
        let offset = if lines.len() == 1 { indent } else { 0 };
        let column = offset + last.chars().count();
        let is_too_long = !is_list
            && depth == 0
            && column + 1 + text.chars().count() > WIDTH
            && last.trim_start_matches('|').trim() != "";
        if at > 1 && (wanted || is_too_long) || at > 0 && starts && !is_list {
            lines.push(" ".repeat(pad));
        } else if at > 0
            && let Some(line) = lines.last_mut()
        {
            line.push(' ');
        }
        if has_subsearch && !fits(&text, pad) {
            push_broken(chunk, &mut lines, indent);
        } else if let Some(line) = lines.last_mut() {
            line.push_str(&text);
        }
        depth += chunk.opens();
        break_before = depth <= 0 && chunk.ends_with(',');
    }
    lines
}

/// Writes a chunk whose subsearches span several lines.
fn push_broken(chunk: &Chunk, lines: &mut Vec<String>, indent: usize) {
    let pad = indent + INDENT;
    for part in &chunk.parts {
        match part {
            Part::Text(text) => {
                if let Some(line) = lines.last_mut() {
                    line.push_str(text);
                }
            }
            Part::Subsearch(pipeline) => {
                let mut inside = lines_of(pipeline, pad).into_iter();
                if let (Some(line), Some(first)) = (lines.last_mut(), inside.next()) {
                    line.push_str("[ ");
                    line.push_str(&first);
                }
                lines.extend(inside);
                if let Some(line) = lines.last_mut() {
                    line.push_str(" ]");
                }
            }
        }
    }
}

/// Whether a text fits on one line from that column on.
fn fits(text: &str, indent: usize) -> bool {
    !text.contains('\n') && indent + text.chars().count() <= WIDTH
}

#[cfg(test)]
mod tests {
    use super::format;
    use crate::source::SourceId;

    fn laid_out(text: &str) -> String {
        let once = format(SourceId(0), text).expect(text);
        let twice = format(SourceId(0), &once).expect(&once);
        assert_eq!(twice, once, "{text}");
        once
    }

    #[test]
    fn a_stage_a_line() {
        for (typed, expected) in [
            ("a=1|stats   count by x", "a=1\n| stats count by x\n"),
            (
                "|makeresults|eval a=\"x | y\"",
                "| makeresults\n| eval a=\"x | y\"\n",
            ),
            (
                "`m(1,  2)`  ```why | so```\n\n|  where 'a  b'=1",
                "`m(1,  2)` ```why | so```\n| where 'a  b'=1\n",
            ),
            ("a [search  b | fields  c] d", "a [search b | fields c] d\n"),
            (
                "x | stats count(eval(a  = 1)) TERM(b  c)",
                "x\n| stats count(eval(a  = 1)) TERM(b  c)\n",
            ),
            (
                "x | rex field=y [a|b]+(?<c>.)",
                "x\n| rex field=y [a|b]+(?<c>.)\n",
            ),
            ("TERM(1  ()  x", "TERM(1  () x\n"),
            ("don't   know", "don't know\n"),
            ("stats count by'a  b'", "stats count by'a  b'\n"),
            (
                "x | stats sum(eval  (a  +1))",
                "x\n| stats sum(eval  (a  +1))\n",
            ),
            (
                "x | stats sum(eval  ```why```  (a  +1))",
                "x\n| stats sum(eval  ```why```  (a  +1))\n",
            ),
            ("a | | b", "a\n|\n| b\n"),
        ] {
            assert_eq!(laid_out(typed), expected, "{typed}");
        }
    }

    #[test]
    fn long_stages_are_broken() {
        let text = "index=main | eval first=if(a>1, \"a rather long text\", \"another text\"), second=coalesce(b, c, \"none at all\"), third=3 \
                    | join type=left user [ search index=people sourcetype=people_of_all_sorts | stats count by user | where count > 5 and user!=\"nobody\" ] | fields a";
        assert_eq!(
            laid_out(text),
            "index=main\n\
             | eval first=if(a>1, \"a rather long text\", \"another text\"),\n       \
             second=coalesce(b, c, \"none at all\"),\n       \
             third=3\n\
             | join type=left user\n    \
             [ search index=people sourcetype=people_of_all_sorts\n    \
             | stats count by user\n    \
             | where count > 5 and user!=\"nobody\" ]\n\
             | fields a\n"
        );
        let long = format!("index=main {}", "field=\"value\" OR ".repeat(20));
        let out = laid_out(&format!("{long} x=1"));
        assert!(out.lines().all(|line| line.len() <= 100), "{out}");
    }

    #[test]
    fn what_is_not_closed_is_told() {
        for text in ["a \"b", "a [b", "a `b", "a ```b"] {
            assert!(format(SourceId(0), text).is_err(), "{text}");
        }
    }
}
