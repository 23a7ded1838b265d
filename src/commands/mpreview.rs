//! `mpreview`: the data points of metrics as they are.

use std::collections::HashMap;

use crate::commands::args::Args;
use crate::commands::metrics::{METRIC, Points, dimensions};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::json;
use crate::plan::build::equals;
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::texts::parse_search;
use crate::plan::{Kernel, Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

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
        // A metric's name can be asked for only where each metric has a row.
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

#[derive(Debug)]
struct Preview {
    most: usize,
}

impl Kernel for Preview {
    fn describe(&self) -> String {
        format!("at most {} data points of each time series", self.most)
    }

    fn run(&self, rows: Table, _: &PlanContext) -> Result<Table> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut kept = Vec::new();
        let mut raw = Vec::new();
        for row in 0..rows.height() {
            let dimensions = dimensions(&rows, row);
            let mut object = serde_json::Map::new();
            let mut wanted = false;
            for column in rows.columns().iter().filter(|c| c.name.starts_with(METRIC)) {
                let Some(value) = column.values[row].as_number() else {
                    continue;
                };
                let count = seen.entry(format!("{} {dimensions:?}", column.name)).or_default();
                *count += 1;
                wanted |= self.most == 0 || *count <= self.most;
                object.insert(column.name.clone(), json::number(value));
            }
            if wanted {
                let texts = dimensions.into_iter();
                object.extend(texts.map(|(name, value)| (name, value.into())));
                raw.push(Value::text(serde_json::Value::Object(object).to_string()));
                kept.push(row);
            }
        }
        let mut out = rows.pick(&kept);
        out.set("_raw", Type::Text, raw);
        Ok(out)
    }
}
