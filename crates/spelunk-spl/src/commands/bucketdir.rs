//! `bucketdir`: rolls paths up into directories.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::bucketdir::Directories;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "bucketdir",
    category: Category::Reporting,
    synopsis: "bucketdir [pathfield=<field>] [sizefield=<field>] [maxcount=<N>] [countfield=<field>] [sep=<character>]",
    options: &[
        ("pathfield", "source", "the field with the path"),
        ("sizefield", "totalCount", "the field with the size"),
        ("maxcount", "20", "rows at most"),
        ("countfield", "totalCount", "the field with the count of events"),
        ("sep", "/", "what separates the parts of a path"),
    ],
    doc: "Rolls paths up into directories until there are at most maxcount rows, directories with many entries and few events first. \
          Sizes and counts are summed.",
    examples: &[(
        "| makeresults | eval s=\"/a/x,/a/y,/b/z\" | makemv delim=\",\" s | mvexpand s | eval n=1 | table s n | bucketdir pathfield=s sizefield=n countfield=n maxcount=2",
        "{\"s\":\"/b/z\",\"n\":1}\n{\"s\":\"/a/\",\"n\":2}",
    )],
    page: "SearchReference/Bucketdir",
    args: Rule::bucketdir_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let sep = args.text("sep", "/");
    if let (true, Some(l)) = (sep.is_empty(), args.get("sep")) {
        return Err(Error::argument(l.span, "`sep` takes at least one character"));
    }
    Ok(Planner::rows_or_events(input).apply(Directories {
        path: args.text("pathfield", "source"),
        sums: [
            args.text("sizefield", "totalCount"),
            args.text("countfield", "totalCount"),
        ],
        most: args.number("maxcount", 20)?.max(1),
        sep,
    }))
}
