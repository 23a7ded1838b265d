//! `table`: keeps the given columns, in the given order.

use crate::commands::args::{Args, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::{Plan, Projection};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "table",
    category: Category::Fields,
    synopsis: "table <field or pattern>...",
    doc: "Keeps the named columns in the given order, including those that no row has.",
    examples: &[(
        "| makeresults | eval a=1, ab=2, c=3 | table c a*",
        r#"{"c":3,"a":1,"ab":2}"#,
    )],
    page: "SearchReference/Table",
    args: Rule::table_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    if fields.is_empty() {
        return Err(Error::syntax(stage.span, "`table` needs a field"));
    }
    Ok(Plan::Project {
        input: Box::new(Planner::rows_or_events(input)),
        mode: Projection::Table,
        fields: patterns(&fields),
    })
}
