//! `filldown`: replaces missing values with the last non-missing value.

use crate::commands::args::{Args, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::plan::schema::Pattern;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "filldown",
    category: Category::Fields,
    synopsis: "filldown [<field or pattern>...]",
    doc: "Fills missing values of the named fields, or of all, with the last value of the preceding rows.",
    examples: &[(
        "| makeresults count=3 | streamstats count AS n | eval a=if(n=2, null(), n) | filldown a | table n a",
        "{\"n\":1,\"a\":1}\n{\"n\":2,\"a\":1}\n{\"n\":3,\"a\":3}",
    )],
    page: "SearchReference/Filldown",
    args: Rule::filldown_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut fields = patterns(&args.fields());
    if fields.is_empty() {
        fields.push(Pattern::new("*"));
    }
    Ok(Plan::ForwardFill {
        input: Box::new(Planner::rows_or_events(input)),
        fields,
    })
}
