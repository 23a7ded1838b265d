//! `mvcombine`: rows that differ in one field become one.

use std::collections::HashMap;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "mvcombine",
    category: Category::Fields,
    synopsis: "mvcombine [delim=<text>] <field>",
    options: &[("delim", " ", "what `nomv` puts between the values")],
    doc: "Makes one row of those that are the same but for one field, which gets the values of all. Fields whose names \
          begin with `_` are not compared.",
    examples: &[(
        "| makeresults format=csv data=\"h,max\nw1,9\nw2,9\nw3,5\" | mvcombine h | table h max",
        "{\"h\":[\"w1\",\"w2\"],\"max\":\"9\"}\n{\"h\":\"w3\",\"max\":\"5\"}",
    )],
    page: "SearchReference/Mvcombine",
    args: Rule::mvcombine_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [name] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`mvcombine` needs one field"));
    };
    planner.set_delimiter(&name.text, args.text("delim", " "));
    Ok(Planner::rows_or_events(input).apply(Combine {
        field: name.text.clone(),
    }))
}

#[derive(Debug)]
struct Combine {
    field: String,
}

impl Kernel for Combine {
    fn describe(&self) -> String {
        format!("mvcombine {}", self.field)
    }

    fn run(&self, mut input: Table, context: &PlanContext) -> Result<Table> {
        let Some(combined) = input.take(&self.field) else {
            context.missing_field(&self.field, &input.schema());
            return Ok(input);
        };
        let mut groups: HashMap<Vec<Option<String>>, usize> = HashMap::new();
        // The row each group shows, and its values.
        let mut rows: Vec<(usize, Value<'static>)> = Vec::new();
        for (row, value) in combined.values.into_iter().enumerate() {
            // A row without the field has nothing to combine.
            if value.is_null() {
                rows.push((row, Value::Null));
                continue;
            }
            let key: Vec<Option<String>> = input
                .columns()
                .iter()
                .filter(|c| !c.name.starts_with('_'))
                .map(|c| match &c.values[row] {
                    Value::Multi(values) => Some(values.join("\n")),
                    single => single.as_text().map(|t| t.into_owned()),
                })
                .collect();
            match groups.get(&key) {
                Some(&group) => {
                    let there = std::mem::replace(&mut rows[group].1, Value::Null);
                    let mut values = there.into_values();
                    values.extend(value.into_values());
                    rows[group].1 = Value::multi(values);
                }
                None => {
                    groups.insert(key, rows.len());
                    rows.push((row, value));
                }
            }
        }
        let mut out = Table::new(rows.len());
        for column in input.columns() {
            let values = rows
                .iter()
                .map(|(row, _)| column.values[*row].clone())
                .collect();
            out.set(column.name.clone(), column.kind, values);
        }
        let values = rows.into_iter().map(|(_, value)| value).collect();
        out.set(self.field.clone(), Type::Multi, values);
        Ok(out)
    }
}
