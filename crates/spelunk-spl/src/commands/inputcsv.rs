//! `inputcsv`: the rows of a CSV file in the home folder.

use crate::commands::args::Args;
use crate::commands::inputlookup::table_rows;
use crate::commands::outputlookup::inside;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::inputcsv::{ReadCsv, file};
use crate::plan::table::Table;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "inputcsv",
    category: Category::Generating,
    synopsis: "| inputcsv [append=<bool>] [strict=<bool>] [start=<N>] [max=<N>] [events=<bool>] <file> [where <search expression>]",
    options: &[
        ("append", "false", "puts the rows after those there are"),
        ("strict", "false", "whether a missing file is an error; otherwise it returns no rows"),
        ("start", "0", "the number of rows to skip"),
        ("max", "1000000000", "rows taken"),
        ("events", "false", "accepted: rows with `_raw` and `_time` are events"),
        ("dispatch", "false", "accepted without effect: there are no job folders"),
    ],
    doc: "Gives the rows of `csv/<file>.csv` in the home folder, which `outputcsv` wrote.",
    examples: &[("| inputcsv nosuch | stats count", "{\"count\":0}")],
    page: "SearchReference/Inputcsv",
    args: Rule::inputcsv_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let names = args.fields();
    let [name] = names.as_slice() else {
        return Err(Error::syntax(stage.span, "`inputcsv` needs one file"));
    };
    inside(&name.text, name.span)?;
    let rows = Plan::Values(Table::default().into()).apply(ReadCsv {
        path: planner.context.home.join("csv").join(file(&name.text)),
        strict: args.flag("strict", false)?,
    });
    table_rows(planner, &COMMAND, stage, &args, rows, input)
}
