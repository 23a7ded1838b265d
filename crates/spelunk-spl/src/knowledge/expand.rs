//! Macro expansion: replaces macro calls with their definitions before a search is parsed.
//!
//! The rules are those of Splunk's Knowledge Manager Manual, "Use search macros in searches" and "Define
//! search macros in Settings", and of `macros.conf`.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::source::{Call, SourceId, SourceMap, Span};
use crate::value::Value;
use crate::word;

use super::calls::{self, CallText, Found};
use super::macros::{Macro, Macros, label};
use super::substitute::{substitute, unquote};
use crate::knowledge::traced_text::Rope;

/// Largest expanded search, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// Maximum number of macro calls in one search.
pub const MAX_CALLS: usize = 10_000;
/// Maximum nesting depth of macros that call macros.
const MAX_DEPTH: usize = 100;

/// Evaluates the `eval` expression of an `iseval` definition or a `validation`, in which the arguments are fields:
/// name and text (`macros.conf`, "validation").
pub type Evaluate<'e> = &'e dyn Fn(&str, &[(&str, &str)]) -> Result<Value<'static>>;

/// Names and texts of a call's arguments.
fn fields<'a>(found: &'a Macro, arguments: &'a [Rope]) -> Vec<(&'a str, &'a str)> {
    let names = found.arguments.iter().map(String::as_str);
    names.zip(arguments.iter().map(Rope::text)).collect()
}

/// Expands all macro calls of `source`, including those in definitions and arguments. The pieces of the
/// expanded text map back to where they were written. Returns `source` unchanged if it contains no call.
///
/// Calls inside strings and comments are left alone. An undefined `<name>_filter` without arguments means
/// `search *`, as in Splunk's published detections. The error carries every broken call of the search in
/// [`Error::others`].
pub fn expand(
    map: &mut SourceMap,
    source: SourceId,
    macros: &Macros,
    evaluate: Evaluate<'_>,
) -> Result<SourceId> {
    let text = map.get(source).text.clone();
    if !text.contains('`') {
        return Ok(source);
    }
    let mut expander = Expander {
        map,
        macros,
        evaluate,
        definitions: HashMap::new(),
        open: Vec::new(),
        calls: 0,
        errors: Vec::new(),
        stopped: false,
    };
    let expanded = expander.expand(&Rope::whole(&text, source, None));
    Error::all(expander.errors)?;
    if expander.calls == 0 {
        return Ok(source);
    }
    let (text, pieces) = expanded.into_pieces();
    Ok(map.add_expanded("expanded search", text, pieces))
}

struct Expander<'a> {
    map: &'a mut SourceMap,
    macros: &'a Macros,
    evaluate: Evaluate<'a>,
    /// Definitions already added to `map`.
    definitions: HashMap<(String, usize), SourceId>,
    /// Macros being expanded, outermost first.
    open: Vec<(String, usize)>,
    calls: usize,
    errors: Vec<Error>,
    /// A limit was reached; nothing more is expanded.
    stopped: bool,
}

