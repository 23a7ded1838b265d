//! `erex`: derives a regular expression from examples of its matches.

use std::collections::HashMap;


use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::pcre::{Regex, compile, escape};
use crate::plan::build::extract_group;
use crate::plan::context::QueryContext;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::plan::{Expansion, Plan, Scan};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "erex",
    category: Category::Fields,
    synopsis: "erex <field> examples=\"<value>, <value>...\" [counterexamples=\"<value>, <value>...\"] [fromfield=<field>] [maxtrainers=<N>]",
    options: &[
        ("examples", "", "values that the field has in some rows, with commas between"),
        ("counterexamples", "", "values that it must not have"),
        ("fromfield", "_raw", "the field that is read"),
        ("maxtrainers", "100", "texts learned from, from 1 to 1000"),
    ],
    doc: "Makes a regular expression from examples of the values that it shall find, then fills the field as `rex` does. A notice tells the expression.",
    examples: &[(
        "| makeresults | eval _raw=\"port 7001-22 open\" | erex port examples=\"22\" | table port",
        r#"{"port":"22"}"#,
    )],
    page: "SearchReference/Erex",
    args: Rule::erex_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [field] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`erex` fills one field").hint(format!("usage: {}", COMMAND.synopsis)));
    };
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !field.text.chars().all(named) || field.text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Error::argument(field.span, "a field that a regular expression fills has letters, digits and _ only"));
    }
    let list = |name: &str| -> Vec<String> {
        let text = args.text(name, "");
        let values = text.split(',').map(str::trim).filter(|v| !v.is_empty());
        values.map(str::to_owned).collect()
    };
    let examples = list("examples");
    if examples.is_empty() {
        return Err(Error::syntax(stage.span, "`erex` needs examples=\"<value>, <value>\""));
    }
    Ok(Planner::rows_or_events(input).expand(Learn {
        field: field.text.clone(),
        from: args.text("fromfield", "_raw"),
        examples,
        counterexamples: list("counterexamples"),
        most: args.number("maxtrainers", 100)?.clamp(1, 1000),
        span: stage.span,
    }))
}

#[derive(Debug)]
struct Learn {
    field: String,
    from: String,
    examples: Vec<String>,
    counterexamples: Vec<String>,
    most: usize,
    span: Span,
}

/// A text that contains an example, with the example's byte range.
struct Trainer {
    text: String,
    at: usize,
    end: usize,
}

impl Expansion for Learn {
    fn describe(&self) -> String {
        format!("erex {} from {}", self.field, self.from)
    }

    fn needs_rows(&self) -> bool {
        true
    }

    fn reads_data(&self) -> bool {
        false
    }

    fn plan(&self, _: &Schema, rows: Option<&Table>, context: &QueryContext) -> Result<Plan> {
        let given = Plan::Scan(Scan::Binding);
        let Some(rows) = rows.filter(|rows| rows.height() > 0) else {
            return Ok(given);
        };
        let trainers = self.trainers(rows);
        if trainers.is_empty() {
            return Err(Error::data(format!(
                "`erex` finds none of its examples in the field {}",
                self.from
            ))
            .at(self.span));
        }
        let regex = self.learn(&trainers).ok_or_else(|| {
            Error::data("`erex` finds no regular expression for its examples")
                .at(self.span)
                .hint("give more examples, or counterexamples of what they are taken for")
        })?;
        context.notice(format!("erex: | rex field={} \"{}\"", self.from, regex.replace('"', "\\\"")));
        let value = extract_group(&self.from, &regex, &self.field, 1, &self.field);
        Ok(given.set(self.field.clone(), value))
    }
}

impl Learn {
    /// Texts that contain an example. If a text contains several, picks the one whose context most texts
    /// share.
    fn trainers(&self, rows: &Table) -> Vec<Trainer> {
        let mut texts: Vec<(String, Vec<(usize, usize)>)> = Vec::new();
        for row in 0..rows.height() {
            let Some(text) = rows
                .value(&self.from, row)
                .into_text()
                .map(|t| t.into_owned())
            else {
                continue;
            };
            let found = self.examples.iter().map(|e| places(&text, e));
            let mut found: Vec<(usize, usize)> = found.flatten().collect();
            found.sort_by_key(|(at, end)| (std::cmp::Reverse(end - at), *at));
            if !found.is_empty() {
                texts.push((text, found));
            }
            if texts.len() == self.most {
                break;
            }
        }
        let mut common: HashMap<String, usize> = HashMap::new();
        for (text, found) in &texts {
            let mut contexts: Vec<String> =
                found.iter().map(|(at, _)| context_before(&text[..*at], 1)).collect();
            contexts.sort();
            contexts.dedup();
            for context in contexts {
                *common.entry(context).or_default() += 1;
            }
        }
        texts
            .into_iter()
            .filter_map(|(text, found)| {
                let shared = |at: usize| common.get(&context_before(&text[..at], 1)).copied();
                // The first among equally good ones.
                let best = found.iter().rev().max_by_key(|(at, _)| shared(*at))?;
                let (at, end) = *best;
                Some(Trainer { text, at, end })
            })
            .collect()
    }

