//! `outputlookup`: writes the rows to a lookup table.

use std::sync::Arc;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, ErrorKind, Result};
use crate::kernels::outputlookup::Written;
use crate::knowledge::lookups::{LookupKind, is_plain_name, is_table_name};
use crate::plan::effects::{TableEffect, TablePlace};
use crate::plan::Plan;
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "outputlookup",
    category: Category::Combining,
    synopsis: "outputlookup [append=<bool>] [create_empty=<bool>] [override_if_empty=<bool>] [max=<N>] [key_field=<field>] <lookup or file.csv>",
    options: &[
        ("append", "false", "puts the rows after those of the table; fields that it has no column for are left out"),
        ("create_empty", "true", "whether to write a table if there are no rows"),
        ("override_if_empty", "true", "whether no rows take the place of those there are"),
        ("max", "0", "rows written at most; 0 for all"),
        ("key_field", "", "rows take the place of those with the same key; the field's value becomes `_key`"),
        ("output_format", "splunk_sv_csv", "splunk_mv_csv also writes each value of a multivalue in a column of its own kind"),
        ("allow_updates", "true", "accepted without effect: with key_field rows take the place of others anyway"),
        ("createinapp", "false", "accepted without effect: tables are in the home folder"),
        ("create_context", "app", "accepted"),
    ],
    doc: "Writes the rows into a lookup table in the home folder once the search has succeeded, and passes them through. A lookup of an app or content folder is not changed: the written table takes precedence.",
    page: "SearchReference/Outputlookup",
    args: Rule::outputlookup_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let names = args.fields();
    let [name] = names.as_slice() else {
        return Err(Error::syntax(stage.span, "`outputlookup` needs one lookup"));
    };
    let key = args.get("key_field").map(|l| l.text.clone());
    let append = args.flag("append", false)?;
    let (place, file, columns) = match planner.context.catalog.lookup_definition(&name.text) {
        Some(found) => match &found.kind {
            LookupKind::File(path) => {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                (TablePlace::Lookups, file.into_owned(), Vec::new())
            }
            LookupKind::Collection { collection, fields } => {
                let mut columns = vec!["_key".to_owned()];
                columns.extend(fields.iter().filter(|f| *f != "_key").cloned());
                (TablePlace::Collections, collection.clone(), columns)
            }
            LookupKind::External { what, .. } => {
                return Err(Error::data(format!("`{}` is {what}: it can't be written", name.text))
                    .at(name.span));
            }
        },
        None if is_table_name(&name.text) => {
            inside(&name.text, name.span)?;
            (TablePlace::Lookups, name.text.clone(), Vec::new())
        }
        None => {
            return Err(Error::new(ErrorKind::UnknownLookup(name.text.clone()))
                .at(name.span)
                .hint("the name of a new file ends in .csv or .csv.gz"));
        }
    };
    if place == TablePlace::Lookups && key.is_some() {
        let span = args.get("key_field").map_or(stage.span, |l| l.span);
        return Err(Error::argument(
            span,
            "`key_field` is for KV-store collections, and this lookup is a CSV file",
        ));
    }
    if place == TablePlace::Collections && !is_plain_name(&file) {
        return Err(outside(&file, name.span));
    }
    Ok(Planner::rows_or_events(input).apply(Written {
        key_field: key,
        most: args.number("max", 0)?,
        effect: TableEffect {
            place,
            name: file,
            rows: Arc::default(),
            append,
            create_empty: args.flag("create_empty", true)?,
            override_if_empty: args.flag("override_if_empty", true)?,
            key: None,
            columns,
            multivalues: args.text("output_format", "splunk_sv_csv") == "splunk_mv_csv",
        },
    }))
}

/// Rejects a name that leads out of the folder.
///
/// # Errors
/// If the name contains a folder.
pub(super) fn inside(name: &str, span: Span) -> Result<()> {
    if is_plain_name(name) && !name.starts_with('.') {
        return Ok(());
    }
    Err(outside(name, span))
}

fn outside(name: &str, span: Span) -> Error {
    Error::argument(span, format!("`{name}` leads out of the home folder"))
        .hint("give the table's name without a folder: tables are in the home folder (--home)")
}
