//! `foreach` over the values of a field: assignments evaluated row by row, value by value.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::expr::bind::Binder;
use crate::plan::table::{Table, type_of_values};
use crate::plan::texts::parse_search;
use crate::syntax::ast::Expr;
use crate::value::{Type, Value, parse_number};

/// Placeholder fields for a value and its position while the assignments are evaluated.
pub(crate) const ITEM: &str = "<<ITEM>>";
pub(crate) const ITER: &str = "<<ITER>>";

/// The source of a field's values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Collection {
    /// The values of a multivalue field.
    Multivalue,
    /// The elements of a JSON array.
    Json,
    /// The elements of a JSON array if the field is one, otherwise its values.
    Either,
}

/// Assignments for each value of a field.
#[derive(Debug)]
pub(crate) struct ForeachValues {
    pub(crate) field: String,
    pub(crate) collection: Collection,
    pub(crate) assignments: Vec<(String, Expr)>,
}

impl Kernel for ForeachValues {
    fn describe(&self) -> String {
        format!("for each value of {}", self.field)
    }

    fn run(&self, mut table: Table, context: &QueryContext) -> Result<Table> {
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

/// Converts an element of a JSON array to a value; objects and arrays stay JSON.
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
