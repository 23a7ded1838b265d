//! `tojson`: rows as JSON objects.

use serde_json::{Map, Value as Json};

use crate::error::Result;
use crate::functions::json;
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::{Pattern, Schema};
use crate::plan::table::Table;
use crate::value::{Type, Value, parse_number};

/// How to write a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum As {
    Auto,
    Bool,
    Json,
    None,
    Number,
    Text,
}

impl As {
    pub(crate) fn named(name: &str) -> Option<As> {
        Some(match name.to_ascii_lowercase().as_str() {
            "auto" => As::Auto,
            "bool" => As::Bool,
            "json" => As::Json,
            "none" => As::None,
            "num" => As::Number,
            "str" => As::Text,
            _ => return None,
        })
    }

    /// Converts a value. Returns `None` if the type can't represent it.
    pub(crate) fn write(self, text: &str) -> Option<Json> {
        let number = || {
            parse_number(text)
                .filter(|n| n.is_finite())
                .map(json::number)
        };
        match self {
            As::None => Some(number().unwrap_or_else(|| text.into())),
            As::Text => Some(text.into()),
            As::Number => number(),
            As::Json => serde_json::from_str(text).ok(),
            As::Bool => match text.to_ascii_lowercase().as_str() {
                "t" | "true" | "yes" => Some(true.into()),
                "f" | "false" | "no" => Some(false.into()),
                _ => parse_number(text).map(|n| (n != 0.0).into()),
            },
            As::Auto => Some(match text.to_ascii_lowercase().as_str() {
                "true" => true.into(),
                "false" => false.into(),
                "null" => Json::Null,
                _ => number()
                    .or_else(|| json::container(text))
                    .unwrap_or_else(|| text.into()),
            }),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Objects {
    pub(crate) wanted: Vec<(Pattern, As)>,
    pub(crate) internal: bool,
    pub(crate) fill: bool,
    pub(crate) output: String,
}

impl Objects {
    /// The fields to write, without duplicates. A type given for a single name wins over that of a pattern.
    pub(crate) fn fields(&self, schema: &Schema) -> Vec<(String, As)> {
        let mut fields: Vec<(String, As)> = Vec::new();
        for (pattern, kind) in &self.wanted {
            let matched: Vec<String> = if pattern.is_wild() && self.internal {
                schema
                    .keys()
                    .filter(|n| pattern.matches(n))
                    .cloned()
                    .collect()
            } else {
                pattern.expand(schema)
            };
            for name in matched {
                match fields.iter_mut().find(|(n, _)| *n == name) {
                    // A single name takes precedence over a pattern.
                    Some(field) if !pattern.is_wild() => field.1 = *kind,
                    Some(_) => {}
                    None => fields.push((name, *kind)),
                }
            }
        }
        fields
    }
}

impl ColumnKernel for Objects {
    fn describe(&self) -> String {
        format!("tojson into {}", self.output)
    }

    fn reads(&self, schema: &Schema) -> Vec<String> {
        self.fields(schema)
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let fields = self.fields(&input.schema());
        let mut objects = Vec::with_capacity(input.height());
        for row in 0..input.height() {
            context.check_cancelled_at(row)?;
            let mut object = Map::new();
            for (name, kind) in &fields {
                let value = input.value(name, row);
                let written = match value {
                    Value::Null => None,
                    Value::Multi(values) => {
                        let items = values.iter().map(|v| kind.write(v));
                        Some(Json::Array(if self.fill {
                            items.map(|item| item.unwrap_or(Json::Null)).collect()
                        } else {
                            items.flatten().collect()
                        }))
                    }
                    single => single.as_text().and_then(|text| kind.write(&text)),
                };
                match written {
                    Some(json) => {
                        object.insert(name.clone(), json);
                    }
                    None if self.fill => {
                        object.insert(name.clone(), Json::Null);
                    }
                    None => {}
                }
            }
            objects.push(Value::text(Json::Object(object).to_string()));
        }
        let mut out = Table::new(input.height());
        out.set(self.output.clone(), Type::Text, objects);
        Ok(out)
    }
}