impl Expander<'_> {
    fn expand(&mut self, rope: &Rope) -> Rope {
        let mut out = Rope::default();
        let mut at = 0;
        while !self.stopped {
            match calls::next(rope.text(), at) {
                None => break,
                Some(Found::Broken { at: broken, why }) => {
                    let span = rope.span(broken.clone());
                    self.errors.push(Error::syntax(span, why));
                    out.push(rope, at..broken.end);
                    at = broken.end;
                }
                Some(Found::Call(call)) => {
                    out.push(rope, at..call.whole.start);
                    at = call.whole.end;
                    match self.call(rope, &call) {
                        Ok(text) => out.push(&text, 0..text.len()),
                        Err(error) => self.errors.push(error.at(rope.span(call.whole.clone()))),
                    }
                    if out.len() > MAX_BYTES {
                        self.stop(too_long(), rope.span(call.whole));
                    }
                }
            }
        }
        out.push(rope, at..rope.len());
        out
    }

    /// The expansion of `call`. An error without a position gets that of the call.
    fn call(&mut self, rope: &Rope, call: &CallText) -> Result<Rope> {
        let name = &rope.text()[call.name.clone()];
        let arity = call.arguments.len();
        let found = find(self.macros, name, arity)?;
        let found = found.as_ref();
        let span = rope.span(call.whole.clone());
        let key = (name.to_owned(), arity);
        if self.is_endless(&key) {
            let chain = self.open.iter().chain([&key]);
            let chain = chain.map(|(name, arity)| label(name, *arity)).collect();
            return Err(Error::new(ErrorKind::MacroLoop(chain)));
        }
        self.calls += 1;
        if self.calls > MAX_CALLS {
            self.stop(
                format!("the search calls more than {MAX_CALLS} macros"),
                span,
            );
            return Ok(Rope::default());
        }
        if self.open.len() >= MAX_DEPTH {
            self.stop(
                format!("macros call macros more than {MAX_DEPTH} deep"),
                span,
            );
            return Ok(Rope::default());
        }
        let number = self.map.add_call(Call {
            name: label(name, arity),
            span,
            parent: rope.call_at(call.whole.start),
        });
        let arguments = self.arguments(rope, call, found)?;
        self.validate(found, &arguments)?;
        let source = self.definition(found, &key);
        let body = Rope::whole(&found.definition, source, Some(number));
        let Some(body) = substitute(&body, &found.arguments, &arguments) else {
            self.stop(too_long(), span);
            return Ok(Rope::default());
        };
        self.open.push(key);
        let mut expanded = self.expand(&body);
        if found.iseval && !self.stopped {
            let value = (self.evaluate)(expanded.text(), &fields(found, &arguments));
            match value.map(Value::into_text) {
                Ok(Some(text)) => {
                    let length = found.definition.len();
                    let text = Rope::computed(text.into_owned(), source, length, Some(number));
                    expanded = self.expand(&text);
                }
                Ok(None) => self.errors.push(
                    Error::new(ErrorKind::Type(format!(
                        "the macro `{}` is evaluated (iseval) and gives no text",
                        label(name, arity)
                    )))
                    .at(span),
                ),
                Err(error) => {
                    self.errors
                        .push(self.in_definition(error, &label(name, arity), &expanded))
                }
            }
        }
        self.open.pop();
        Ok(expanded)
    }

    /// Whether a call inside a call of the same macro can never end. It can if a macro between the two is evaluated:
    /// its text may depend on the arguments. Those end at [`MAX_DEPTH`] (`limits.conf`, `max_macro_depth`).
    fn is_endless(&self, key: &(String, usize)) -> bool {
        let Some(first) = self.open.iter().position(|open| open == key) else {
            return false;
        };
        let is_evaluated = |(name, arity): &(String, usize)| {
            let found = self.macros.get(name, *arity);
            found.is_some_and(|found| found.iseval)
        };
        !self.open[first..].iter().any(is_evaluated)
    }

    /// The text of each argument in the order of the definition: expanded and unquoted.
    fn arguments(&mut self, rope: &Rope, call: &CallText, found: &Macro) -> Result<Vec<Rope>> {
        let names = &found.arguments;
        // Arguments that a faulty stanza does not name are read and ignored.
        let mut given: Vec<Option<Rope>> = vec![None; found.arity];
        for (position, range) in call.arguments.iter().enumerate() {
            let text = &rope.text()[range.clone()];
            let (position, start) = match calls::named_argument(text, names) {
                Some((name, start)) => (
                    names.iter().position(|n| n == name).unwrap_or(position),
                    start,
                ),
                None => (position, 0),
            };
            let mut argument = Rope::default();
            argument.push(rope, range.start + start..range.end);
            let argument = if calls::is_quoted(argument.text()) {
                unquote(&argument)
            } else {
                self.expand(&argument)
            };
            if let Some(place) = given.get_mut(position)
                && place.replace(argument).is_some()
            {
                return Err(Error::argument(
                    rope.span(range.clone()),
                    format!("the argument `{}` is given twice", names[position]),
                ));
            }
        }
        let mut arguments = Vec::with_capacity(names.len());
        for (value, name) in given.into_iter().zip(names) {
            arguments.push(value.ok_or_else(|| {
                Error::new(ErrorKind::BadArgument(format!(
                    "the argument `{name}` of `{}` is not given",
                    found.label()
                )))
            })?);
        }
        Ok(arguments)
    }

    /// Rejects arguments for which the macro's `validation` is false.
    fn validate(&mut self, found: &Macro, arguments: &[Rope]) -> Result<()> {
        let Some(validation) = &found.validation else {
            return Ok(());
        };
        let rope = Rope::whole(validation, SourceId::default(), None);
        let Some(text) = substitute(&rope, &found.arguments, arguments) else {
            return Ok(());
        };
        let refused = || {
            found.errormsg.clone().unwrap_or_else(|| {
                format!(
                    "the arguments of `{}` do not satisfy `{validation}`",
                    found.label()
                )
            })
        };
        let message = match (self.evaluate)(text.text(), &fields(found, arguments)) {
            Ok(Value::Bool(true)) => return Ok(()),
            // A null boolean rejects; an expression that returns a message or null (`macros.conf`: "if it
            // returns NULL, validation is considered a success") accepts.
            Ok(Value::Null) if gives_message(validation) => return Ok(()),
            Ok(Value::Null | Value::Bool(false)) => refused(),
            Ok(other) => other
                .into_text()
                .map_or_else(refused, |text| text.into_owned()),
            Err(mut error) => {
                error.span = None;
                let label = found.label();
                return Err(error.hint(format!("in the validation of the macro `{label}`")));
            }
        };
        Err(Error::new(ErrorKind::MacroValidation(message)))
    }

    /// The source that holds the macro's definition.
    fn definition(&mut self, found: &Macro, key: &(String, usize)) -> SourceId {
        if let Some(source) = self.definitions.get(key) {
            return *source;
        }
        let name = format!("macro `{}`", label(&key.0, key.1));
        let source = self.map.add(name, found.definition.clone());
        self.definitions.insert(key.clone(), source);
        source
    }

    /// Positions an error from evaluating `text`; the evaluator sees only that text.
    fn in_definition(&self, mut error: Error, label: &str, text: &Rope) -> Error {
        error.span = None;
        error
            .hint(format!("while evaluating the macro `{label}` (iseval)"))
            .at(text.span(0..text.len()))
    }

    fn stop(&mut self, why: String, span: Span) {
        if !self.stopped {
            self.stopped = true;
            self.errors
                .push(Error::new(ErrorKind::TooLarge(why)).at(span));
        }
    }
}

