//! Tab completion.

use rustyline::completion::Pair;

use crate::cli::repl::dot;
use crate::cli::repl::lexer::{Kind, Token, tokens};
use crate::cli::repl::names::Names;
use crate::syntax::{self, print};
use crate::word;

/// The completions at the cursor.
#[derive(Default)]
pub struct Offer {
    /// Where the replaced text starts.
    pub start: usize,
    /// Names, sorted.
    pub names: Vec<Pair>,
    /// Whether file names complete here, too.
    pub files: bool,
}

/// Commands whose arguments are expressions.
const EXPRESSIONS: &[&str] = &["eval", "where", "fieldformat"];
/// Commands that aggregate.
const AGGREGATIONS: &[&str] = &[
    "stats",
    "eventstats",
    "streamstats",
    "chart",
    "timechart",
    "tstats",
    "sistats",
    "sichart",
    "sitimechart",
    "mstats",
];
/// Commands that read or write tables.
const LOOKUPS: &[&str] = &["lookup", "inputlookup", "outputlookup"];
/// Commands that name a data model without an option.
const MODELS: &[&str] = &["datamodel", "from"];

/// The completions at byte `pos` of `line`.
pub fn offer(line: &str, pos: usize, names: &Names) -> Offer {
    let line = line.get(..pos).unwrap_or(line);
    if line.starts_with('.') {
        return dot_offer(line, names);
    }
    let mut before = tokens(line);
    before.retain(|token| {
        token.kind != Kind::Space && !(token.kind == Kind::Comment && token.closed)
    });
    let (typed, start) = match before.last() {
        Some(token) if token.kind == Kind::Comment => return Offer::default(),
        Some(token) if token.kind == Kind::Macro && !token.closed => {
            return macros(&line[token.start + 1..], token.start + 1, names);
        }
        Some(token) if token.kind == Kind::Text && !token.closed => {
            (&line[token.start + 1..], token.start + 1)
        }
        Some(token) if token.kind == Kind::Word && token.end == line.len() => {
            (&line[token.start..], token.start)
        }
        _ => ("", line.len()),
    };
    before.retain(|token| token.end <= start && (token.closed || token.kind != Kind::Text));
    let mut offer = Offer {
        start,
        ..Offer::default()
    };
    let previous = before.last().map(|token| token.kind);
    if matches!(previous, Some(Kind::Pipe | Kind::Open('['))) {
        offer.add(names.commands.keys(), typed, |name| format!("{name} "));
        return offer;
    }
    let command = command(line, &before);
    if previous == Some(Kind::Sign) {
        match before
            .iter()
            .rev()
            .nth(1)
            .map(|token| &line[token.start..token.end])
        {
            Some(option) if option.eq_ignore_ascii_case("datamodel") => {
                offer.add(names.models.keys(), typed, str::to_owned);
                return offer;
            }
            _ if !EXPRESSIONS.contains(&command.as_str()) => return offer,
            _ => {}
        }
    }
    arguments(&mut offer, &command, typed, names);
    if let Some(fields) = model(line, &before).and_then(|name| names.models.get(name)) {
        offer.add(fields, typed, plain_field);
    }
    offer
}

/// Adds the names that complete a command's arguments.
fn arguments(offer: &mut Offer, command: &str, typed: &str, names: &Names) {
    if EXPRESSIONS.contains(&command) {
        offer.add(&names.eval, typed, |name| format!("{name}("));
        offer.add(&names.fields, typed, expression_field);
        return;
    }
    if MODELS.contains(&command) {
        let (before, typed) = typed.split_at(typed.find(':').map_or(0, |at| at + 1));
        offer.start += before.len();
        offer.add(names.models.keys(), typed, str::to_owned);
        return;
    }
    if AGGREGATIONS.contains(&command) {
        offer.add(&names.stats, typed, |name| format!("{name}("));
    }
    if LOOKUPS.contains(&command) {
        offer.add(&names.lookups, typed, str::to_owned);
        offer.files = true;
    }
    if let Some(known) = names.commands.get(command) {
        offer.add(&known.options, typed, |name| format!("{name}="));
    }
    offer.add(&names.fields, typed, plain_field);
}

fn macros(typed: &str, start: usize, names: &Names) -> Offer {
    let mut offer = Offer {
        start,
        ..Offer::default()
    };
    offer.add(&names.macros, typed, |name| match name.split_once('(') {
        Some((name, _)) => format!("{name}("),
        None => format!("{name}`"),
    });
    offer
}

fn dot_offer(line: &str, names: &Names) -> Offer {
    let Some((command, rest)) = line.split_once(' ') else {
        let mut offer = Offer::default();
        offer.add(dot::COMMANDS, line, |name| format!("{name} "));
        return offer;
    };
    let start = line.rfind(' ').map_or(0, |at| at + 1);
    let typed = &line[start..];
    let mut offer = Offer {
        start,
        ..Offer::default()
    };
    match command {
        ".data" | ".save" => offer.files = true,
        ".model" if typed.contains('=') => offer.files = true,
        ".model" => offer.add(names.models.keys(), typed, |name| format!("{name}=")),
        ".help" => {
            offer.add(names.commands.keys(), typed, str::to_owned);
            offer.add(&names.eval, typed, str::to_owned);
            offer.add(&names.stats, typed, str::to_owned);
        }
        ".format" => offer.add(dot::FORMATS, typed, str::to_owned),
        ".timing" => offer.add(["on", "off"], typed, str::to_owned),
        ".explain" | ".steps" | ".why" => {
            let base = line.len() - rest.len();
            offer = self::offer(rest, rest.len(), names);
            offer.start += base;
            if !rest.contains(' ') {
                offer.add(dot::STAGES, rest, |name| format!("{name} "));
            }
        }
        _ => {}
    }
    offer
}