    /// The first expression that finds the examples and no counterexample: after the preceding word, or after
    /// more or none, with the value matched by its shape or by its terminator.
    fn learn(&self, trainers: &[Trainer]) -> Option<String> {
        let mut befores: Vec<String> = Vec::new();
        let mut contexts: Vec<&dyn Fn(&str) -> String> = Vec::new();
        contexts.push(&|before| context_before(before, 1));
        contexts.push(&|before| context_before(before, 2));
        contexts.push(&|before| context_before(before, 3));
        contexts.push(&|before| format!("^{}", words_of(before)));
        contexts.push(&|_| String::new());
        for context in contexts {
            let all = trainers.iter().map(|t| context(&t.text[..t.at]));
            befores.extend(common(all).filter(|one| !befores.contains(one)));
        }
        let mut values: Vec<String> = Vec::new();
        values.extend(common(self.examples.iter().map(|e| shape(e))));
        let end = |t: &Trainer| t.text[t.end..].chars().next();
        if let Some(Some(end)) = common(trainers.iter().map(end))
            && !end.is_alphanumeric()
        {
            values.push(format!("[^{}]+", escaped_in_class(end)));
        }
        values.push("\\S+".to_owned());
        values.push(".+".to_owned());
        for before in &befores {
            for value in &values {
                let after = common(trainers.iter().map(end)).flatten();
                let closed = match after {
                    Some(c) if !c.is_alphanumeric() => format!("(?={})", escaped(c)),
                    _ => String::new(),
                };
                for after in [String::new(), closed] {
                    let regex = format!("{before}(?<{}>{value}){after}", self.field);
                    let found = compile(&regex).ok();
                    if found.is_some_and(|r| self.fits(&r, trainers)) {
                        return Some(regex);
                    }
                }
            }
        }
        None
    }

    fn fits(&self, regex: &Regex, trainers: &[Trainer]) -> bool {
        trainers.iter().all(|trainer| {
            let found = regex.captures(&trainer.text).ok().flatten();
            found.and_then(|c| c.name(&self.field).map(|m| m.as_str().to_owned())).is_some_and(
                |found| self.examples.contains(&found) && !self.counterexamples.contains(&found),
            )
        })
    }
}

/// Ranges where an example occurs as a whole word, or if there are none, wherever it occurs.
fn places(text: &str, example: &str) -> Vec<(usize, usize)> {
    let inner = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let alone = |(at, end): &(usize, usize)| {
        !inner(text[..*at].chars().next_back()) && !inner(text[*end..].chars().next())
    };
    let all = || text.match_indices(example).map(|(at, e)| (at, at + e.len()));
    match all().any(|place| alone(&place)) {
        true => all().filter(alone).collect(),
        false => all().collect(),
    }
}

/// A pattern for a text in which any words may replace its words.
fn words_of(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let piece = match c {
            c if c.is_alphanumeric() || c == '_' => "\\w+".to_owned(),
            c if c.is_whitespace() => "\\s+".to_owned(),
            c => escaped(c),
        };
        if !(piece.ends_with('+') && out.ends_with(&piece)) {
            out.push_str(&piece);
        }
    }
    out
}

/// The last `words` words before a value and the text between them, as a pattern in which digits match any
/// digits. Anchored to the start of the text if the value begins it.
fn context_before(text: &str, words: usize) -> String {
    let mut count = 0;
    let mut in_word = false;
    let mut begin = 0;
    for (at, c) in text.char_indices().rev() {
        let word = c.is_alphanumeric() || c == '_';
        if word && !in_word {
            count += 1;
        }
        in_word = word;
        if count >= words && !word || count > words {
            begin = at + c.len_utf8();
            break;
        }
    }
    match text {
        "" => "^".to_owned(),
        _ => generalised(&text[begin..]),
    }
}

fn generalised(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let piece = match c {
            c if c.is_ascii_digit() => "\\d+".to_owned(),
            c if c.is_whitespace() => "\\s+".to_owned(),
            c => escaped(c),
        };
        let repeated = piece.ends_with('+') && out.ends_with(&piece);
        if !repeated {
            out.push_str(&piece);
        }
    }
    out
}

/// A pattern for a value's shape: runs of digits, runs of letters, and the characters between.
fn shape(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        let piece = match c {
            c if c.is_ascii_digit() => "\\d+".to_owned(),
            c if c.is_alphabetic() => "[a-zA-Z]+".to_owned(),
            c if c.is_whitespace() => "\\s+".to_owned(),
            c => escaped(c),
        };
        let repeated = piece.ends_with('+') && out.ends_with(&piece);
        if !repeated {
            out.push_str(&piece);
        }
    }
    out
}

fn escaped(c: char) -> String {
    escape(&c.to_string()).into_owned()
}

fn escaped_in_class(c: char) -> String {
    match c {
        '\\' | ']' | '[' | '^' | '-' | '&' | '~' => format!("\\{c}"),
        c if c.is_whitespace() => "\\s".to_owned(),
        c => c.to_string(),
    }
}

/// The common item, if all items are equal.
fn common<T: PartialEq>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.all(|item| item == first).then_some(first)
}
