//! `addcoltotals`: sums of columns.

use crate::commands::args::{Args, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::totals::Totals;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "addcoltotals",
    category: Category::Reporting,
    synopsis: "addcoltotals [labelfield=<field>] [label=<text>] [<field or pattern>...]",
    options: &[
        ("labelfield", "", "the field of the last row that gets the label"),
        ("label", "Total", "the label of the last row"),
        ("fieldname", "", "accepted without effect: it is an option of addtotals"),
    ],
    doc: "Adds a last row with the sum of each column of numbers, of the named fields or of all.",
    examples: &[(
        "| makeresults count=2 | eval k=\"a\", v=2 | table k v | addcoltotals labelfield=k",
        "{\"k\":\"a\",\"v\":2}\n{\"k\":\"a\",\"v\":2}\n{\"k\":\"Total\",\"v\":4}",
    )],
    page: "SearchReference/Addcoltotals",
    args: Rule::addcoltotals_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let label = args.text("label", "Total");
    Ok(Planner::rows_or_events(input).apply(Totals {
        fields: patterns(&args.fields()),
        row: None,
        column: true,
        label: args.get("labelfield").map(|l| (l.text.clone(), label)),
    }))
}
