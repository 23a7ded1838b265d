//! Function tables. A row contains a function's name, arity, types, documentation, example and body.
//!
//! The grammar knows only `name(args)`; everything else about a function is in its row.

mod default_fields;
pub mod digits;
pub mod eval;
pub mod internal;
pub mod json;
pub mod pattern;
mod replace_patterns;
pub mod sed;
pub mod stats;
pub mod xml;
pub mod xpath;

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::value::{Type, Value};

/// The context of the search, as far as functions may depend on it.
#[derive(Clone, Debug)]
pub struct Context {
    /// `now()`: epoch seconds, constant within a search.
    pub now: f64,
    /// The time zone of `strftime`, `strptime`, `relative_time`.
    pub zone: chrono_tz::Tz,
}

/// The result of a call: a value, or an error about its arguments.
pub type Outcome<'a> = Result<Value<'a>, String>;

/// One function of `eval` and `where`.
pub struct EvalFunction {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Other names for it, in lower case.
    pub aliases: &'static [&'static str],
    /// Its heading in the Search Reference.
    pub group: Group,
    /// `substr(<str>, <start>, <length>)`
    pub synopsis: &'static str,
    /// Minimum and maximum number of arguments.
    pub arity: (usize, usize),
    /// Properties that the planner must know before it evaluates a call.
    pub traits: Traits,
    /// The result type, given the types of the arguments.
    pub returns: fn(&[Type]) -> Type,
    /// Description, in one or two sentences.
    pub doc: &'static str,
    /// An expression and the text of its result (empty for a missing one), run by a test.
    pub example: (&'static str, &'static str),
    /// The body.
    pub body: Body,
}

/// Properties of a function that the planner must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Takes numeric arguments: a string literal as an argument is rejected when the expression is checked.
    /// (A field that contains text only makes the result missing.)
    pub numeric: bool,
    /// May return a different value on each call: never evaluate it once for all rows.
    pub volatile: bool,
    /// Index of the argument that is a regular expression. A literal that does not compile is rejected; an
    /// invalid one from a row's data makes that row's result missing.
    pub regex: Option<usize>,
}

impl Traits {
    /// No special properties.
    pub const NONE: Traits = Traits {
        numeric: false,
        volatile: false,
        regex: None,
    };
    /// Takes only numbers.
    pub const NUMERIC: Traits = Traits {
        numeric: true,
        volatile: false,
        regex: None,
    };
    /// Returns a different value on each call.
    pub const VOLATILE: Traits = Traits {
        numeric: false,
        volatile: true,
        regex: None,
    };
    /// Its second argument is a regular expression.
    pub const REGEX: Traits = Traits {
        numeric: false,
        volatile: false,
        regex: Some(1),
    };
}

/// How a function receives its arguments.
#[derive(Clone, Copy)]
pub enum Body {
    /// As evaluated values, whose number has passed [`EvalFunction::check_arity`].
    Values(for<'a> fn(&Context, &[Value<'a>]) -> Outcome<'a>),
    /// From the evaluator itself, which needs the expression.
    Special(Special),
    /// Not supported, and why.
    Refused(&'static str),
}

/// Functions that take an expression rather than its value, or need more than their arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// `mvmap(<mv>, <expr>)`. The first argument may be an expression, such as `mvindex(f, 1, 2)`: the field
    /// that it reads is bound to each of its values.
    MvMap,
    /// `$each(x, f(x))`: like `mvmap` if `x` may have several values, otherwise the expression itself.
    Each,
    /// `mvfilter(<predicate>)`
    MvFilter,
    /// `searchmatch(<search>)`
    SearchMatch,
    /// `lookup(<table>, json_object(<field>, <value>, ...), json_array(<output>, ...))`, needs the lookups.
    Lookup,
    /// `getfields(<pattern>)`, needs the row.
    GetFields,
    /// `sigfig(<expr>)`, needs the digits of the numbers as typed: see [`digits`].
    SigFig,
    /// `exact(<expr>)`: the value of the expression, ignoring the digits of its numbers.
    Exact,
}

