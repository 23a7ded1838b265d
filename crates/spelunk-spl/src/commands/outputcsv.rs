//! `outputcsv`: writes the rows to a CSV file in the home folder.

use std::sync::Arc;

use crate::commands::args::Args;
use crate::commands::outputlookup::inside;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::inputcsv::file;
use crate::kernels::outputlookup::Written;
use crate::plan::Plan;
use crate::plan::effects::{TableEffect, TablePlace};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "outputcsv",
    category: Category::Combining,
    synopsis: "outputcsv [append=<bool>] [create_empty=<bool>] [override_if_empty=<bool>] <file>",
    options: &[
        ("append", "false", "puts the rows after those of the file; fields that it has no column for are left out"),
        ("create_empty", "false", "whether to write a file if there are no rows"),
        ("override_if_empty", "true", "whether no rows take the place of those there are"),
        ("dispatch", "false", "accepted without effect: there are no job folders"),
        ("singlefile", "true", "accepted"),
        ("usexml", "false", "only false is supported"),
    ],
    doc: "Writes the rows into `csv/<file>.csv` in the home folder, when the search has succeeded, and hands them on; `inputcsv` reads it.",
    page: "SearchReference/Outputcsv",
    args: Rule::outputcsv_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    if args.flag("usexml", false)? {
        return Err(Error::argument(stage.span, "`outputcsv usexml=true` is not supported"));
    }
    let names = args.fields();
    let [name] = names.as_slice() else {
        return Err(Error::syntax(stage.span, "`outputcsv` needs one file")
            .hint("spelunk writes rows as CSV with --format csv"));
    };
    inside(&name.text, name.span)?;
    Ok(Planner::rows_or_events(input).apply(Written {
        key_field: None,
        most: 0,
        effect: TableEffect {
            place: TablePlace::Csv,
            name: file(&name.text),
            rows: Arc::default(),
            append: args.flag("append", false)?,
            create_empty: args.flag("create_empty", false)?,
            override_if_empty: args.flag("override_if_empty", true)?,
            key: None,
            columns: Vec::new(),
            multivalues: false,
        },
    }))
}
