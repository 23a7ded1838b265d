//! `from`: the rows of a data model's data set, a lookup or a saved search.

use crate::commands::args::Args;
use crate::commands::dataset::NamedDataset;
use crate::commands::savedsearch::saved;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::{Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{Name, Stage};

pub(super) const COMMAND: Command = Command {
    name: "from",
    category: Category::Generating,
    synopsis: "| from datamodel:<Model>[.<Dataset>] | lookup:<lookup> | savedsearch:<name>",
    doc: "Gives the rows of a data set of a data model, its fields under their own names; of a lookup table; or of a saved search.",
    examples: &[("| from datamodel:Endpoint.Processes | stats count", "{\"count\":0}")],
    page: "SearchReference/From",
    args: Rule::from_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`from` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let usage = || {
        Error::syntax(stage.span, "`from` needs a kind of data set and its name")
            .hint(format!("usage: {}", COMMAND.synopsis))
    };
    // `datamodel:X`, `datamodel:"X"`, `datamodel X`, `"datamodel:X"`
    let fields = args.fields();
    let (kind, name) = match fields.as_slice() {
        [one] => match one.text.split_once(':') {
            Some((kind, name)) => (kind.to_owned(), ((*one).clone(), name.to_owned())),
            None => return Err(usage()),
        },
        [kind, name] => (
            kind.text.trim_end_matches(':').to_owned(),
            ((*name).clone(), name.text.clone()),
        ),
        _ => return Err(usage()),
    };
    named(planner, &kind, &name.1, &name.0)
}

/// The rows of a data set of the given kind, named at the span of `whole`.
///
/// # Errors
/// If the kind or the data set is unknown.
pub(super) fn named(
    planner: &mut Planner<'_>,
    kind: &str,
    text: &str,
    whole: &Name,
) -> Result<Plan> {
    let name = Name {
        text: text.trim().trim_matches('"').to_owned(),
        ..whole.clone()
    };
    match kind.trim().to_ascii_lowercase().as_str() {
        "datamodel" => {
            let dataset = NamedDataset::find(planner.context, &name.text, None, name.span)?;
            Ok(dataset.flat_rows(planner.context, false))
        }
        "lookup" | "inputlookup" => {
            let catalog = &planner.context.catalog;
            catalog.find_lookup(&name.text).map_err(|e| e.at(name.span))?;
            Ok(Plan::Scan(Scan::Lookup(name)))
        }
        "savedsearch" => saved(planner, &name, &[], true),
        other => Err(Error::argument(
            name.span,
            format!("`from` knows no data sets of the kind `{other}`"),
        )
        .hint("there are datamodel, lookup and savedsearch")),
    }
}
