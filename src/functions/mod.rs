//! Tables of functions: a row is a function's name, arity, types, documentation, example and body.
//!
//! The grammar knows only `name(args)`; everything else about a function is in its row.

pub mod eval;
pub mod internal;
pub mod stats;

use crate::value::{Type, Value};

/// What a function may know of the search around it.
#[derive(Clone, Debug)]
pub struct Context {
    /// `now()`: epoch seconds, fixed for a search.
    pub now: f64,
    /// The zone of `strftime`, `strptime`, `relative_time`.
    pub zone: chrono_tz::Tz,
}

/// What a call gives: a value, or what is wrong with its arguments.
pub type Outcome<'a> = Result<Value<'a>, String>;

/// One function of `eval` and `where`.
pub struct EvalFunction {
    /// Its name, lower case.
    pub name: &'static str,
    /// Heading of the Search Reference it stands under.
    pub group: Group,
    /// `substr(<str>, <start>, <length>)`
    pub synopsis: &'static str,
    /// Fewest and most arguments.
    pub arity: (usize, usize),
    /// The type of the result, from those of the arguments.
    pub returns: fn(&[Type]) -> Type,
    /// What it does, one or two sentences.
    pub doc: &'static str,
    /// An expression and the text of its result (empty for a missing one), run by a test.
    pub example: (&'static str, &'static str),
    /// The body.
    pub body: Body,
}

/// How a function gets its arguments.
#[derive(Clone, Copy)]
pub enum Body {
    /// As values, all of them evaluated.
    Values(for<'a> fn(&Context, &[Value<'a>]) -> Outcome<'a>),
    /// By the evaluator itself, which needs the expression.
    Special(Special),
}

/// Functions that take an expression, not its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// `mvmap(<mv>, <expr>)`
    MvMap,
    /// `mvfilter(<predicate>)`
    MvFilter,
    /// `searchmatch(<search>)`
    SearchMatch,
}

/// Headings of the Search Reference's evaluation functions.
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

/// No upper bound on the number of arguments.
pub const MANY: usize = usize::MAX;

/// The function of that name, whatever its case.
pub fn eval_function(name: &str) -> Option<&'static EvalFunction> {
    eval::all().find(|f| f.name.eq_ignore_ascii_case(name))
}
