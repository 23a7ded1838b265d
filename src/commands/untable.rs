//! `untable`: columns become rows.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::{Table, type_of_values};
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "untable",
    category: Category::Reporting,
    synopsis: "untable <row field> <name field> <data field>",
    doc: "A row for each value of each row: the first field stays, the second gets the name of the former column, the third the value. `xyseries` undoes it.",
    examples: &[(
        "| makeresults | eval k=\"r\", a=1, b=2 | table k a b | untable k name value",
        "{\"k\":\"r\",\"name\":\"a\",\"value\":1}\n{\"k\":\"r\",\"name\":\"b\",\"value\":2}",
    )],
    page: "SearchReference/Untable",
    args: Rule::untable_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [row, name, value] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`untable` takes three fields")
            .hint("for example: | timechart count BY host | untable _time host count"));
    };
    Ok(Planner::rows_or_events(input).apply(Untable {
        row: row.text.clone(),
        name: name.text.clone(),
        value: value.text.clone(),
    }))
}

#[derive(Debug)]
struct Untable {
    row: String,
    name: String,
    value: String,
}

impl Kernel for Untable {
    fn describe(&self) -> String {
        format!("unpivot {} AS {} {}", self.row, self.name, self.value)
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let columns: Vec<_> = input
            .columns()
            .iter()
            .filter(|c| c.name != self.row && !c.name.starts_with('_'))
            .collect();
        let (mut rows, mut names, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..input.height() {
            for column in columns.iter().filter(|c| !c.values[row].is_null()) {
                rows.push(input.value(&self.row, row).into_owned());
                names.push(Value::text(column.name.clone()));
                values.push(column.values[row].clone());
            }
        }
        let mut out = Table::new(rows.len());
        let kind = input.column(&self.row).map_or(Type::Text, |c| c.kind);
        out.set(self.row.clone(), kind, rows);
        out.set(self.name.clone(), Type::Text, names);
        let kind = type_of_values(&values);
        out.set(self.value.clone(), kind, values);
        Ok(out)
    }
}
