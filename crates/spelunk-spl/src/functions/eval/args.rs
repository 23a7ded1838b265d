//! Helpers shared by function bodies: access to arguments, and result types.

use std::borrow::Cow;

use crate::functions::Outcome;
use crate::value::{Type, Value};

/// The argument at `at`, or a missing value if it was not given.
pub fn argument<'s, 'a>(args: &'s [Value<'a>], at: usize) -> &'s Value<'a> {
    args.get(at).unwrap_or(&Value::Null)
}

/// The argument as a number.
pub fn number(args: &[Value<'_>], at: usize) -> Option<f64> {
    argument(args, at).as_number()
}

/// The argument as text. Returns `None` if it is missing.
pub fn text<'s>(args: &'s [Value<'_>], at: usize) -> Option<Cow<'s, str>> {
    argument(args, at).as_text()
}

/// The argument as an integer, truncated.
pub fn integer(args: &[Value<'_>], at: usize) -> Option<i64> {
    number(args, at)
        .filter(|n| n.is_finite())
        .map(|n| n.trunc() as i64)
}

/// A function of one number.
pub fn of_number<'a>(args: &[Value<'a>], f: impl Fn(f64) -> f64) -> Outcome<'a> {
    Ok(number(args, 0).map_or(Value::Null, |n| Value::number(f(n))))
}

/// A function of two numbers.
pub fn of_numbers<'a>(args: &[Value<'a>], f: impl Fn(f64, f64) -> f64) -> Outcome<'a> {
    Ok(match (number(args, 0), number(args, 1)) {
        (Some(a), Some(b)) => Value::number(f(a, b)),
        _ => Value::Null,
    })
}

/// A string function, applied to each value of a multivalue. Borrowed text is passed on borrowed.
pub fn of_text<'a>(
    value: &Value<'a>,
    mut f: impl FnMut(Cow<'a, str>) -> Result<Cow<'a, str>, String>,
) -> Outcome<'a> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Multi(values) => {
            let values: Result<Vec<_>, _> = values.iter().map(|v| f(v.clone())).collect();
            Ok(Value::multi(values?))
        }
        single => match single.clone().into_text() {
            Some(text) => Ok(Value::Text(f(text)?)),
            None => Ok(Value::Null),
        },
    }
}

/// Whether a condition is true for at least one value; missing if the argument is.
pub fn any_text<'a>(value: &Value<'a>, f: impl Fn(&str) -> Result<bool, String>) -> Outcome<'a> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Multi(values) => {
            for text in values {
                if f(text)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        single => match single.as_text() {
            Some(text) => Ok(Value::Bool(f(&text)?)),
            None => Ok(Value::Null),
        },
    }
}

/// A slice of a text, borrowed if the text is.
pub fn part<'a>(text: &Cow<'a, str>, range: std::ops::Range<usize>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    }
}

/// Always a number.
pub fn returns_number(_: &[Type]) -> Type {
    Type::Number
}

/// Always text.
pub fn returns_text(_: &[Type]) -> Type {
    Type::Text
}

/// Always a Boolean.
pub fn returns_bool(_: &[Type]) -> Type {
    Type::Bool
}

/// Possibly several values.
pub fn returns_multi(_: &[Type]) -> Type {
    Type::Multi
}

/// A number in some rows, text in others.
pub fn returns_any(_: &[Type]) -> Type {
    Type::Any
}

/// Text, or one text per value if the first argument is a multivalue.
pub fn returns_text_each(types: &[Type]) -> Type {
    match types.first() {
        Some(Type::Multi) => Type::Multi,
        _ => Type::Text,
    }
}

/// A type that can contain the values of all arguments.
pub fn returns_joined(types: &[Type]) -> Type {
    types.iter().fold(Type::Null, |a, b| a.join(*b))
}
