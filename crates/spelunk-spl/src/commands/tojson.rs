//! `tojson`: rows as JSON objects.

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::commands::DEFAULT;
use crate::syntax::Rule;
use crate::error::{Error, Result};
use crate::kernels::tojson::{As, Objects};
use crate::plan::schema::Pattern;
use crate::plan::Plan;
use crate::syntax::ast::{ArgKind, Name, Stage};

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

const TYPES: &[&str] = &["auto", "bool", "json", "none", "num", "str"];

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
