//! `return`: returns values from a subsearch to the outer search.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::return_::{Item, Return};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "return",
    category: Category::Combining,
    synopsis: "return [<N>] [<field>...] [<alias>=<field>...] [$<field>...]",
    doc: "Turns the first row (or first N) into one row whose field `search` is what the search around a subsearch gets: \
          field=\"value\" for a field, alias=\"value\" for an alias, the value alone, as it is, for $field.",
    examples: &[(
        "| makeresults | eval ip=\"10.0.0.1\", n=7 | return src=ip $n",
        r#"{"search":"src=\"10.0.0.1\" 7"}"#,
    )],
    page: "SearchReference/Return",
    args: Rule::return_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut count = 1;
    let mut items = Vec::new();
    for arg in &stage.args {
        match &arg.kind {
            ArgKind::Literal(literal) => count = crate::plan::whole_number("return", literal)?,
            ArgKind::Option { name, value } => items.push(Item {
                field: value.text.trim_start_matches('$').to_owned(),
                label: Some(name.text.clone()),
            }),
            ArgKind::Field(name) => items.push(match name.text.strip_prefix('$') {
                Some(field) => Item {
                    field: field.to_owned(),
                    label: None,
                },
                None => Item {
                    field: name.text.clone(),
                    label: Some(name.text.clone()),
                },
            }),
            _ => {}
        }
    }
    if items.is_empty() {
        return Err(Error::syntax(stage.span, "`return` needs a field"));
    }
    Ok(Plan::Limit {
        input: Box::new(Planner::rows_or_events(input)),
        count,
        tail: false,
    }
    .apply(Return { items }))
}
