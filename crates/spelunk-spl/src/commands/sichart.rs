//! `sichart`: prepares `chart`.

use crate::commands::series::{self, Series};
use crate::commands::{Category, Command, DEFAULT, Planner, prestats};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "sichart",
    category: Category::Reporting,
    synopsis: "sichart <arguments of chart>",
    options: &series::OPTIONS,
    doc: "Prepares rows for `chart` of the same shape, which then gives the answer: for summary indexing. Here it passes the rows themselves through, with the fields that are needed.",
    examples: &[(
        "| makeresults count=2 | eval k=\"a\" | sichart count BY k | chart count BY k",
        r#"{"k":"a","count":2}"#,
    )],
    page: "SearchReference/Sichart",
    args: Rule::sichart_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let series = Series::new(planner, &COMMAND, stage)?;
    let by: Vec<String> = series.axes.iter().map(|a| a.name.text.clone()).collect();
    let rows = Planner::rows_or_events(input);
    Ok(prestats::needed(rows, &series.aggregates, &by))
}
