//! Macro calls: each search is expanded or refused at a place that can be shown, and what is expanded leads
//! back to what was written.

use spelunk_spl::error::{Error, Result};
use spelunk_spl::knowledge::expand::{MAX_BYTES, expand};
use spelunk_spl::knowledge::macros::{Macro, Macros};
use spelunk_spl::report;
use spelunk_spl::source::{SourceId, SourceMap, Span};
use spelunk_spl::syntax::ast::ExprKind;
use spelunk_spl::syntax::parse_expression;
use spelunk_spl::value::Value;

use crate::explore::pieces::Writer;
use crate::explore::{Subject, explored, shorter};
use crate::mutation::Chance;

const NAMES: &[&str] = &[
    "m", "n", "oRé", "ctime", "名前", "m-1", "a.b", "x_filter", "e\u{301}", "m@1", "M",
];
const ARGUMENTS: &[&str] = &["a", "b", "oRé", "field", "a b", "1", "é", ""];
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "x", " ", "\"", "\\\"", "\\", "'", "$a$", "$b$", "$oRé$", "$field$", "$1$", "$a b$", "$$a$$", "$", "```", "`",
    "(", ")", ",", ", ", "=", "a=", "b=1", "|", "[", "]", "\"a, b\"", "\"`m`\"", "```c `m` ```", "OR", "é", "\u{a0}",
    "\u{301}", "\n", "search", "field=a", "if(1=1, \"x\", \"`m`\")", "\"search \".\"x\"", "fail", "5",
];

/// Macros and a search that calls them.
#[derive(Clone)]
struct Calls {
    macros: Vec<Macro>,
    search: String,
}

fn call(chance: &mut Chance, depth: usize) -> String {
    let name = chance.one(NAMES);
    let blank = chance.one(&["", "", "", " ", "\u{a0}", "\n"]);
    let mut out = format!("`{blank}{name}");
    if chance.below(2) == 0 {
        let mut args = Vec::new();
        for _ in 0..chance.below(4) {
            args.push(match chance.below(5) {
                0 if depth > 0 => call(chance, depth - 1),
                1 => format!("{}={}", chance.one(ARGUMENTS), text(chance, 0)),
                2 => format!("\"{}\"", text(chance, depth.saturating_sub(1))),
                _ => text(chance, 0),
            });
        }
        out += &format!(
            "{blank}({}){blank}",
            args.join(chance.one(&[",", ", ", " ,"]))
        );
    }
    if chance.below(40) > 0 {
        out.push('`');
    }
    out
}

fn text(chance: &mut Chance, depth: usize) -> String {
    (0..chance.below(5))
        .map(|_| match depth > 0 && chance.below(3) == 0 {
            true => call(chance, depth - 1),
            false => chance.one(PIECES).to_owned(),
        })
        .collect()
}

fn definition(chance: &mut Chance) -> Macro {
    let mut arguments: Vec<String> = Vec::new();
    for _ in 0..chance.below(4) {
        let name = chance.one(ARGUMENTS).to_owned();
        if !arguments.contains(&name) {
            arguments.push(name);
        }
    }
    let validation = chance.one(&[
        None,
        None,
        None,
        Some("isnotnull($a$)"),
        Some("fail"),
        Some("$a$=\"é"),
        Some("`m`"),
    ]);
    Macro {
        name: chance.one(NAMES).to_owned(),
        arguments,
        definition: match chance.below(6) {
            0 => Writer::new(chance).search(),
            _ => text(chance, 2),
        },
        iseval: chance.below(6) == 0,
        validation: validation.map(str::to_owned),
        ..Macro::default()
    }
}

/// Expressions as far as a test needs them: a text is itself, `fail` fails, all else is true.
fn evaluate(text: &str, _: &[(&str, &str)]) -> Result<Value<'static>> {
    let read = parse_expression(SourceId(0), text, 0)?;
    match read.kind {
        ExprKind::Text(text) => Ok(Value::text(text)),
        ExprKind::Field(name) if name == "fail" => Err(Error::data("it fails")),
        ExprKind::Number(number, _) => Ok(Value::number(number)),
        ExprKind::Field(_)
        | ExprKind::Unary(..)
        | ExprKind::Binary(..)
        | ExprKind::In(..)
        | ExprKind::Call(..)
        | ExprKind::Dotted(_)
        | ExprKind::Subsearch(_) => Ok(Value::Bool(true)),
    }
}