fn too_long() -> String {
    format!("the expanded search is longer than {MAX_BYTES} bytes")
}

/// The macro with this name and arity, or why there is none.
fn find<'m>(macros: &'m Macros, name: &str, arity: usize) -> Result<Cow<'m, Macro>> {
    if let Some(found) = macros.get(name, arity) {
        return Ok(Cow::Borrowed(found));
    }
    if let Some(stanza) = macros.undefined(name, arity) {
        let why = format!("its stanza at {stanza} has no definition");
        return Err(Error::new(ErrorKind::UnknownMacro(label(name, arity))).hint(why));
    }
    let known = macros.arities(name);
    if !known.is_empty() {
        return Err(Error::new(ErrorKind::MacroArity {
            name: name.to_owned(),
            given: arity,
            known,
        }));
    }
    if arity == 0 && name.ends_with("_filter") {
        return Ok(Cow::Owned(Macro::open_filter(name)));
    }
    Err(Error::new(ErrorKind::UnknownMacro(name.to_owned())).did_you_mean(name, macros.names()))
}

/// Whether a validation returns a message or null (`validate(...)`, `if(...)`, `case(...)`) rather than a
/// boolean. Decided by its first word: the value alone cannot distinguish a null boolean from null.
fn gives_message(validation: &str) -> bool {
    let name: String = validation
        .trim_start()
        .chars()
        .take_while(|c| word::is_part(*c))
        .collect();
    matches!(
        name.to_ascii_lowercase().as_str(),
        "validate" | "if" | "case" | "coalesce" | "null" | "nullif"
    )
}

#[cfg(test)]
mod tests {
    use super::{Macro, Macros, expand};
    use crate::error::{Error, ErrorKind, Result};
    use crate::source::{SourceMap, Span};
    use crate::value::Value;

    fn macros(definitions: &[(&str, &str, &str)]) -> Macros {
        let mut macros = Macros::default();
        for (name, arguments, definition) in definitions {
            macros.insert(Macro {
                name: (*name).to_owned(),
                arguments: arguments.split_whitespace().map(str::to_owned).collect(),
                arity: arguments.split_whitespace().count(),
                definition: (*definition).to_owned(),
                ..Macro::default()
            });
        }
        macros
    }

