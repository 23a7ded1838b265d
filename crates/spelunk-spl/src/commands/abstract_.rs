//! `abstract`: the most relevant lines of an event.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::abstract_::Abstract;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "abstract",
    category: Category::Fields,
    synopsis: "abstract [maxlines=<N>] [maxterms=<N>]",
    options: &[
        ("maxlines", "10", "lines kept, at most 500"),
        ("maxterms", "1000", "number of words of each line to examine, at most 1000"),
    ],
    doc: "Puts in place of an event's text its lines that hold the most different words, in their order; ties go to the earlier line.",
    examples: &[(
        "| makeresults | eval _raw=\"a\nb c d\ne f\" | abstract maxlines=2 | eval text=replace(_raw, \"\\n\", \"/\") | table text",
        r#"{"text":"b c d/e f"}"#,
    )],
    page: "SearchReference/Abstract",
    args: Rule::abstract_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    Ok(Planner::rows_or_events(input).apply(Abstract {
        lines: args.number("maxlines", 10)?.min(500),
        terms: args.number("maxterms", 1000)?.min(1000),
    }))
}
