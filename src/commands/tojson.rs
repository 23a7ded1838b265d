//! `tojson`: rows as JSON objects.

use serde_json::{Map, Value as Json};

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::json;
use crate::plan::context::PlanContext;
use crate::plan::schema::{Pattern, Schema};
use crate::plan::table::Table;
use crate::plan::{ColumnKernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Name, Stage};
use crate::value::{Type, Value, parse_number};

pub(super) const COMMAND: Command = Command {
    name: "tojson",
    category: Category::Fields,
    synopsis: "tojson [auto|bool|json|none|num|str(<field or pattern>)]... [default_type=<type>] [fill_null=<bool>] [include_internal=<bool>] [output_field=<field>]",
    options: &[
        ("default_type", "none", "the type of fields without a function"),
        ("fill_null", "false", "null for a value that its type can't hold, which else is left out"),
        ("include_internal", "false", "also fields whose names begin with _"),
        ("output_field", "_raw", "the field that gets the object"),
    ],
    doc: "Writes the fields of each row, or the named ones, as a JSON object. Types: auto (numbers, true and false, null, JSON, \
          else text), bool, json, none (numbers and text), num, str. Several values become an array.",
    examples: &[(
        "| makeresults | eval n=5, b=\"yes\" | tojson str(n) bool(b) output_field=j | table j",
        r#"{"j":"{\"n\":\"5\",\"b\":true}"}"#,
    )],
    page: "SearchReference/Tojson",
    args: Rule::tojson_args,
    plan,
    ..DEFAULT
};

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Auto,
    Bool,
    Json,
    None,
    Number,
    Text,
}

const TYPES: &[&str] = &["auto", "bool", "json", "none", "num", "str"];

impl As {
    fn named(name: &str) -> Option<As> {
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

    /// The value; none where the type can't hold it.
    fn write(self, text: &str) -> Option<Json> {
        let number = || parse_number(text).filter(|n| n.is_finite()).map(json::number);
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

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let unknown = |name: &str, span| {
        Error::argument(span, format!("`{name}` is no type of JSON"))
            .did_you_mean(name, TYPES.iter().copied())
            .hint(format!("there are {}", TYPES.join(", ")))
    };
    let default = match args.get("default_type") {
        None => As::None,
        Some(name) => As::named(&name.text).ok_or_else(|| unknown(&name.text, name.span))?,
    };
    let mut wanted: Vec<(Pattern, As)> = Vec::new();
    let mut add = |name: &Name, kind: As| wanted.push((Pattern::new(name.text.as_str()), kind));
    for arg in &args.rest {
        match &arg.kind {
            ArgKind::Field(name) => add(name, default),
            ArgKind::Call { function, args, .. } => {
                let kind = As::named(&function.text)
                    .ok_or_else(|| unknown(&function.text, function.span))?;
                args.iter().for_each(|name| add(name, kind));
            }
            _ => {}
        }
    }
    if wanted.is_empty() {
        wanted.push((Pattern::new("*"), default));
    }
    Ok(Planner::rows_or_events(input).beside(Objects {
        wanted,
        internal: args.flag("include_internal", false)?,
        fill: args.flag("fill_null", false)?,
        output: args.text("output_field", "_raw"),
    }))
}

#[derive(Debug)]
struct Objects {
    wanted: Vec<(Pattern, As)>,
    internal: bool,
    fill: bool,
    output: String,
}

impl Objects {
    /// The fields to write: those named one by one before what patterns match, each once.
    fn fields(&self, schema: &Schema) -> Vec<(String, As)> {
        let mut fields: Vec<(String, As)> = Vec::new();
        for (pattern, kind) in &self.wanted {
            let matched: Vec<String> = if pattern.is_wild() && self.internal {
                schema.keys().filter(|n| pattern.matches(n)).cloned().collect()
            } else {
                pattern.expand(schema)
            };
            for name in matched {
                match fields.iter_mut().find(|(n, _)| *n == name) {
                    // What is named by itself counts more than a pattern.
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
        self.fields(schema).into_iter().map(|(name, _)| name).collect()
    }

    fn run(&self, input: Table, context: &PlanContext) -> Result<Table> {
        let fields = self.fields(&input.schema());
        let mut objects = Vec::with_capacity(input.height());
        for row in 0..input.height() {
            if row % 4096 == 0 {
                context.check_cancelled()?;
            }
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
