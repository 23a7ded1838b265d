//! `fieldformat`: how a field is displayed.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "fieldformat",
    category: Category::Fields,
    synopsis: "fieldformat <field>=<expression> [, <field>=<expression>]...",
    doc: "Displays a field as the expression formats it; later commands still see the unformatted value.",
    examples: &[(
        "| makeresults | eval n=1234567 | fieldformat n=tostring(n, \"commas\") | eval m=n+1 | table n m",
        r#"{"n":"1,234,567","m":1234568}"#,
    )],
    page: "SearchReference/Fieldformat",
    args: Rule::fieldformat_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    for arg in &args.rest {
        if let ArgKind::Assign { field, value } = &arg.kind {
            planner.show_as(&field.text, value);
        }
    }
    if args.rest.is_empty() {
        return Err(Error::syntax(stage.span, "`fieldformat` needs <field>=<expression>"));
    }
    Ok(Planner::rows_or_events(input))
}
