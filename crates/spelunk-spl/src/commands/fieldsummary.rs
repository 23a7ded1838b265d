//! `fieldsummary`: a row of statistics for each field.

use crate::commands::args::{Args, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::fieldsummary::FieldSummary;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "fieldsummary",
    category: Category::Reporting,
    synopsis: "fieldsummary [maxvals=<N>] [<field or pattern>...]",
    options: &[("maxvals", "100", "how many values of a field are listed")],
    doc: "A row for each field: how many rows have it, how many distinct values there are, the figures of those that \
          are numbers, and the most frequent values with their counts as JSON. `is_exact` is 0 where there are more \
          than `maxvals` values.",
    examples: &[(
        "| makeresults count=2 | eval n=3 | fieldsummary n",
        r#"{"field":"n","count":2,"distinct_count":1,"is_exact":1,"max":3,"mean":3,"min":3,"numeric_count":2,"stdev":0,"values":"[{\"value\":\"3\",\"count\":2}]"}"#,
    )],
    page: "SearchReference/Fieldsummary",
    args: Rule::fieldsummary_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let kernel = FieldSummary {
        fields: patterns(&args.fields()),
        most: args.number("maxvals", 100)?,
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}
