//! `top`: the most frequent values.

use crate::commands::{Category, Command, DEFAULT, Planner, rank};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "top",
    category: Category::Reporting,
    synopsis: "top [<N>] [<options>] <field>... [BY <field>...]",
    options: rank::OPTIONS,
    doc: "The most frequent values of a field, or combinations of several, with count and share; with BY, within each group.",
    examples: &[(
        "| makeresults | eval k=split(\"p,q,p\", \",\") | top limit=1 k showperc=f",
        r#"{"k":"p","count":2}"#,
    )],
    page: "SearchReference/Top",
    args: Rule::top_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    rank::plan(&COMMAND, stage, input, false)
}