    /// A stub evaluator that knows three expressions.
    fn evaluate(expression: &str, _: &[(&str, &str)]) -> Result<Value<'static>> {
        match expression {
            "1=1" => Ok(Value::Bool(true)),
            "1=2" => Ok(Value::Bool(false)),
            "if(1=2, \"no\", null())" => Ok(Value::Null),
            "\"a\".\"b\"" => Ok(Value::text("ab")),
            other => Err(Error::data(other.to_owned())),
        }
    }

    fn run(macros: &Macros, text: &str) -> Result<String> {
        let mut map = SourceMap::new();
        let typed = map.add("search", text);
        let id = expand(&mut map, typed, macros, &evaluate)?;
        Ok(map.get(id).text.clone())
    }

    #[test]
    fn text_is_replaced_recursively_and_by_arity() {
        let macros = macros(&[
            ("m", "", "zero"),
            ("m", "a", "one($a$)"),
            ("m", "a b", "`m($b$)` $a$ $c$"),
        ]);
        for (text, expanded) in [
            ("x `m` [`m`]", "x zero [zero]"),
            ("`m(1)`", "one(1)"),
            (r#"`m("x, y", f(1,2))`"#, "one(f(1,2)) x, y $c$"),
            ("`m(`m`, `m(`m`)`)`", "one(one(zero)) zero $c$"),
            ("`m(b=1, a=2)`", "one(1) 2 $c$"),
            (r#"`m("say \"hi\"")`"#, r#"one(say "hi")"#),
            ("\"`m`\" ```|`nope` ```", "\"`m`\" ```|`nope` ```"),
            ("| `x_y_filter`", "| search *"),
        ] {
            assert_eq!(run(&macros, text).unwrap(), expanded, "{text}");
        }
    }

    #[test]
    fn a_place_in_a_nested_macro_leads_back_to_what_was_written() {
        let macros = macros(&[("out", "f", "| `in($f$)` bad"), ("in", "g", "eval $g$=1")]);
        let mut map = SourceMap::new();
        let typed = map.add("search", "x `out(field)` y");
        let id = expand(&mut map, typed, &macros, &evaluate).unwrap();
        let text = map.get(id).text.clone();
        assert_eq!(text, "x | eval field=1 bad y");
        let trace = |part: &str| {
            let start = text.find(part).unwrap();
            let trace = map.trace(Span::new(id, start..start + part.len()));
            let calls: Vec<&str> = trace.calls.iter().map(|(_, s)| map.text(*s)).collect();
            let source = &map.get(trace.span.source).name;
            format!("{source}: {} < {calls:?}", map.text(trace.span))
        };
        assert_eq!(
            trace("eval "),
            "macro `in(1)`: eval  < [\"`in($f$)`\", \"`out(field)`\"]"
        );
        assert_eq!(trace("field"), "search: field < []");
        assert_eq!(trace("bad"), "macro `out(1)`: bad < [\"`out(field)`\"]");
        assert_eq!(trace(" y"), "search:  y < []");
    }

    #[test]
    fn every_broken_call_is_reported_where_it_stands() {
        let macros = macros(&[("a", "", "`b`"), ("b", "", "`a`"), ("two", "x y", "")]);
        let mut map = SourceMap::new();
        let text = "`tow(1,2)` | `two(1)` | `a` | `open";
        let typed = map.add("search", text);
        let error = expand(&mut map, typed, &macros, &evaluate).unwrap_err();
        let errors: Vec<&Error> = std::iter::once(&error).chain(&error.others).collect();
        assert_eq!(*errors[0].kind, ErrorKind::UnknownMacro("tow".into()));
        assert!(errors[0].hints[0].contains("two"));
        assert_eq!(map.text(errors[1].span.unwrap()), "`two(1)`");
        let ErrorKind::MacroArity { given, known, .. } = &*errors[1].kind else {
            panic!("{}", errors[1]);
        };
        assert_eq!((*given, known.as_slice()), (1, &[2][..]));
        assert_eq!(errors[2].to_string(), "a macro calls itself: a -> b -> a");
        assert_eq!(errors[3].span.unwrap().range(), 30..31);
    }

    #[test]
    fn macros_are_evaluated_and_validated() {
        let mut macros = macros(&[("e", "x", "\"a\".\"$x$\""), ("v", "x", "ok")]);
        macros.insert(Macro {
            iseval: true,
            ..macros.get("e", 1).unwrap().clone()
        });
        macros.insert(Macro {
            validation: Some("1=$x$".to_owned()),
            errormsg: Some("one is wanted".to_owned()),
            ..macros.get("v", 1).unwrap().clone()
        });
        macros.insert(Macro {
            name: "message".to_owned(),
            validation: Some("if(1=$x$, \"no\", null())".to_owned()),
            ..macros.get("v", 1).unwrap().clone()
        });
        assert_eq!(run(&macros, "`e(b)` `v(1)`").unwrap(), "ab ok");
        assert_eq!(run(&macros, "`message(2)`").unwrap(), "ok");
        let error = run(&macros, "`v(2)`").unwrap_err();
        assert_eq!(error.to_string(), "one is wanted");
    }

    #[test]
    fn growth_is_bounded() {
        let doubled = |n: usize| (format!("m{n}"), format!("`m{0}` `m{0}`", n + 1));
        let mut all: Vec<(String, String)> = (0..40).map(doubled).collect();
        all.push(("m40".to_owned(), "x".to_owned()));
        let rows: Vec<(&str, &str, &str)> = all.iter().map(|(n, d)| (&n[..], "", &d[..])).collect();
        let error = run(&macros(&rows), "`m0`").unwrap_err();
        assert!(matches!(*error.kind, ErrorKind::TooLarge(_)), "{error}");
    }
}
