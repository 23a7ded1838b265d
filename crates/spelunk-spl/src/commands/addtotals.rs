//! `addtotals`: sums of rows, and of columns.

use crate::commands::args::{Args, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::totals::Totals;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "addtotals",
    category: Category::Reporting,
    synopsis: "addtotals [row=<bool>] [col=<bool>] [fieldname=<field>] [labelfield=<field>] [label=<text>] [<field or pattern>...]",
    options: &[
        ("row", "true", "whether each row gets its sum"),
        ("col", "false", "whether a last row gets the sum of each column"),
        ("fieldname", "Total", "the field of the sums of rows"),
        ("labelfield", "", "the field of the last row that gets the label"),
        ("label", "Total", "the label of the last row"),
    ],
    doc: "Adds to each row the sum of its numbers, of the named fields or of all; with col a last row of the sums of columns.",
    examples: &[(
        "| makeresults | eval a=1, b=2, c=\"x\" | addtotals | table a b Total",
        r#"{"a":1,"b":2,"Total":3}"#,
    )],
    page: "SearchReference/Addtotals",
    args: Rule::addtotals_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let label = args.text("label", "Total");
    Ok(Planner::rows_or_events(input).apply(Totals {
        fields: patterns(&args.fields()),
        row: args.flag("row", true)?.then(|| args.text("fieldname", "Total")),
        column: args.flag("col", false)?,
        label: args.get("labelfield").map(|l| (l.text.clone(), label)),
    }))
}
