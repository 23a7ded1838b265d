//! Searches: each is read or refused at a place in it, what is read is printed so that it reads as the same
//! tree, and laying it out changes nothing of what is read.

use std::fmt::Debug;

use spelunk_spl::commands::shape_of;
use spelunk_spl::error::{Error, ErrorKind};
use spelunk_spl::report;
use spelunk_spl::source::{SourceId, SourceMap};
use spelunk_spl::syntax::ast::Pipeline;
use spelunk_spl::syntax::format::format;
use spelunk_spl::syntax::{command_at, parse, parse_expression, parse_search, print};

use crate::explore::pieces::Writer;
use crate::explore::{Subject, explored, shorter};
use crate::golden_case;
use crate::mutation::{self, Chance};
use crate::support;
use crate::testing::shared;

/// A few searches of many shapes. A test that runs always begins with these alone: a golden case that is
/// added elsewhere would change all that comes of chance.
pub fn few() -> Vec<String> {
    let lines = include_str!("../../../crates/spelunk-spl/src/syntax/tests.spl").lines();
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Searches that were written: those few, those of the golden cases, and those published if they are there.
pub fn many() -> Vec<String> {
    let mut found = few();
    for path in golden_case::files() {
        let entries = golden_case::read(&path).expect("the cases can be read");
        found.extend(entries.into_iter().map(|entry| entry.case.spl));
    }
    if let Some(content) = shared("content/detections") {
        let mut folders = vec![content];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(text) = std::fs::read_to_string(&path) {
                    let detection: Option<serde_json::Value> = support::yaml(&text).ok();
                    let search =
                        detection.and_then(|d| Some(d.get("search")?.as_str()?.to_owned()));
                    found.extend(search);
                }
            }
        }
    }
    found.sort();
    found
}

/// The tree as it is printed for debugging, without places.
pub fn shown(tree: &impl Debug) -> String {
    let text = format!("{tree:?}");
    let mut pieces = text.split("Span { source: SourceId(");
    let mut out = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        out.push_str(piece.split_once('}').map_or(piece, |(_, after)| after));
    }
    out
}

/// Whether an error stands at a place in the text and can be drawn there.
pub fn placed(error: &Error, text: &str) -> Result<(), String> {
    let Some(span) = error.span else {
        return Err(format!("an error without a place: {error}"));
    };
    let range = span.range();
    if range.start > range.end || text.get(range).is_none() {
        return Err(format!("a place outside of the text: {span:?}: {error}"));
    }
    let mut map = SourceMap::new();
    map.add("search", text);
    let drawn = report::render(error, &map, false);
    match drawn.contains("error: ") {
        true => Ok(()),
        false => Err(format!("drawn as {drawn:?}")),
    }
}

/// A tree without what stood in quotes.
fn unquoted(tree: &impl Debug) -> String {
    shown(tree).replace("quoted: true", "quoted: false")
}

/// A tree whose arguments that stand as typed are without blanks: laying out changes these.
fn without_blanks(tree: &Pipeline) -> String {
    let mut text = shown(tree);
    if text.contains("Raw(") || text.contains("Template(") {
        text.retain(|c| !c.is_whitespace());
        // Blanks that are written as `\n` or `\u{a0}` when a text is shown.
        for escape in ["\\n", "\\r", "\\t"] {
            text = text.replace(escape, "");
        }
        let mut out = String::new();
        let mut pieces = text.split("\\u{");
        out += pieces.next().unwrap_or_default();
        for piece in pieces {
            let (code, after) = piece.split_once('}').unwrap_or((piece, ""));
            let c = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
            if !c.is_some_and(char::is_whitespace) {
                out += &format!("\\u{{{code}}}");
            }
            out += after;
        }
        return out;
    }
    text
}

/// Whether a backtick stands outside of quotes and comments. Macros are expanded before a search is
/// read and printed.
fn calls_macros(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['"', '`', '\\']) {
        let found = &rest[at..];
        let length = match found.as_bytes() {
            [b'`', b'`', b'`', ..] => found[3..].find("```").map(|end| end + 6),
            [b'`', ..] => return true,
            [b'"', ..] => {
                let mut escaped = false;
                let end = found.char_indices().skip(1).find(|(_, c)| {
                    let ends = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                });
                end.map(|(end, _)| end + 1)
            }
            _ => Some(1 + found[1..].chars().next().map_or(0, char::len_utf8)),
        };
        rest = &found[length.unwrap_or(found.len())..];
    }
    false
}

fn read(text: &str) -> Result<Pipeline, Error> {
    parse(SourceId(0), text, &shape_of)
}

