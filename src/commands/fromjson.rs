//! `fromjson`: the members of a JSON object as fields.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::json;
use crate::plan::context::PlanContext;
use crate::plan::found::Found;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::plan::{ColumnKernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "fromjson",
    category: Category::Fields,
    synopsis: "fromjson <field> [prefix=<text>]",
    options: &[("prefix", "", "stands before the names of the new fields")],
    doc: "Makes a field of each member of the JSON object in a field. Arrays become multivalues, objects stay JSON.",
    examples: &[(
        "| makeresults | eval o=json_object(\"name\", \"ann\", \"tags\", json_array(\"x\", \"y\")) | fromjson o | table name tags",
        r#"{"name":"ann","tags":["x","y"]}"#,
    )],
    page: "SearchReference/Fromjson",
    args: Rule::fromjson_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [from] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`fromjson` needs one field"));
    };
    Ok(Planner::rows_or_events(input).beside(Members {
        from: from.text.clone(),
        prefix: args.text("prefix", ""),
    }))
}

#[derive(Debug)]
struct Members {
    from: String,
    prefix: String,
}

impl ColumnKernel for Members {
    fn describe(&self) -> String {
        format!("fromjson {}", self.from)
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.from.clone()]
    }

    fn run(&self, input: Table, context: &PlanContext) -> Result<Table> {
        let mut found = Found::default();
        for row in 0..input.height() {
            if row % 4096 == 0 {
                context.check_cancelled()?;
            }
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
