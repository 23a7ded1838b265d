//! `xpath`: extracts values from XML by XPath.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::xpath::XPath;
use crate::kernels::xpath::Find;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "xpath",
    category: Category::Fields,
    synopsis: "xpath [outfield=<field>] \"<XPath>\" [default=<text>] [field=<field>]",
    options: &[
        ("outfield", "xpath", "the field that is filled"),
        ("default", "", "the value where nothing is found"),
        ("field", "_raw", "the field that holds the XML"),
    ],
    doc: "Takes what an XPath expression finds in the XML of a field; several nodes make a multivalue.",
    examples: &[(
        "| makeresults | eval _raw=\"<a><b id=\\\"1\\\">x</b><b id=\\\"2\\\">y</b></a>\" | xpath outfield=v \"//b[@id='2']\" | table v",
        r#"{"v":"y"}"#,
    )],
    page: "SearchReference/Xpath",
    args: Rule::xpath_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut paths = args.rest.iter().filter_map(|arg| match &arg.kind {
        ArgKind::Literal(literal) => Some((&literal.text, literal.span)),
        ArgKind::Field(name) => Some((&name.text, name.span)),
        _ => None,
    });
    let Some((path, span)) = paths.next() else {
        return Err(Error::syntax(stage.span, "`xpath` needs an expression in quotes"));
    };
    if let Some((_, second)) = paths.next() {
        return Err(Error::syntax(second, "`xpath` takes one expression"));
    }
    Ok(Planner::rows_or_events(input).beside(Find {
        text: path.clone(),
        path: XPath::new(path).map_err(|why| Error::argument(span, why))?,
        from: args.text("field", "_raw"),
        output: args.text("outfield", "xpath"),
        default: args.get("default").map(|l| l.text.clone()),
    }))
}
