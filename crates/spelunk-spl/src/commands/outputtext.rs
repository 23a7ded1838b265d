//! `outputtext`: the text of events as a field.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::plan::build::{call, field, text};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "outputtext",
    category: Category::Fields,
    synopsis: "outputtext [usexml=<bool>]",
    options: &[("usexml", "true", "whether `&`, `<` and `>` are written as XML wants them")],
    doc: "Gives the field `_xml` the text of the event.",
    examples: &[(
        "| makeresults | eval _raw=\"a < b\" | outputtext | eval x=_xml | table x",
        r#"{"x":"a &lt; b"}"#,
    )],
    page: "SearchReference/Outputtext",
    args: Rule::outputtext_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut value = field("_raw");
    if args.flag("usexml", true)? {
        for (from, to) in [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")] {
            value = call("replace", vec![value, text(from), text(to)]);
        }
    }
    Ok(Planner::rows_or_events(input).set("_xml", value))
}
