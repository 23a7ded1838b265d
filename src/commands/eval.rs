//! `eval`: computes fields.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "eval",
    category: Category::Fields,
    synopsis: "eval <field>=<expression> [, <field>=<expression>]...",
    doc: "Computes fields, each assignment seeing those before it. A field set to null() is removed from its row.",
    examples: &[(
        "| makeresults | eval a=2, b=a*3, c=\"x\".b | table a b c",
        r#"{"a":2,"b":6,"c":"x6"}"#,
    )],
    page: "SearchReference/Eval",
    args: Rule::eval_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut columns = Vec::new();
    for arg in &stage.args {
        if let ArgKind::Assign { field, value } = &arg.kind {
            let template = !field.quoted && field.text.contains('{') && !field.text.contains("{}");
            columns.push(Assignment {
                target: if template {
                    Target::Template(field.text.clone())
                } else {
                    Target::Field(field.text.clone())
                },
                value: value.clone(),
            });
        }
    }
    Ok(Planner::rows_or_events(input).extend(columns))
}
