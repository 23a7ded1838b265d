//! `transpose`: rows become columns.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::context::PlanContext;
use crate::plan::table::{Table, type_of_values};
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "transpose",
    category: Category::Reporting,
    synopsis: "transpose [<N>] [column_name=<text>] [header_field=<field>] [include_empty=<bool>]",
    options: &[
        ("int", "5", "rows that become columns; 0 for all"),
        ("column_name", "column", "the field of the former fields' names"),
        ("header_field", "", "the field whose values name the new columns"),
        ("include_empty", "true", "whether fields without any value are there"),
    ],
    doc: "Turns rows into columns: a row for each field, a column `row 1`, `row 2`, ... for each row.",
    examples: &[(
        "| makeresults | eval host=\"w1\", count=11 | table host count | transpose",
        "{\"column\":\"host\",\"row 1\":\"w1\"}\n{\"column\":\"count\",\"row 1\":11}",
    )],
    page: "SearchReference/Transpose",
    args: Rule::transpose_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut args = Args::new(&COMMAND, stage)?;
    let count = args.count("int", 5)?;
    let mut rows = Planner::rows_or_events(input);
    if count > 0 {
        rows = Plan::Limit {
            input: Box::new(rows),
            count,
            tail: false,
        };
    }
    Ok(rows.apply(Transpose {
        column_name: args.text("column_name", "column"),
        header: args.get("header_field").map(|l| l.text.clone()),
        include_empty: args.flag("include_empty", true)?,
    }))
}

#[derive(Debug)]
struct Transpose {
    column_name: String,
    header: Option<String>,
    include_empty: bool,
}

impl Kernel for Transpose {
    fn describe(&self) -> String {
        match &self.header {
            Some(header) => format!("transpose names from {header}"),
            None => "transpose".to_owned(),
        }
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let header = self.header.as_deref().filter(|h| input.column(h).is_some());
        let fields: Vec<_> = input
            .columns()
            .iter()
            .filter(|c| Some(c.name.as_str()) != header)
            .filter(|c| self.include_empty || c.values.iter().any(|v| !v.is_null()))
            .collect();
        let mut out = Table::new(fields.len());
        let names = fields.iter().map(|c| Value::text(c.name.clone())).collect();
        out.set(self.column_name.clone(), Type::Text, names);
        for row in 0..input.height() {
            let named = header.and_then(|h| input.value(h, row).into_text());
            let name = named.map_or_else(|| format!("row {}", row + 1), |n| n.into_owned());
            let values: Vec<Value<'static>> =
                fields.iter().map(|c| c.values[row].clone()).collect();
            let kind = match type_of_values(&values) {
                Type::Null => Type::Text,
                kind => kind,
            };
            out.set(name, kind, values);
        }
        Ok(out)
    }
}
