//! `transpose`: turns rows into columns.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::transpose::Transpose;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

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
