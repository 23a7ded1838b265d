//! `correlate`: how often fields occur together.

use crate::commands::args::{Args, choice};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::correlate::Correlate;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "correlate",
    category: Category::Reporting,
    synopsis: "correlate",
    options: &[("type", "cocur", "there is only co-occurrence")],
    doc: "A matrix of all fields: the share of the rows with one of two fields that have both.",
    examples: &[(
        "| makeresults count=1 | eval a=1, b=2 | fields - _time | correlate",
        "{\"RowField\":\"a\",\"a\":1,\"b\":1}\n{\"RowField\":\"b\",\"a\":1,\"b\":1}",
    )],
    page: "SearchReference/Correlate",
    args: Rule::correlate_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    choice(&args, "type", &[&["cocur"]])?;
    Ok(Planner::rows_or_events(input).apply(Correlate))
}
