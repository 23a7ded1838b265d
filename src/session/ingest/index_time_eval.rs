//! `INGEST_EVAL` and `STOP_PROCESSING_IF` of `transforms.conf`: expressions on events as they are read.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Transformsconf>

use crate::error::{Error, Result};
use crate::functions::Context;
use crate::plan::expr::bind::{Binder, Program};
use crate::plan::schema::Schema;
use crate::source::SourceId;
use crate::syntax;
use crate::value::{Type, Value};

/// The prefix of an indexed field's name that requests all its values.
pub(in crate::session) const ALL: &str = "mv:";

/// One assignment of an `INGEST_EVAL`.
#[derive(Debug)]
pub(in crate::session) struct Assignment {
    /// The key or indexed field to set.
    pub(in crate::session) target: String,
    /// `field:`: an indexed field, even if the name is that of a key.
    pub(in crate::session) is_field: bool,
    /// `:=`: replaces the existing values.
    pub(in crate::session) replaces: bool,
    /// `[string]`, `[int]`, ...
    kind: Option<String>,
    value: Program,
}

impl Assignment {
    /// Evaluates the assignment on an event whose fields `get` returns.
    ///
    /// # Errors
    /// If a function rejects its arguments.
    pub(in crate::session) fn value<'e>(
        &'e self,
        context: &Context,
        get: &dyn Fn(&str) -> Value<'e>,
    ) -> Result<Value<'static>, String> {
        let value = run(&self.value, context, get)?;
        Ok(match self.kind.as_deref() {
            Some("string") => value
                .into_text()
                .map_or(Value::Null, |text| Value::text(text.into_owned())),
            Some("int") => value
                .as_number()
                .map_or(Value::Null, |n| Value::Num(n.trunc())),
            Some(_) => value.as_number().map_or(Value::Null, Value::Num),
            None => value,
        })
    }
}

/// Parses the assignments of an `INGEST_EVAL`; `known` are the fields that events may have. Passes the error
/// of an invalid one to `wrong` and leaves it out.
pub(in crate::session) fn assignments(
    text: &str,
    known: &Schema,
    wrong: &dyn Fn(Error),
) -> Vec<Assignment> {
    let mut known = known.clone();
    let mut found = Vec::new();
    for part in parts(text) {
        match assignment(part, &known) {
            Ok(assignment) => {
                let target = &assignment.target;
                known.insert(target.clone(), Type::Any);
                known.insert(format!("{ALL}{target}"), Type::Any);
                found.push(assignment);
            }
            Err(error) => wrong(error),
        }
    }
    found
}

/// `<name>=<expression>`, `<name>[<type>]:=<expression>`
fn assignment(part: &str, known: &Schema) -> Result<Assignment> {
    let wrong = || Error::data(format!("`{}`: expected <name>=<expression>", part.trim()));
    let (target, expression) = part.split_once('=').ok_or_else(wrong)?;
    let (target, replaces) = match target.trim().strip_suffix(':') {
        Some(target) => (target.trim(), true),
        None => (target.trim(), false),
    };
    let (target, kind) = match target.strip_suffix(']').and_then(|t| t.split_once('[')) {
        Some((target, kind)) => (target, Some(kind.trim().to_owned())),
        None => (target, None),
    };
    let target = target.trim_matches(['$', '\'', '"']);
    let is_field = target.starts_with("field:");
    let target = target
        .trim_start_matches("field:")
        .trim_start_matches("pd:");
    if target.is_empty() {
        return Err(wrong());
    }
    Ok(Assignment {
        target: target.to_owned(),
        is_field,
        replaces,
        kind,
        value: program(expression, known)?,
    })
}

/// Parses a condition.
///
/// # Errors
/// If the expression is invalid.
pub(in crate::session) fn program(text: &str, known: &Schema) -> Result<Program> {
    let text = names_as_written(text);
    let without_place = |mut error: Error| {
        error.span = None;
        error
    };
    let expr = syntax::parse_expression(SourceId(0), text.trim(), 0).map_err(without_place)?;
    let no_search = |_: &str| Err(Error::data("searchmatch can't be used when data is read"));
    Binder::new(known, &no_search)
        .any(&expr)
        .map_err(without_place)
}

/// Runs a program on an event whose fields `get` returns.
///
/// # Errors
/// If a function rejects its arguments.
pub(in crate::session) fn run<'e>(
    program: &'e Program,
    context: &Context,
    get: &dyn Fn(&str) -> Value<'e>,
) -> Result<Value<'static>, String> {
    let row: Vec<Value<'e>> = program.slots.iter().map(|name| get(name)).collect();
    program.eval(context, &row).map(Value::into_owned)
}

/// Whether a value stops the processing of an event: anything but null, false and 0.
pub(in crate::session) fn holds(value: &Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(holds) => *holds,
        Value::Num(n) => *n != 0.0,
        Value::Text(text) => text != "0",
        Value::Multi(_) => true,
    }
}

/// Splits at the commas outside quotes and brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut depth, mut quote, mut escaped) = (0, 0_usize, None, false);
    for (at, c) in text.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (quote, c) {
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    found.push(&text[start..]);
    found.retain(|part| !part.trim().is_empty());
    found
}

/// Rewrites `$pd:a$`, `$field:a$` and `$mv:a$` as field names in single quotes.
fn names_as_written(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let inner = &rest[at + 1..];
        let name = inner
            .find('$')
            .map(|end| (&inner[..end], &inner[end + 1..]))
            .filter(|(name, _)| ["pd:", "field:", ALL].iter().any(|p| name.starts_with(p)));
        out.push_str(&rest[..at]);
        match name {
            Some((name, after)) => {
                let bare = name.trim_start_matches("pd:").trim_start_matches("field:");
                out.push('\'');
                out.push_str(bare);
                out.push('\'');
                rest = after;
            }
            None => {
                out.push('$');
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{names_as_written, parts};

    #[test]
    fn parts_and_names_are_found() {
        assert_eq!(
            parts(r#"a=if(x=1,"b,\"c",2), 'd e':=[3,4],"#),
            [r#"a=if(x=1,"b,\"c",2)"#, " 'd e':=[3,4]"]
        );
        assert_eq!(
            names_as_written(r#"$pd:_raw$ . $mv:x$ . "$5""#),
            r#"'_raw' . 'mv:x' . "$5""#
        );
    }
}
