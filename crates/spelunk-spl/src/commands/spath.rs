//! `spath`: extracts fields from JSON and XML.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::spath::Flatten;
use crate::plan::build::{at, call, field, text};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "spath",
    category: Category::Fields,
    synopsis: "spath [input=<field>] [output=<field>] [path=<path> | <path>]",
    options: &[
        ("input", "_raw", "the field that holds the document"),
        ("output", "", "the field for the result; the path by default"),
        ("path", "", "the location path: a.b, a{}.b, a{0} (JSON counts from 0, XML from 1), a{@x}"),
    ],
    doc: "Takes the value at a path out of a JSON or XML document; without a path, makes a field of each value \
          in the document's first 5,000 characters.",
    examples: &[
        (
            "| makeresults | eval j=\"{\\\"a\\\":{\\\"b\\\":[7,8]}}\" | spath input=j output=x path=a.b{1} | table x",
            r#"{"x":"8"}"#,
        ),
        (
            "| makeresults | eval j=\"<r><n id=\\\"1\\\">x</n></r>\" | spath input=j | table r.n r.n{@id}",
            r#"{"r.n":"x","r.n{@id}":"1"}"#,
        ),
    ],
    page: "SearchReference/Spath",
    args: Rule::spath_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let rows = Planner::rows_or_events(input);
    let from = args.text("input", "_raw");
    let positional = args.fields();
    if let [_, second, ..] = positional.as_slice() {
        return Err(Error::syntax(second.span, "`spath` takes one path")
            .hint("several paths need several `spath`, or one without a path"));
    }
    let path = args
        .get("path")
        .map(|l| (l.text.clone(), l.span))
        .or_else(|| positional.first().map(|n| (n.text.clone(), n.span)));
    let Some((path, span)) = path else {
        if let Some(output) = args.get("output") {
            return Err(Error::argument(
                output.span,
                "`output` requires a path",
            )
            .hint("add path=<path>"));
        }
        return Ok(rows.beside(Flatten { from }));
    };
    let output = args.text("output", &path);
    let value = call("spath", vec![field(&from), text(&path)]);
    let value = call("coalesce", vec![value, field(&output)]);
    Ok(rows.set(output, at(value, span)))
}