/// The Search Reference's headings for evaluation functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Group {
    Comparison,
    Conversion,
    Cryptographic,
    DateTime,
    Informational,
    Json,
    Mathematical,
    Multivalue,
    Statistical,
    Text,
    Trigonometry,
    Bitwise,
}

impl Group {
    /// Its page in the Search Reference.
    pub fn page(self) -> &'static str {
        match self {
            Group::Comparison => "SearchReference/ConditionalFunctions",
            Group::Conversion => "SearchReference/ConversionFunctions",
            Group::Cryptographic => "SearchReference/CryptographicFunctions",
            Group::DateTime => "SearchReference/DateandTimeFunctions",
            Group::Informational => "SearchReference/InformationalFunctions",
            Group::Json => "SearchReference/JSONFunctions",
            Group::Mathematical => "SearchReference/MathematicalFunctions",
            Group::Multivalue => "SearchReference/MultivalueEvalFunctions",
            Group::Statistical => "SearchReference/StatisticalEvalFunctions",
            Group::Text => "SearchReference/TextFunctions",
            Group::Trigonometry => "SearchReference/TrigFunctions",
            Group::Bitwise => "SearchReference/BitFunctions",
        }
    }
}

/// No upper bound on the number of arguments.
pub const MANY: usize = usize::MAX;

impl std::fmt::Debug for EvalFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl EvalFunction {
    /// The default that rows of a table start from: one argument, no special properties. A row without a
    /// name, documentation, example or body fails the test of the tables.
    pub const fn under(group: Group) -> EvalFunction {
        EvalFunction {
            name: "",
            aliases: &[],
            group,
            synopsis: "",
            arity: (1, 1),
            traits: Traits::NONE,
            returns: |_| Type::Any,
            doc: "",
            example: ("", ""),
            body: Body::Refused(""),
        }
    }

    /// The error of calling it with `given` arguments, if any.
    pub fn check_arity(&self, given: usize) -> Result<(), String> {
        let (least, most) = self.arity;
        if (least..=most).contains(&given) {
            return Ok(());
        }
        let wanted = match (least, most) {
            (least, MANY) => format!("at least {least}"),
            (0, 0) => "no".to_owned(),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        let plural = if wanted.ends_with('1') { "" } else { "s" };
        Err(format!(
            "{} takes {wanted} argument{plural}, not {given}: {}",
            self.name, self.synopsis
        ))
    }
}

/// The function with this name or alias, ignoring case.
pub fn eval_function(name: &str) -> Option<&'static EvalFunction> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static EvalFunction>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        eval::all()
            .chain(internal::TABLE)
            .chain(default_fields::TABLE)
            .flat_map(|f| {
                let names = std::iter::once(f.name).chain(f.aliases.iter().copied());
                names.map(move |name| (name, f))
            })
            .collect()
    });
    by_name.get(name.to_ascii_lowercase().as_str()).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Body, eval, eval_function};

    #[test]
    fn the_tables_are_in_order() {
        let mut names = HashSet::new();
        for f in eval::all() {
            for name in std::iter::once(&f.name).chain(f.aliases) {
                assert!(names.insert(*name), "{name} twice");
                assert_eq!(*name, name.to_ascii_lowercase());
                assert!(eval_function(&name.to_uppercase()).is_some());
            }
            assert!(f.arity.0 <= f.arity.1, "{}", f.name);
            assert!(f.synopsis.starts_with(f.name), "{}", f.name);
            assert!(f.doc.ends_with('.') && f.doc.is_ascii(), "{}", f.name);
            let called = std::iter::once(&f.name)
                .chain(f.aliases)
                .any(|n| f.example.0.contains(&format!("{n}(")));
            assert!(called, "{}", f.name);
            assert!(!matches!(f.body, Body::Refused("")), "{}", f.name);
        }
        assert!(eval_function("nope").is_none());
    }

    #[test]
    fn arity_errors_show_the_synopsis() {
        let substr = eval_function("substr").unwrap();
        let error = substr.check_arity(1).unwrap_err();
        assert!(error.contains("2 to 3 arguments"), "{error}");
        assert!(error.contains("substr(<str>"), "{error}");
        assert_eq!(eval_function("case").unwrap().check_arity(40), Ok(()));
    }
}
