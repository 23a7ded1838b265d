//! `makejson`: fields of each row as a JSON object.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::tojson::{As, Objects};
use crate::plan::Plan;
use crate::plan::schema::Pattern;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "makejson",
    category: Category::Fields,
    synopsis: "makejson [<field or pattern>...] output=<field>",
    options: &[("output", "", "the field that gets the object")],
    doc: "Writes the named fields of each row, or all, as a JSON object: numbers, true and false as such, other values as text. Not in Splunk's \
          reference, but in every installation.",
    examples: &[(
        "| makeresults | eval ship=\"Alma\", load=90 | makejson ship load output=j | table j",
        r#"{"j":"{\"ship\":\"Alma\",\"load\":90}"}"#,
    )],
    page: "SearchReference/Tojson",
    args: Rule::makejson_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let output = args.get("output").ok_or_else(|| {
        Error::syntax(stage.span, "`makejson` needs output=<field>")
            .hint(format!("usage: {}", COMMAND.synopsis))
    })?;
    // `makejson(a, b)` is a list of fields, too.
    let mut names: Vec<&str> = Vec::new();
    for arg in &args.rest {
        match &arg.kind {
            ArgKind::Field(name) => names.push(&name.text),
            ArgKind::Call { args, .. } => names.extend(args.iter().map(|name| name.text.as_str())),
            _ => {}
        }
    }
    if names.is_empty() {
        names.push("*");
    }
    Ok(Planner::rows_or_events(input).beside(Objects {
        wanted: names.into_iter().map(|name| (Pattern::new(name), As::Auto)).collect(),
        internal: false,
        fill: false,
        output: output.text.clone(),
    }))
}
