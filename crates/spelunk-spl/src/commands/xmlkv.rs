//! `xmlkv`: extracts fields from XML elements.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::xmlkv::Elements;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "xmlkv",
    category: Category::Fields,
    synopsis: "xmlkv [<field>] [maxinputs=<N>]",
    options: &[("maxinputs", "50000", "accepted: rows are not handed over in portions")],
    doc: "Makes a field of each XML element that holds only text, by the element's name; of several of one name the last counts.",
    examples: &[(
        "| makeresults | eval _raw=\"<name>disk</name><size unit=\\\"g\\\">7</size>\" | xmlkv | table name size",
        r#"{"name":"disk","size":"7"}"#,
    )],
    page: "SearchReference/Xmlkv",
    args: Rule::xmlkv_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    args.number("maxinputs", 50_000)?;
    let fields = args.fields();
    if let [_, second, ..] = fields.as_slice() {
        return Err(Error::syntax(second.span, "`xmlkv` reads one field"));
    }
    let from = fields.first().map_or("_raw", |n| &n.text).to_owned();
    Ok(Planner::rows_or_events(input).beside(Elements { from }))
}