/// Whether a place is one in a text, and leads back to one.
fn leads_back(map: &SourceMap, span: Span) -> std::result::Result<(), String> {
    let inside = |span: Span| map.get(span.source).text.get(span.range()).is_some();
    let trace = map.trace(span);
    let calls = trace
        .calls
        .iter()
        .all(|(_, at)| inside(map.trace(*at).span));
    (inside(span) && inside(trace.span) && calls)
        .then_some(())
        .ok_or_else(|| format!("{span:?} leads to {:?} and {:?}", trace.span, trace.calls))
}

fn all(error: &Error) -> Vec<&Error> {
    std::iter::once(error)
        .chain(error.others.iter().flat_map(all))
        .collect()
}

fn judge(input: &Calls) -> std::result::Result<(), String> {
    let mut macros = Macros::default();
    for one in &input.macros {
        macros.insert(one.clone());
    }
    let mut map = SourceMap::new();
    let typed = map.add("search", input.search.as_str());
    let id = match expand(&mut map, typed, &macros, &evaluate) {
        Ok(id) => id,
        Err(error) => {
            for error in all(&error) {
                let span = error.span.ok_or_else(|| format!("no place: {error}"))?;
                leads_back(&map, span)?;
            }
            return match report::render(&error, &map, false).contains("error: ") {
                true => Ok(()),
                false => Err("nothing is drawn".to_owned()),
            };
        }
    };
    let text = map.get(id).text.clone();
    if text.len() > MAX_BYTES + input.search.len() {
        return Err(format!("{} bytes", text.len()));
    }
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).take(200).collect();
    for pair in places.windows(2) {
        leads_back(&map, Span::new(id, pair[0]..pair[1]))?;
        leads_back(&map, Span::new(id, pair[0]..text.len()))?;
    }
    // Where every text is closed in itself, nothing is left to be expanded.
    let closed = |text: &str| {
        !text.contains('\\') && text.matches('"').count().is_multiple_of(2) && !text.contains("```")
    };
    let parts = input.macros.iter().map(|one| one.definition.as_str());
    if parts.chain([input.search.as_str()]).all(closed) {
        let again = map.add("again", text.as_str());
        let again = expand(&mut map, again, &macros, &evaluate)
            .map_err(|e| format!("again: {e}\n{text}"))?;
        let again = &map.get(again).text;
        if *again != text {
            return Err(format!("expanded twice:\n{text}\n{again}"));
        }
    }
    Ok(())
}

/// Searches that call macros that call macros.
struct Expansion;

impl Subject for Expansion {
    type Input = Calls;

    fn make(&self, chance: &mut Chance) -> Calls {
        let macros = (0..chance.below(6)).map(|_| definition(chance)).collect();
        let search = (0..1 + chance.below(4)).map(|_| match chance.below(3) {
            0 => text(chance, 1),
            _ => call(chance, 2),
        });
        Calls {
            macros,
            search: search.collect(),
        }
    }

    fn judge(&mut self, input: &Calls) -> std::result::Result<(), String> {
        judge(input)
    }

    fn show(&self, input: &Calls) -> String {
        let mut out = format!("{:?}", input.search);
        for one in &input.macros {
            let Macro {
                name,
                arguments,
                definition,
                iseval,
                validation,
                ..
            } = one;
            out +=
                &format!("\n    {name:?} {arguments:?} = {definition:?} {iseval} {validation:?}");
        }
        out
    }

    fn smaller(&self, input: &Calls) -> Vec<Calls> {
        let mut out = Vec::new();
        for at in 0..input.macros.len() {
            let mut less = input.clone();
            less.macros.remove(at);
            out.push(less);
        }
        out.extend(shorter(&input.search).into_iter().map(|search| Calls {
            search,
            ..input.clone()
        }));
        for at in 0..input.macros.len() {
            for definition in shorter(&input.macros[at].definition) {
                let mut less = input.clone();
                less.macros[at].definition = definition;
                out.push(less);
            }
        }
        out
    }
}

explored! {
    macro_calls_lead_back_to_what_was_written / explore_macros: 4000 of Expansion;
}
