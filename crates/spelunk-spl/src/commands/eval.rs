//! `eval`: computes fields.

use crate::commands::{Category, Command, DEFAULT, Planner, lookup_call};
use crate::error::Result;
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "eval",
    category: Category::Fields,
    synopsis: "eval <field>=<expression> [, <field>=<expression>]...",
    doc: "Computes fields; each assignment sees the results of the preceding ones. A field set to null() is removed from its row.",
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
    let mut rows = Planner::rows_or_events(input);
    let mut columns = Vec::new();
    for arg in &stage.args {
        if let ArgKind::Assign { field, value } = &arg.kind {
            let template = !field.quoted && field.text.contains('{') && !field.text.contains("{}");
            let target = if template {
                Target::Template(field.text.clone())
            } else {
                Target::Field(field.text.clone())
            };
            if !lookup_call::is_called(value) {
                let value = value.clone();
                columns.push(Assignment { target, value });
                continue;
            }
            let before = std::mem::take(&mut columns);
            if !before.is_empty() {
                rows = rows.extend(before);
            }
            let resolved = lookup_call::resolve(rows, value)?;
            let temporary: Vec<&str> = resolved.temporary.iter().map(String::as_str).collect();
            let value = resolved.expr;
            rows = resolved
                .rows
                .extend(vec![Assignment { target, value }])
                .drop(&temporary);
        }
    }
    if columns.is_empty() {
        return Ok(rows);
    }
    Ok(rows.extend(columns))
}
