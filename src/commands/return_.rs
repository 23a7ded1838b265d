//! `return`: what a subsearch gives to the search around it.

use crate::commands::format::term;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};
use crate::value::{Type, Value};

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

/// What is returned of a row.
#[derive(Debug)]
struct Item {
    field: String,
    /// The name before the value; none for the value alone.
    label: Option<String>,
}

/// Rows to what a subsearch returns.
#[derive(Debug)]
struct Return {
    items: Vec<Item>,
}

impl Kernel for Return {
    fn describe(&self) -> String {
        let names: Vec<&str> = self.items.iter().map(|i| i.field.as_str()).collect();
        format!("return {}", names.join(" "))
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let mut rows = Vec::new();
        for row in 0..input.height() {
            let terms: Vec<String> = self
                .items
                .iter()
                .filter_map(|item| {
                    let value = input.value(&item.field, row).as_text()?.into_owned();
                    Some(match &item.label {
                        Some(label) => term(label, &value),
                        None => value,
                    })
                })
                .collect();
            if !terms.is_empty() {
                rows.push(terms.join(" "));
            }
        }
        let text = match rows.as_slice() {
            [one] => one.clone(),
            several => several
                .iter()
                .map(|r| format!("({r})"))
                .collect::<Vec<_>>()
                .join(" OR "),
        };
        let mut out = Table::new(1);
        out.set("search", Type::Text, vec![Value::text(text)]);
        Ok(out)
    }
}
