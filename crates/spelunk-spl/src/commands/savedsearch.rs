//! `savedsearch`: the rows of a search from `savedsearches.conf`.

use crate::commands::args::Args;
use crate::commands::planner::plan_text;
use crate::commands::template::fill;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::build::{literal, name as field_name};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, CompareOp, Name, Search, Stage};

pub(super) const COMMAND: Command = Command {
    name: "savedsearch",
    category: Category::Generating,
    synopsis: "| savedsearch <name> [nosubstitution=<bool>] [<parameter>=<value>]...",
    options: &[
        ("nosubstitution", "false", "whether $parameter$ in the search stays as it is"),
        ("<parameter>", "", "the value of $parameter$ in the search"),
    ],
    doc: "Runs a saved search, with its time range and the values given for its parameters.",
    page: "SearchReference/Savedsearch",
    args: Rule::savedsearch_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`savedsearch` begins a search"));
    }
    let mut parameters = Vec::new();
    let mut names = Vec::new();
    let mut options = Stage {
        args: Vec::new(),
        ..stage.clone()
    };
    for arg in &stage.args {
        match &arg.kind {
            ArgKind::Option { name, .. } if name.text.eq_ignore_ascii_case("nosubstitution") => {
                options.args.push(arg.clone());
            }
            ArgKind::Option { name, value } => {
                parameters.push((name.text.clone(), value.text.clone()));
            }
            ArgKind::Field(name) => names.push(name.clone()),
            _ => {}
        }
    }
    let substitutes = !Args::new(&COMMAND, &options)?.flag("nosubstitution", false)?;
    // A name of several words need not be quoted.
    let words: Vec<&str> = names.iter().map(|n| n.text.as_str()).collect();
    let Some(first) = names.first() else {
        return Err(Error::syntax(stage.span, "`savedsearch` needs a name"));
    };
    let name = Name {
        text: words.join(" "),
        ..first.clone()
    };
    saved(planner, &name, &parameters, substitutes)
}

/// Plans a saved search.
///
/// # Errors
/// If there is none with this name, or its text is invalid.
pub(super) fn saved(
    planner: &mut Planner<'_>,
    name: &Name,
    parameters: &[(String, String)],
    substitutes: bool,
) -> Result<Plan> {
    let catalog = &planner.context.catalog;
    let found = catalog.saved_search(&name.text).ok_or_else(|| {
        Error::argument(name.span, format!("unknown saved search `{}`", name.text)).did_you_mean(
            &name.text,
            catalog.saved_searches().keys().map(String::as_str),
        )
    })?;
    let value = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name == wanted)?;
        Some(found.1.clone())
    };
    let text = if substitutes {
        fill(&found.search, value)
    } else {
        found.search.clone()
    };
    let inner = planner
        .context
        .within(&format!("saved search `{}`", found.name))
        .map_err(|error| error.at(name.span))?;
    let mut plan = plan_text(&inner, &text)?;
    let bounds = [("earliest", &found.earliest), ("latest", &found.latest)];
    let terms: Vec<Search> = bounds
        .into_iter()
        .filter_map(|(field, bound)| {
            let bound = bound.as_deref().filter(|b| !b.is_empty() && *b != "0")?;
            Some(Search::Compare {
                field: field_name(field, name.span),
                op: CompareOp::Eq,
                value: literal(bound),
            })
        })
        .collect();
    if !terms.is_empty() {
        bound_scans(&mut plan, &Search::And(terms));
    }
    Ok(plan)
}

/// Applies a time range to every scan of events.
fn bound_scans(plan: &mut Plan, range: &Search) {
    if let Plan::Scan(crate::plan::Scan::Events) = plan {
        *plan = plan.clone().search(range.clone());
        return;
    }
    plan.inputs_mut()
        .into_iter()
        .for_each(|input| bound_scans(input, range));
}
