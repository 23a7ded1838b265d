//! `lookup`: adds columns from a lookup table.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{Arg, ArgKind, Name, Stage};

pub(super) const COMMAND: Command = Command {
    name: "lookup",
    category: Category::Combining,
    synopsis: "lookup <lookup> <column> [AS <field>]... [OUTPUT|OUTPUTNEW <column> [AS <field>]...]",
    options: &[
        ("update", "false", "accepted: the table is read for each search"),
        ("event_time_field", "_time", "accepted"),
    ],
    doc: "Adds columns of a lookup table from the rows whose key columns match fields. OUTPUT overwrites, OUTPUTNEW fills only missing values; without either, all other columns are added. Several matching rows give a multivalue.",
    page: "SearchReference/Lookup",
    args: Rule::lookup_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut rest = args.rest.iter();
    let Some(ArgKind::Field(lookup)) = rest.next().map(|a| &a.kind) else {
        return Err(Error::syntax(stage.span, "`lookup` needs a lookup"));
    };
    planner
        .context
        .catalog
        .find_lookup(&lookup.text)
        .map_err(|e| e.at(lookup.span))?;
    let keys: Vec<(Name, Name)> = rest
        .take_while(|a| !matches!(a.kind, ArgKind::Keyword(_)))
        .filter_map(|a| pair(a))
        .collect();
    if keys.is_empty() {
        return Err(Error::syntax(stage.span, "`lookup` needs a field to match"));
    }
    let (outputs, overwrite) = if args.has_keyword("OUTPUTNEW") {
        (args.after("OUTPUTNEW"), false)
    } else {
        (args.after("OUTPUT"), true)
    };
    Ok(Plan::Lookup {
        input: Box::new(Planner::rows_or_events(input)),
        lookup: lookup.clone(),
        keys,
        outputs: outputs.into_iter().filter_map(pair).collect(),
        overwrite,
    })
}

/// `column AS field`, or one name for both.
fn pair(arg: &Arg) -> Option<(Name, Name)> {
    match &arg.kind {
        ArgKind::Pair { from, to } => Some((from.clone(), to.clone())),
        ArgKind::Field(name) => Some((name.clone(), name.clone())),
        _ => None,
    }
}
