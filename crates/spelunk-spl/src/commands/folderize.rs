//! `folderize`: groups values by their common prefixes.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::folderize::Folders;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "folderize",
    category: Category::Reporting,
    synopsis: "folderize attr=<field> [sep=<text>] [size=<field>] [minfolders=<N>] [maxfolders=<N>]",
    options: &[
        ("attr", "", "the field that is grouped"),
        ("sep", "::", "what separates the parts of its values"),
        ("size", "totalCount", "the field that gets the size of a folder: the sum over its rows, or their number"),
        ("minfolders", "2", "folders at least, where there are so many"),
        ("maxfolders", "20", "folders at most, where the first parts of the values allow it"),
    ],
    doc: "Replaces the values of a field by what they begin with, as many parts of them as give between minfolders and maxfolders groups.",
    examples: &[(
        "| makeresults | eval s=\"a/x/1,a/x/2,b/y/3\" | makemv delim=\",\" s | mvexpand s | table s | folderize attr=s sep=\"/\" size=n maxfolders=2",
        "{\"s\":\"a/x\",\"n\":2}\n{\"s\":\"b/y/3\",\"n\":1}",
    )],
    page: "SearchReference/Folderize",
    args: Rule::folderize_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let field = args
        .get("attr")
        .ok_or_else(|| Error::syntax(stage.span, "`folderize` needs attr=<field>"))?;
    let sep = args.text("sep", "::");
    if let (true, Some(l)) = (sep.is_empty(), args.get("sep")) {
        return Err(Error::argument(l.span, "`sep` takes at least one character"));
    }
    Ok(Planner::rows_or_events(input).apply(Folders {
        field: field.text.clone(),
        sep,
        size: args.text("size", "totalCount"),
        least: args.number("minfolders", 2)?,
        most: args.number("maxfolders", 20)?,
    }))
}
