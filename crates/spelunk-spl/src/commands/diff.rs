//! `diff`: the lines in which two rows differ.


use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::diff::Diff;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "diff",
    category: Category::Reporting,
    synopsis: "diff [position1=<N>] [position2=<N>] [attribute=<field>] [diffheader=<bool>] [context=<bool>] [maxlen=<N>]",
    options: &[
        ("position1", "1", "the first row, counted from 1"),
        ("position2", "2", "the second row"),
        ("attribute", "_raw", "the field that is compared"),
        ("diffheader", "false", "adds the two header lines that `patch` expects"),
        ("context", "false", "the form of a context diff instead of a unified one"),
        ("maxlen", "100000", "bytes compared; 0 for all"),
    ],
    doc: "Compares a field of two rows line by line and gives one row with the differences.",
    examples: &[(
        "| makeresults format=csv data=\"_raw\na\nb\" | diff | table _raw",
        r#"{"_raw":"@@ -1 +1 @@\n-a\n+b"}"#,
    )],
    page: "SearchReference/Diff",
    args: Rule::diff_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let position = |name: &str, default: usize| -> Result<usize> {
        let position = args.number(name, default)?;
        position.checked_sub(1).ok_or_else(|| {
            let span = args.get(name).map_or(stage.span, |l| l.span);
            Error::argument(span, "rows are counted from 1")
        })
    };
    Ok(Planner::rows_or_events(input).apply(Diff {
        first: position("position1", 1)?,
        second: position("position2", 2)?,
        field: args.text("attribute", "_raw"),
        header: args.flag("diffheader", false)?,
        context: args.flag("context", false)?,
        most: args.number("maxlen", 100_000)?,
    }))
}
