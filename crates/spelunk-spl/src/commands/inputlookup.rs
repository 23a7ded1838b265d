//! `inputlookup`: the rows of a lookup table.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::table::Table;
use crate::plan::{Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "inputlookup",
    category: Category::Generating,
    synopsis: "| inputlookup [append=<bool>] [start=<N>] [max=<N>] <lookup or file.csv> [where <search expression>]",
    options: &[
        ("append", "false", "puts the rows after those there are"),
        ("start", "0", "the number of rows to skip"),
        ("max", "1000000000", "rows taken"),
        ("strict", "false", "whether a lookup that does not exist is an error; otherwise it has no rows, with a warning"),
    ],
    doc: "Gives the rows of a lookup table, all or those that satisfy a search expression.",
    page: "SearchReference/Inputlookup",
    args: Rule::inputlookup_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let names = args.fields();
    let [name] = names.as_slice() else {
        return Err(Error::syntax(stage.span, "`inputlookup` needs one lookup"));
    };
    let rows = match planner.context.catalog.find_lookup(&name.text) {
        Ok(_) => Plan::Scan(Scan::Lookup((*name).clone())),
        Err(error) if args.flag("strict", false)? => return Err(error.at(name.span)),
        Err(error) => {
            let hints: String = error.hints.iter().map(|hint| format!("; {hint}")).collect();
            planner.context.notice(format!(
                "the lookup `{}` does not exist, so `inputlookup` returns no rows{hints}",
                name.text
            ));
            Plan::Values(Table::new(0).into())
        }
    };
    table_rows(planner, &COMMAND, stage, &args, rows, input)
}

/// The rows of a table that the arguments select, after the current rows with `append=true`.
pub(super) fn table_rows(
    planner: &mut Planner<'_>,
    command: &Command,
    stage: &Stage,
    args: &Args<'_>,
    mut rows: Plan,
    input: Option<Plan>,
) -> Result<Plan> {
    for arg in &args.rest {
        if let ArgKind::Search(search) = &arg.kind {
            rows = planner.search_filter(rows, search)?;
        }
    }
    let start = args.number("start", 0)?;
    if start > 0 {
        rows = Plan::Skip {
            input: Box::new(rows),
            count: start,
        };
    }
    if args.get("max").is_some() {
        rows = Plan::Limit {
            input: Box::new(rows),
            count: args.number("max", 0)?,
            tail: false,
        };
    }
    match input {
        Some(before) if args.flag("append", false)? => Ok(Plan::Union {
            inputs: vec![before, rows],
        }),
        Some(_) => Err(Error::syntax(
            stage.name.span,
            format!("`{}` begins a search", command.name),
        )
        .hint("with append=true it adds its rows to those there are")),
        None => Ok(rows),
    }
}
