//! `dedup`: keeps the first rows of each combination of values.

use crate::commands::args::{Args, names, sort_keys, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "dedup",
    category: Category::Filtering,
    synopsis: "dedup [<N>] <field>... [keepevents=<bool>] [keepempty=<bool>] [consecutive=<bool>] [sortby [+|-]<field>...]",
    options: &[
        ("keepevents", "false", "keeps all rows, but removes the fields from the repeated ones"),
        ("keepempty", "false", "keeps rows that lack a field"),
        ("consecutive", "false", "only neighbours count as repeated"),
    ],
    doc: "Keeps the first row (or the first N) of each combination of the fields' values.",
    examples: &[(
        "| makeresults count=3 | eval a=1 | dedup a | table a",
        r#"{"a":1}"#,
    )],
    page: "SearchReference/Dedup",
    args: Rule::dedup_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut args = Args::new(&COMMAND, stage)?;
    let sort_by = sort_keys(&args.after("SORTBY"));
    let at = args
        .rest
        .iter()
        .position(|a| matches!(&a.kind, ArgKind::Keyword(_)))
        .unwrap_or(args.rest.len());
    args.rest.truncate(at);
    let count = args.count("N", 1)?;
    if count == 0 {
        return Err(Error::argument(stage.span, "`dedup` keeps at least 1 row"));
    }
    let fields = texts(&names(&args.rest));
    if fields.is_empty() {
        return Err(Error::syntax(stage.span, "`dedup` needs a field"));
    }
    let mut rows = Planner::rows_or_events(input);
    if !sort_by.is_empty() {
        // Sorts first, so that the first row of each combination is the one to keep.
        rows = Plan::Sort {
            input: Box::new(rows),
            keys: sort_by,
            limit: 0,
        };
    }
    Ok(Plan::Distinct {
        input: Box::new(rows),
        fields,
        count,
        keep_empty: args.flag("keepempty", false)?,
        keep_events: args.flag("keepevents", false)?,
        consecutive: args.flag("consecutive", false)?,
    })
}
