//! `fromjson`: extracts the members of a JSON object as fields.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::error::Result;
use crate::functions::json;
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::extracted::ExtractedColumns;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) from: String,
    pub(crate) prefix: String,
}

impl ColumnKernel for Members {
    fn describe(&self) -> String {
        format!("fromjson {}", self.from)
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.from.clone()]
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut found = ExtractedColumns::default();
        for row in 0..input.height() {
            context.check_cancelled_at(row)?;
            let text = input.value(&self.from, row);
            let Some(Json::Object(members)) = text.as_text().and_then(|t| json::container(&t))
            else {
                continue;
            };
            for (name, member) in members {
                let value = match &member {
                    Json::Array(items) => Value::multi(
                        items
                            .iter()
                            .map(|item| Cow::Owned(json::text(item)))
                            .collect(),
                    ),
                    Json::Bool(_) | Json::String(_) | Json::Object(_) => {
                        Value::text(json::text(&member))
                    }
                    Json::Null | Json::Number(_) => json::to_value(&member),
                };
                found.set(row, &format!("{}{name}", self.prefix), value);
            }
        }
        Ok(found.into_table(input.height()))
    }
}
