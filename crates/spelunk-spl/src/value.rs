//! SPL's values, and the rules for converting them.
//!
//! A field of a row is missing, one value, or several. A value is a number or text; text that looks like a
//! number acts as one in arithmetic and comparison. Booleans exist inside expressions only.

use std::borrow::Cow;
use std::cmp::Ordering;

/// One field of one row, or the result of an expression on it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Missing.
    Null,
    /// Inside expressions only.
    Bool(bool),
    /// An IEEE double; prints without `.0` when it is whole.
    Num(f64),
    /// Text; may look like a number.
    Text(Cow<'a, str>),
    /// Several values, in order. Never empty: no value is [`Value::Null`].
    Multi(Vec<Cow<'a, str>>),
}

/// The static type of a column or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Always missing.
    Null,
    /// Inside expressions only.
    Bool,
    /// Numbers.
    Number,
    /// Text from data; may look like a number.
    Text,
    /// Number in some rows, text in others; stored as text.
    Any,
    /// Some rows may have several values; stored as a list of text.
    Multi,
    /// An instant: microseconds in storage, epoch seconds in SPL.
    Time,
}

impl Type {
    /// The type of a column with values of both.
    pub fn join(self, other: Type) -> Type {
        use Type::{Any, Bool, Multi, Null, Number, Text, Time};
        match (self, other) {
            (a, b) if a == b => a,
            (Null, x) | (x, Null) => x,
            (Multi, _) | (_, Multi) => Multi,
            (Number | Time, Number | Time) => Number,
            (Any | Number | Text | Time | Bool, Any | Number | Text | Time | Bool) => Any,
        }
    }

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Type::Null => "null",
            Type::Bool => "bool",
            Type::Number => "number",
            Type::Text => "text",
            Type::Any => "any",
            Type::Multi => "multivalue",
            Type::Time => "time",
        }
    }
}

impl<'a> Value<'a> {
    /// A text value.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Value<'a> {
        Value::Text(text.into())
    }

    /// A number; NaN is missing.
    pub fn number(n: f64) -> Value<'a> {
        if n.is_nan() {
            Value::Null
        } else {
            Value::Num(n)
        }
    }

    /// A multivalue from its values: no values are missing, a single one is that value.
    pub fn multi(mut values: Vec<Cow<'a, str>>) -> Value<'a> {
        match values.len() {
            0 => Value::Null,
            1 => Value::Text(values.remove(0)),
            _ => Value::Multi(values),
        }
    }

    /// Whether the value is missing.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The value as a number: itself, or text that parses as one. `None` for a multivalue.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Num(n) => Some(*n),
            Value::Text(t) => parse_number(t),
            Value::Null | Value::Bool(_) | Value::Multi(_) => None,
        }
    }

    /// The value as text; `None` if missing; a multivalue is its values joined by a blank, as Splunk joins
    /// them where one text is needed.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Null => None,
            Value::Bool(b) => Some(Cow::Borrowed(if *b { "True" } else { "False" })),
            Value::Num(n) => Some(Cow::Owned(format_number(*n))),
            Value::Text(t) => Some(Cow::Borrowed(t)),
            Value::Multi(values) => Some(Cow::Owned(values.join(" "))),
        }
    }

    /// Like [`Value::as_text`], consuming the value, so that text need not be copied.
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Value::Null => None,
            Value::Text(t) => Some(t),
            Value::Bool(b) => Some(Cow::Borrowed(if b { "True" } else { "False" })),
            Value::Num(n) => Some(Cow::Owned(format_number(n))),
            Value::Multi(values) => Some(Cow::Owned(values.join(" "))),
        }
    }

    /// The values one by one: none, one, or several.
    pub fn into_values(self) -> Vec<Cow<'a, str>> {
        match self {
            Value::Multi(values) => values,
            other => other.into_text().into_iter().collect(),
        }
    }

    /// How many values there are.
    pub fn count(&self) -> usize {
        match self {
            Value::Null => 0,
            Value::Multi(values) => values.len(),
            Value::Bool(_) | Value::Num(_) | Value::Text(_) => 1,
        }
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(b),
            Value::Num(n) => Value::Num(n),
            Value::Text(t) => Value::Text(Cow::Owned(t.into_owned())),
            Value::Multi(values) => Value::Multi(
                values
                    .into_iter()
                    .map(|v| Cow::Owned(v.into_owned()))
                    .collect(),
            ),
        }
    }

    /// A view that borrows from `self`.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(*b),
            Value::Num(n) => Value::Num(*n),
            Value::Text(t) => Value::Text(Cow::Borrowed(t)),
            Value::Multi(values) => {
                Value::Multi(values.iter().map(|v| Cow::Borrowed(v.as_ref())).collect())
            }
        }
    }

    /// Compares as `eval` and `where` do: as numbers when both are numbers or parse as such, otherwise as
    /// text. `None` when one side is missing.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        if let (Some(a), Some(b)) = (self.as_number(), other.as_number()) {
            return a.partial_cmp(&b);
        }
        Some(self.as_text()?.as_ref().cmp(other.as_text()?.as_ref()))
    }

    /// Tests equality as `eval` and `where` do: numbers by value, text case-sensitively, a multivalue if one
    /// of its values is equal. `None` when one side is missing.
    pub fn equals(&self, other: &Value<'_>) -> Option<bool> {
        match (self, other) {
            (Value::Null, _) | (_, Value::Null) => None,
            (Value::Multi(values), single) | (single, Value::Multi(values)) => Some(
                values
                    .iter()
                    .any(|v| Value::Text(Cow::Borrowed(v)).equals(single) == Some(true)),
            ),
            (Value::Bool(a), Value::Bool(b)) => Some(a == b),
            (a, b) => Some(a.compare(b)? == Ordering::Equal),
        }
    }
}

