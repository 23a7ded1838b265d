//! `mcatalog`: lists metrics and dimensions.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner, prestats};
use crate::error::{Error, Result};
use crate::kernels::metrics::Points;
use crate::plan::{Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "mcatalog",
    category: Category::Generating,
    synopsis: "| mcatalog values(metric_name | _dims | <dimension>) [AS <name>]... [WHERE <search expression>] [BY <dimension>...]",
    options: &[
        ("prestats", "false", "gives what stats of the same shape makes the answer of"),
        ("append", "false", "with prestats, adds to what an mcatalog before prepared"),
    ],
    doc: "Aggregates the names of metrics and the values of dimensions: metric_name is the name of a metric, _dims the names of the dimensions of a data point.",
    page: "SearchReference/Mcatalog",
    args: Rule::mcatalog_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (prestats, append) = (args.flag("prestats", false)?, args.flag("append", false)?);
    if input.is_some() && !(prestats && append) {
        return Err(Error::syntax(stage.name.span, "`mcatalog` begins a search"));
    }
    let aggregates = args.aggregates()?;
    if aggregates.is_empty() {
        return Err(Error::syntax(stage.span, "`mcatalog` needs an aggregation")
            .hint("for example: | mcatalog values(metric_name) WHERE index=*"));
    }
    let mut rows = Plan::Scan(Scan::Events).apply(Points {
        wanted: Vec::new(),
        apart: true,
        series: Vec::new(),
    });
    for arg in &args.rest {
        if let ArgKind::Search(search) = &arg.kind {
            rows = planner.search_filter(rows, search)?;
        }
    }
    let by = args.by_fields(stage)?;
    if prestats {
        return Ok(prestats::handed_on(input, rows, &by, None, &aggregates));
    }
    Ok(Plan::Aggregate {
        input: Box::new(rows),
        aggregates,
        by,
        fill: None,
        all_numbers: false,
        sorted: true,
    })
}
