//! `foreach` over the values of a field: assignments evaluated row by row, value by value.

use std::collections::HashMap;

use crate::commands::planner::parse_fragment;
use crate::error::{Error, Result};
use crate::plan::Kernel;
use crate::plan::bind::Binder;
use crate::plan::context::PlanContext;
use crate::plan::table::{Table, type_of_values};
use crate::plan::texts::parse_search;
use crate::syntax::ast::{ArgKind, Expr};
use crate::value::{Type, Value, parse_number};

/// The fields that stand for a value and its position while the assignments are evaluated.
const ITEM: &str = "<<ITEM>>";
const ITER: &str = "<<ITER>>";

/// What a field's values are taken from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Collection {
    /// The values of a multivalue field.
    Multivalue,
    /// The elements of a JSON array.
    Json,
    /// The elements of a JSON array where the field is one, else its values.
    Either,
}

/// Assignments for each value of a field.
#[derive(Debug)]
pub(super) struct ForeachValues {
    field: String,
    collection: Collection,
    assignments: Vec<(String, Expr)>,
}

impl ForeachValues {
    /// Reads the assignments of a template in which `tokens` stand for value and position.
    ///
    /// # Errors
    /// A template that does not parse, or has another command than `eval`.
    pub(super) fn new(
        context: &PlanContext,
        field: &str,
        collection: Collection,
        template: &str,
        tokens: [&str; 2],
    ) -> Result<ForeachValues> {
        let text = with_fields(template, &[(tokens[0], ITEM), (tokens[1], ITER)]);
        let pipeline = parse_fragment(context, "foreach", &text)?;
        let mut assignments = Vec::new();
        for stage in pipeline.stages {
            if !stage.name.text.eq_ignore_ascii_case("eval") {
                return Err(Error::argument(
                    stage.name.span,
                    format!(
                        "`foreach` over values takes only `eval`, not `{}`",
                        stage.name.text
                    ),
                ));
            }
            for arg in stage.args {
                if let ArgKind::Assign { field, value } = arg.kind {
                    assignments.push((field.text, value));
                }
            }
        }
        Ok(ForeachValues {
            field: field.to_owned(),
            collection,
            assignments,
        })
    }
}

impl Kernel for ForeachValues {
    fn describe(&self) -> String {
        format!("for each value of {}", self.field)
    }

    fn run(&self, mut table: Table, context: &PlanContext) -> Result<Table> {
        let mut schema = table.schema();
        schema.insert(ITEM.to_owned(), Type::Any);
        schema.insert(ITER.to_owned(), Type::Number);
        for (target, _) in &self.assignments {
            schema.insert(target.clone(), Type::Any);
        }
        let search = |text: &str| parse_search(context, text);
        let programs = self
            .assignments
            .iter()
            .map(|(target, expr)| {
                let program = Binder::new(&schema, &search).value(expr)?;
                Ok((target.as_str(), program, expr.span))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut changed: HashMap<&str, Vec<Value<'static>>> = HashMap::new();
        for (target, ..) in &programs {
            let before = table.column(target).map(|c| c.values.clone());
            let values = before.unwrap_or_else(|| vec![Value::Null; table.height()]);
            changed.insert(target, values);
        }
        for row in 0..table.height() {
            if row % 1024 == 0 {
                context.check_cancelled()?;
            }
            for (at, item) in self
                .items(&table.value(&self.field, row))
                .iter()
                .enumerate()
            {
                for (target, program, span) in &programs {
                    let value = {
                        let of = |slot: &String| match slot.as_str() {
                            ITEM => item.borrowed(),
                            ITER => Value::Num(at as f64),
                            name => match changed.get(name) {
                                Some(values) => values[row].borrowed(),
                                None => table.value(name, row),
                            },
                        };
                        let values: Vec<Value<'_>> = program.slots.iter().map(of).collect();
                        let value = program.eval(&context.clock, &values);
                        value
                            .map_err(|why| Error::argument(*span, why))?
                            .into_owned()
                    };
                    if let Some(values) = changed.get_mut(target) {
                        values[row] = value;
                    }
                }
            }
        }
        for (target, _) in &self.assignments {
            if let Some(values) = changed.remove(target.as_str()) {
                let kind = match type_of_values(&values) {
                    Type::Null => Type::Text,
                    _ if target == "_time" => Type::Time,
                    kind => kind,
                };
                table.set(target.clone(), kind, values);
            }
        }
        Ok(table)
    }
}

impl ForeachValues {
    fn items(&self, value: &Value<'_>) -> Vec<Value<'static>> {
        let single = |value: &Value<'_>| -> Vec<Value<'static>> {
            let values = value.clone().into_owned().into_values();
            values
                .into_iter()
                .map(|v| match value {
                    Value::Num(n) => Value::Num(*n),
                    _ => Value::Text(v),
                })
                .collect()
        };
        let elements = || {
            let text = value.as_text()?;
            let array: Vec<serde_json::Value> = serde_json::from_str(&text).ok()?;
            Some(array.iter().map(element).collect())
        };
        match self.collection {
            Collection::Multivalue => single(value),
            Collection::Json => elements().unwrap_or_default(),
            Collection::Either => elements().unwrap_or_else(|| single(value)),
        }
    }
}

/// An element of a JSON array as a value: objects and arrays stay JSON.
fn element(json: &serde_json::Value) -> Value<'static> {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::String(text) => Value::text(text.clone()),
        serde_json::Value::Number(number) => {
            let text = number.to_string();
            parse_number(&text).map_or_else(|| Value::text(text), Value::Num)
        }
        other => Value::text(other.to_string()),
    }
}

/// The text with tokens replaced by fields: in quotes of a name as they are, in a text by joining
/// the field with what stands around it.
fn with_fields(template: &str, tokens: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut quote = None;
    // Where the text that is open began in `out`, and whether a field stands in it.
    let (mut opened, mut joined) = (0, false);
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        let token = tokens
            .iter()
            .find(|(token, _)| !token.is_empty() && rest.starts_with(token));
        if let Some((token, field)) = token {
            match quote {
                None => out.push_str(&format!("'{field}'")),
                Some('"') => {
                    out.push_str(&format!("\".'{field}'.\""));
                    joined = true;
                }
                Some(_) => out.push_str(field),
            }
            rest = &rest[token.len()..];
            continue;
        }
        let escaped = c == '\\' && quote == Some('"');
        let length = c.len_utf8()
            + if escaped {
                rest[1..].chars().next().map_or(0, char::len_utf8)
            } else {
                0
            };
        match (quote, c) {
            (None, '"' | '\'') => {
                quote = Some(c);
                (opened, joined) = (out.len(), false);
            }
            (Some(q), c) if q == c => {
                quote = None;
                if joined {
                    out.insert(opened, '(');
                    out.push_str("\")");
                    rest = &rest[length..];
                    continue;
                }
            }
            _ => {}
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::with_fields;

    #[test]
    fn tokens_become_fields_wherever_they_stand() {
        let with = |text| with_fields(text, &[("<<ITEM>>", "I")]);
        assert_eq!(with("eval a=<<ITEM>>.b"), "eval a='I'.b");
        assert_eq!(with("eval a='<<ITEM>>'"), "eval a='I'");
        assert_eq!(
            with(r#"f("x\"<<ITEM>>y","z")"#),
            r#"f(("x\"".'I'."y"),"z")"#
        );
    }
}