/// Orders values as `sort` and the rows of `stats` do: numbers by value before text by code point; missing
/// last. Multivalues compare by their first values, then the next.
pub fn sort_order(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    match (a.as_number(), b.as_number()) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => {
            let (x, y) = (a.as_text(), b.as_text());
            x.cmp(&y)
        }
    }
}

/// Parses a number as Splunk does: decimal, optional sign, fraction and exponent, no blanks. `inf`, `nan` and
/// hexadecimal are text.
pub fn parse_number(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let first = *bytes.first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) || bytes.len() > 400 {
        return None;
    }
    if !bytes
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'))
    {
        return None;
    }
    text.parse().ok()
}

/// Formats a number as Splunk does: integers without a fraction, others with the digits that a double holds
/// (15 significant), without trailing zeros.
pub fn format_number(n: f64) -> String {
    if n == 0.0 {
        return "0".to_owned();
    }
    if n.is_infinite() {
        return if n > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if n.fract() == 0.0 && n.abs() < 1e18 {
        // Exact, and much faster than formatting a double.
        return (n as i64).to_string();
    }
    if n.abs() >= 1e18 || n.abs() < 1e-5 {
        let text = format!("{n:.14e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = trim_zeros(digits);
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let magnitude = n.abs().log10().floor() as i32;
    let decimals = usize::try_from(14 - magnitude).unwrap_or(0);
    trim_zeros(&format!("{n:.decimals$}")).to_owned()
}

fn trim_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// Whether a text is exactly how [`format_number`] formats some number, so that it can be shown as a number
/// without losing anything.
pub fn is_canonical_number(text: &str) -> bool {
    parse_number(text).is_some_and(|n| n.is_finite() && format_number(n) == text)
}

#[cfg(test)]
mod tests {
    use super::{Value, format_number, is_canonical_number, parse_number};

    #[test]
    fn numbers_print_as_splunk_prints_them() {
        for (n, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (3.0, "3"),
            (-2.5, "-2.5"),
            (-17.0, "-17"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (9.9e17, "990000000000000000"),
            (0.1 + 0.2, "0.3"),
            (1_700_000_000.25, "1700000000.25"),
            (1e20, "1e+20"),
            (1.0 / 3.0, "0.333333333333333"),
        ] {
            assert_eq!(format_number(n), text);
        }
    }

    #[test]
    fn only_plain_decimals_read_as_numbers() {
        assert_eq!(parse_number("12.5"), Some(12.5));
        assert_eq!(parse_number("-3e2"), Some(-300.0));
        for text in [
            "", " 5", "0x1f", "nan", "inf", "5 ", "1,000", "abc", "-", ".",
        ] {
            assert_eq!(parse_number(text), None, "{text:?}");
        }
        assert!(is_canonical_number("12.5"));
        assert!(!is_canonical_number("012"));
        assert!(!is_canonical_number("1.0"));
    }

    #[test]
    fn equality_is_by_value_where_both_read_as_numbers() {
        let text = |t| Value::text(t);
        assert_eq!(text("1.0").equals(&Value::Num(1.0)), Some(true));
        assert_eq!(text("a").equals(&text("A")), Some(false));
        assert_eq!(text("a").equals(&Value::Null), None);
    }
}
