//! `setfields`: sets a field to the same value in all rows.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::build::{number, text};
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};
use crate::value::{is_canonical_number, parse_number};

pub(super) const COMMAND: Command = Command {
    name: "setfields",
    category: Category::Fields,
    synopsis: "setfields <field>=\"<value>\" [, <field>=\"<value>\"]...",
    options: &[],
    doc: "Sets fields of all rows to values; what a row has in them already is replaced.",
    examples: &[(
        "| makeresults | eval env=\"dev\" | setfields env=\"prod\", tier=\"web\" | table env tier",
        r#"{"env":"prod","tier":"web"}"#,
    )],
    page: "SearchReference/Setfields",
    args: Rule::setfields_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut columns = Vec::new();
    for arg in &stage.args {
        let ArgKind::Option { name, value } = &arg.kind else {
            return Err(Error::argument(
                arg.span,
                "`setfields` takes fields with values: `field=\"value\"`",
            ));
        };
        columns.push(Assignment {
            target: Target::Field(name.text.clone()),
            value: match parse_number(&value.text) {
                Some(n) if is_canonical_number(&value.text) => number(n),
                _ => text(&value.text),
            },
        });
    }
    if columns.is_empty() {
        return Err(Error::syntax(
            stage.span,
            "`setfields` needs a field and a value: `field=\"value\"`",
        ));
    }
    Ok(Planner::rows_or_events(input).extend(columns))
}