/// Whether a search is read and written as it should be.
pub fn holds(text: &str) -> Result<(), String> {
    for at in [0, text.len() / 2, text.len()] {
        command_at(text, at);
    }
    let laid = format(SourceId(0), text);
    if let Ok(laid) = &laid {
        match format(SourceId(0), laid) {
            Ok(twice) if twice == *laid => {}
            Ok(twice) => return Err(format!("laid out twice:\n{laid}\n{twice}")),
            Err(error) => {
                return Err(format!(
                    "what is laid out can't be laid out: {error}\n{laid}"
                ));
            }
        }
    }
    let tree = match read(text) {
        Ok(tree) => tree,
        Err(error) => return placed(&error, text),
    };
    // `'\'` is no name in quotes, but `'\\'`, as it is printed, is.
    let layouts = match calls_macros(text) || text.contains("'\\") {
        true => Vec::new(),
        false => vec![print::Layout::Line, print::Layout::Lines],
    };
    for layout in layouts {
        let once = print::pipeline(&tree, layout);
        let again = match read(&once) {
            Ok(again) => again,
            // A condition of `head` is put in parentheses: one level more.
            Err(error) if matches!(*error.kind, ErrorKind::TooLarge(_)) => return Ok(()),
            Err(error) => return Err(format!("what is printed does not read: {error}\n{once}")),
        };
        // A name that begins as one in single quotes and is none comes in double quotes.
        // So does one that is no word: `p()`, which `sort` takes as it stands.
        let same = match text.contains('\'') || once.contains("()\"") {
            true => unquoted(&again) == unquoted(&tree),
            false => shown(&again) == shown(&tree),
        };
        if !same {
            return Err(format!(
                "what is printed reads differently:\n{once}\n{}\n{}",
                shown(&tree),
                shown(&again)
            ));
        }
        let twice = print::pipeline(&again, layout);
        if twice != once {
            return Err(format!("printed twice:\n{once}\n{twice}"));
        }
    }
    let laid = laid.map_err(|e| format!("can't be laid out: {e}"))?;
    let after = read(&laid).map_err(|e| format!("what is laid out does not read: {e}\n{laid}"))?;
    // Brackets that stand in a pattern without quotes are taken for those of a subsearch.
    let bare_pattern = ["rex", "regex", "x11"]
        .iter()
        .any(|name| text.contains(name));
    if bare_pattern && text.contains('[') {
        return Ok(());
    }
    if without_blanks(&after) != without_blanks(&tree) {
        return Err(format!(
            "what is laid out reads differently:\n{laid}\n{}\n{}",
            shown(&tree),
            shown(&after)
        ));
    }
    Ok(())
}

/// Searches written shape by shape, some of them then changed.
struct Written;

impl Subject for Written {
    type Input = String;

    fn make(&self, chance: &mut Chance) -> String {
        let mut writer = Writer::new(chance);
        let text = if writer.odds(60) {
            ["| where ", "search ", "| eval x=", "| stats ", "| head "][writer.below(5)].to_owned()
                + &writer.deep()
        } else if writer.odds(6) {
            writer.soup()
        } else {
            writer.pipeline(true)
        };
        match chance.below(4) {
            0 => {
                let other = Writer::new(chance).pipeline(true);
                mutation::search(chance, &text, &other)
            }
            _ => text,
        }
    }

    fn judge(&mut self, input: &String) -> Result<(), String> {
        holds(input)
    }

    fn show(&self, input: &String) -> String {
        format!("{input:?}")
    }

    fn smaller(&self, input: &String) -> Vec<String> {
        shorter(input)
    }
}

/// Searches that somebody wrote, changed.
struct Mutated {
    seeds: Vec<String>,
}

impl Subject for Mutated {
    type Input = String;

    fn make(&self, chance: &mut Chance) -> String {
        let (of, other) = (chance.among(&self.seeds), chance.among(&self.seeds));
        mutation::search(chance, of, other)
    }

    fn judge(&mut self, input: &String) -> Result<(), String> {
        holds(input)
    }

    fn show(&self, input: &String) -> String {
        format!("{input:?}")
    }

    fn smaller(&self, input: &String) -> Vec<String> {
        shorter(input)
    }
}

/// What takes an expression or a search expression alone.
struct Alone;

impl Subject for Alone {
    type Input = String;

    fn make(&self, chance: &mut Chance) -> String {
        let search = chance.below(2) == 0;
        let mut writer = Writer::new(chance);
        if writer.odds(60) {
            writer.deep()
        } else if search {
            writer.search()
        } else {
            writer.expression()
        }
    }

    fn judge(&mut self, input: &String) -> Result<(), String> {
        if calls_macros(input) {
            return Ok(());
        }
        match parse_expression(SourceId(0), input, 0) {
            Ok(tree) => {
                let once = print::expr(&tree);
                let again = parse_expression(SourceId(0), &once, 0)
                    .map_err(|e| format!("the expression printed does not read: {e}\n{once}"))?;
                if shown(&again) != shown(&tree) {
                    return Err(format!("the expression printed reads differently:\n{once}"));
                }
            }
            Err(error) => placed(&error, input)?,
        }
        match parse_search(SourceId(0), input) {
            Ok(tree) => {
                let once = print::search(&tree);
                let again = parse_search(SourceId(0), &once)
                    .map_err(|e| format!("the search printed does not read: {e}\n{once}"))?;
                if shown(&again) != shown(&tree) {
                    return Err(format!("the search printed reads differently:\n{once}"));
                }
                Ok(())
            }
            Err(error) => placed(&error, input),
        }
    }

    fn show(&self, input: &String) -> String {
        format!("{input:?}")
    }

    fn smaller(&self, input: &String) -> Vec<String> {
        shorter(input)
    }
}

explored! {
    written_searches_are_read_and_printed / explore_written_searches: 6000 of Written;
    mutated_searches_are_read_and_printed / explore_mutated_searches: 4000 of Mutated { seeds: few() }, then Mutated { seeds: many() };
    expressions_and_conditions_are_read_and_printed / explore_expressions: 6000 of Alone;
}
