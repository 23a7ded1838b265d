//! `untable`: turns columns into rows.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::untable::Untable;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

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