/// The data model named in the text with `datamodel=`.
fn model<'l>(line: &'l str, before: &[Token]) -> Option<&'l str> {
    let text = |token: &Token| &line[token.start..token.end];
    before.windows(3).rev().find_map(|three| {
        (text(&three[0]).eq_ignore_ascii_case("datamodel") && text(&three[1]) == "=")
            .then(|| text(&three[2]).trim_matches('"'))
    })
}

/// The command whose arguments contain the end of the text; `search` before the first pipe.
fn command(line: &str, before: &[Token]) -> String {
    let mut stages: Vec<Option<&str>> = vec![Some("search")];
    for token in before {
        match token.kind {
            Kind::Open('[') => stages.push(None),
            Kind::Close(']') if stages.len() > 1 => {
                stages.pop();
            }
            Kind::Pipe => {
                if let Some(stage) = stages.last_mut() {
                    *stage = None;
                }
            }
            Kind::Word => {
                if let Some(stage @ None) = stages.last_mut() {
                    *stage = Some(&line[token.start..token.end]);
                }
            }
            Kind::Space
            | Kind::Comment
            | Kind::Text
            | Kind::Quoted
            | Kind::Macro
            | Kind::Open(_)
            | Kind::Close(_)
            | Kind::Comma
            | Kind::Sign => {}
        }
    }
    stages.pop().flatten().unwrap_or("").to_ascii_lowercase()
}

/// A field as `eval` writes it: in single quotes unless it is a word, or words joined by dots.
fn expression_field(name: &str) -> String {
    let word =
        |part: &str| part.chars().all(word::is_part) && print::expression_field(part) == part;
    match name.split('.').all(word) {
        true => name.to_owned(),
        false => syntax::quote_single(name),
    }
}

/// A field as the other commands write it: in double quotes if it has blanks or punctuation.
fn plain_field(name: &str) -> String {
    if name.contains(|c: char| c.is_whitespace() || "|()[],=<>!`\"\\".contains(c)) {
        syntax::quote(name)
    } else {
        name.to_owned()
    }
}

impl Offer {
    /// Adds the names that start with the typed text, ignoring case.
    fn add<N: AsRef<str>>(
        &mut self,
        names: impl IntoIterator<Item = N>,
        typed: &str,
        replacement: impl Fn(&str) -> String,
    ) {
        let typed = typed.to_lowercase();
        for name in names {
            let name = name.as_ref();
            if name.to_lowercase().starts_with(&typed)
                && !self.names.iter().any(|pair| pair.display == name)
            {
                self.names.push(Pair {
                    display: name.to_owned(),
                    replacement: replacement(name),
                });
            }
        }
        self.names.sort_by(|a, b| a.display.cmp(&b.display));
    }
}

#[cfg(test)]
mod tests {
    use super::offer;
    use crate::cli::repl::names::{Command, Names};

    fn names() -> Names {
        let strings = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let command = |name: &str, options: &[&str]| {
            let known = Command {
                synopsis: String::new(),
                options: strings(options),
            };
            (name.to_owned(), known)
        };
        Names {
            commands: [
                command("stats", &["allnum", "delim"]),
                command("streamstats", &["window"]),
                command("tstats", &["summariesonly"]),
                command("head", &["limit", "null"]),
            ]
            .into(),
            eval: strings(&["len", "lower"]),
            stats: strings(&["count", "sum"]),
            macros: strings(&["ctime(1)", "clean"]),
            models: [
                ("Endpoint".to_owned(), Vec::new()),
                (
                    "Endpoint.Processes".to_owned(),
                    strings(&["Processes.dest", "Processes.user"]),
                ),
            ]
            .into(),
            lookups: strings(&["assets.csv"]),
            fields: strings(&["user", "user.name{}", "user agent", "or", "orÉ", "user's"]),
        }
    }

    fn offered(line: &str) -> (usize, Vec<String>) {
        let offer = offer(line, line.len(), &names());
        let names = offer.names.into_iter().map(|pair| pair.replacement);
        (offer.start, names.collect())
    }

    #[test]
    fn the_place_decides_what_is_offered() {
        for (line, start, expected) in [
            ("a=1 | st", 6, &["stats ", "streamstats "][..]),
            ("a=1 | append [ st", 15, &["stats ", "streamstats "]),
            ("| head li", 7, &["limit="]),
            ("| STATS cou", 8, &["count("]),
            ("| eval x=lo", 9, &["lower("]),
            (
                "| eval x=us",
                9,
                &["user", "'user agent'", "'user\\'s'", "'user.name{}'"],
            ),
            ("| eval x=or", 9, &["'or'", "orÉ"]),
            (
                "| stats count by us",
                17,
                &["user", "\"user agent\"", "user's", "user.name{}"],
            ),
            (
                "| tstats count from datamodel=End",
                30,
                &["Endpoint", "Endpoint.Processes"],
            ),
            (
                "| tstats count from datamodel=\"Endpoint.",
                31,
                &["Endpoint.Processes"],
            ),
            ("| from datamodel:Endpoint.P", 17, &["Endpoint.Processes"]),
            ("a `c", 3, &["clean`", "ctime("]),
            ("| append [ | stats count ] | head n", 34, &["null="]),
            ("a ```st", 0, &[]),
            ("host=us", 5, &[]),
            (
                "| tstats count from datamodel=Endpoint.Processes by processes.d",
                52,
                &["Processes.dest"],
            ),
            (".fo", 0, &[".format "]),
            (".steps a | str", 11, &["streamstats "]),
        ] {
            assert_eq!(
                offered(line),
                (start, expected.iter().map(|e| (*e).to_owned()).collect()),
                "{line}"
            );
        }
        assert!(offer("| lookup as", 11, &names()).files);
    }
}
