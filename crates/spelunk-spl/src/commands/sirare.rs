//! `sirare`: prepares `rare`.

use crate::commands::args::{Args, names, texts};
use crate::commands::{Category, Command, DEFAULT, Planner, prestats, rank};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "sirare",
    category: Category::Reporting,
    synopsis: "sirare <arguments of rare>",
    options: rank::OPTIONS,
    doc: "Prepares rows for `rare` of the same shape, which then gives the answer: for summary indexing. Here it passes the rows themselves through, with the fields that are needed.",
    examples: &[(
        "| makeresults count=2 | eval k=\"a\" | sirare k | rare k showperc=f",
        r#"{"k":"a","count":2}"#,
    )],
    page: "SearchReference/Sirare",
    args: Rule::sirare_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut fields = texts(&names(&args.rest));
    if fields.is_empty() {
        return Err(Error::syntax(stage.span, "`sirare` needs a field"));
    }
    fields.extend(texts(&args.by()));
    Ok(prestats::needed(Planner::rows_or_events(input), &[], &fields))
}
