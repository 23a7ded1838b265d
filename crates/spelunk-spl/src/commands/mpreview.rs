//! `mpreview`: the data points of metrics, unaggregated.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::metrics::Points;
use crate::kernels::mpreview::Preview;
use crate::plan::build::equals;
use crate::plan::texts::parse_search;
use crate::plan::{Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "mpreview",
    aliases: &["msearch"],
    category: Category::Generating,
    synopsis: "| mpreview [filter=\"<search expression>\"] [index=<index>] [earliest=<time>] [latest=<time>] [target_per_timeseries=<N>]",
    options: &[
        ("filter", "", "what the data points must satisfy: dimensions, metric_name"),
        ("index", "", "the index that is read"),
        ("earliest", "", "points at or after this time"),
        ("latest", "", "points before this time"),
        ("target_per_timeseries", "5", "points shown of each time series; 0 for all"),
        ("splunk_server", "", "accepted"),
        ("splunk_server_group", "", "accepted"),
    ],
    doc: "Shows data points of metrics, each as an object of its metrics and dimensions in _raw. A time series is a metric with the same values in all dimensions.",
    page: "SearchReference/Mpreview",
    args: Rule::mpreview_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`mpreview` begins a search"));
    }
    let mut rows = Plan::Scan(Scan::Events);
    for name in ["index", "earliest", "latest"] {
        if let Some(value) = args.get(name) {
            rows = planner.search_filter(rows, &equals(name, &value.text))?;
        }
    }
    if let Some(filter) = args.get("filter") {
        let search =
            parse_search(planner.context, &filter.text).map_err(|e| e.at(filter.span))?;
        // A metric's name can be filtered on only if each metric has its own row.
        let points = rows.apply(Points {
            wanted: Vec::new(),
            apart: true,
            series: Vec::new(),
        });
        rows = planner
            .search_filter(points, &search)?
            .drop(&["metric_name", "_value"]);
    }
    Ok(rows
        .apply(Points {
            wanted: Vec::new(),
            apart: false,
            series: Vec::new(),
        })
        .apply(Preview {
            most: args.number("target_per_timeseries", 5)?,
        }))
}
