//! `rare`: the least frequent values.

use crate::commands::{Category, Command, DEFAULT, Planner, rank};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "rare",
    category: Category::Reporting,
    synopsis: "rare [<N>] [<options>] <field>... [BY <field>...]",
    options: rank::OPTIONS,
    doc: "The least frequent values of a field, or combinations of several, with count and share; with BY, within each group.",
    examples: &[(
        "| makeresults | eval k=split(\"p,q,p\", \",\") | rare limit=1 k showperc=f",
        r#"{"k":"q","count":1}"#,
    )],
    page: "SearchReference/Rare",
    args: Rule::rare_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    rank::plan(&COMMAND, stage, input, true)
}
