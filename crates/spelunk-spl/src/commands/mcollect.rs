//! `mcollect`, `meventcollect`: write the rows to an index as metrics.

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::collect::Target;
use crate::kernels::mcollect::{Metrics, Split};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "mcollect",
    aliases: &["meventcollect"],
    category: Category::Combining,
    synopsis: "mcollect index=<index> [split=true|false|allnums] [prefix_field=<field>] [source=<text>] [sourcetype=<text>] [host=<text>] [<dimension>...]",
    options: &[
        ("index", "", "the index that gets the metrics"),
        ("split", "false", "true turns each field that is not a dimension into a metric, allnums each field with only numbers"),
        ("prefix_field", "", "the field whose value prefixes the metric names"),
        ("source", "mcollect", "their source"),
        ("sourcetype", "mcollect_stash", "their sourcetype"),
        ("host", "localhost", "their host"),
        ("file", "", "accepted: the store names its files itself"),
        ("marker", "", "accepted"),
        ("spool", "true", "accepted"),
        ("run_in_preview", "false", "accepted"),
    ],
    doc: "Adds the rows to an index of the store as metrics once the search has succeeded, and passes them through. A row needs metric_name and _value, or fields \
          named metric_name:<metric>; with split, its fields become metrics, except the named ones, which become dimensions.",
    page: "SearchReference/Mcollect",
    args: Rule::mcollect_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let index = args
        .get("index")
        .ok_or_else(|| Error::syntax(stage.span, "`mcollect` needs an index"))?;
    let split = match args.text("split", "false").to_ascii_lowercase().as_str() {
        "allnums" => Split::Numbers,
        _ if args.flag("split", false)? => Split::Fields,
        _ => Split::No,
    };
    Ok(Planner::rows_or_events(input).apply(Metrics {
        target: Target {
            index: index.text.clone(),
            source: args.text("source", "mcollect"),
            sourcetype: args.text("sourcetype", "mcollect_stash"),
            host: args.text("host", "localhost"),
        },
        split,
        prefix: args.get("prefix_field").map(|l| l.text.clone()),
        dimensions: texts(&args.fields()),
        span: stage.span,
    }))
}
