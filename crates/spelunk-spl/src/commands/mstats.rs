//! `mstats`: aggregates over the data points of metrics.

use crate::commands::args::{self, Args};
use crate::commands::{Category, Command, DEFAULT, Planner, prestats, timechart};
use crate::error::{Error, Result};
use crate::kernels::metrics::{METRIC, Points, SERIES};
use crate::plan::schema::Pattern;
use crate::plan::{AggregateCall, AggregateInput, ByField, Plan, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{Arg, ArgKind, Search, Stage};
use crate::time::Span as TimeSpan;

pub(super) const COMMAND: Command = Command {
    name: "mstats",
    category: Category::Generating,
    synopsis: "| mstats [<options>] <aggregation>(<metric> | _value)... WHERE <search expression> [BY <dimension>...] [span=<span>]",
    options: &[
        ("span", "", "the length of time buckets; no buckets by default"),
        ("chart", "false", "the table of `timechart`, which also takes its options"),
        ("prestats", "false", "gives what stats, chart or timechart of the same shape makes the answer of"),
        ("append", "false", "with prestats, adds to what an mstats before prepared"),
        ("fillnull_value", "", "the value for a missing BY field; without it, such rows are left out"),
        ("backfill", "true", "accepted"),
        ("update_period", "", "accepted"),
        ("agg", "", "with chart, another aggregation"),
        ("limit", "10", "with chart, series shown"),
        ("useother", "true", "with chart, whether a series adds up the others"),
        ("otherstr", "OTHER", "with chart, the name of that series"),
        ("usenull", "true", "with chart, whether there is a series of rows without the field"),
        ("nullstr", "NULL", "with chart, the name of that series"),
        ("sep", ": ", "with chart, between aggregation and value in names of columns"),
        ("format", "", "with chart, the names of columns"),
        ("cont", "true", "with chart, whether empty buckets have a row"),
        ("partial", "true", "with chart, whether buckets that the range of the search cuts are there"),
        ("minspan", "", "with chart, the shortest bucket"),
        ("bins", "", "with chart, most buckets"),
        ("aligntime", "", "with chart, a time at which a bucket starts"),
        ("dedup_splitvals", "false", "with chart, removes repeated values to split by"),
    ],
    doc: "Aggregates over the data points of metrics: events with a field metric_name:<metric>, or with metric_name and _value, as mcollect writes them. \
          avg(cpu.*) takes each metric that the name matches; _value those that WHERE metric_name=... names. BY splits by dimensions.",
    page: "SearchReference/Mstats",
    args: Rule::mstats_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (prestats, append) = (args.flag("prestats", false)?, args.flag("append", false)?);
    if append && !prestats {
        let spot = args.get("append").map_or(stage.span, |l| l.span);
        return Err(Error::argument(spot, "`append=true` requires `prestats=true`"));
    }
    if input.is_some() && !append {
        return Err(Error::syntax(stage.name.span, "`mstats` begins a search")
            .hint("with prestats=true append=true it adds to what another mstats prepared"));
    }
    let mut calls = Vec::new();
    for arg in &args.rest {
        if let ArgKind::Aggregate(aggregate) = &arg.kind {
            calls.push(args::metric_call(aggregate)?);
        }
    }
    if calls.is_empty() {
        return Err(Error::syntax(stage.span, "`mstats` needs an aggregation")
            .hint("for example: | mstats avg(cpu.user) WHERE index=metrics BY host span=1h"));
    }
    let by = by_fields(&args)?;
    let filter = args.rest.iter().find_map(|a| match &a.kind {
        ArgKind::Search(search) => Some(search),
        _ => None,
    });
    let rows = points(planner, &calls, &by, filter)?;
    if args.flag("chart", false)? {
        let chart = charted(stage);
        return timechart::timechart(planner, &timechart::COMMAND, &chart, Some(plain(rows)));
    }
    let fill = args.get("fillnull_value").map(|l| l.text.as_str());
    if prestats {
        return Ok(prestats::handed_on(input, plain(rows), &by, fill, &calls));
    }
    Ok(Plan::Aggregate {
        input: Box::new(rows),
        aggregates: calls.into_iter().map(of_points).collect(),
        by,
        fill: fill.map(str::to_owned),
        all_numbers: false,
        sorted: true,
    })
}

/// The dimensions to split by, after the time buckets if there is a span.
fn by_fields(args: &Args<'_>) -> Result<Vec<ByField>> {
    let mut by: Vec<ByField> = Vec::new();
    if let Some(span) = args.get("span") {
        let length = TimeSpan::parse(&span.text).map_err(|m| Error::argument(span.span, m))?;
        by.push(ByField {
            name: "_time".to_owned(),
            span: Some(length),
            distinct: false,
        });
    }
    for name in args.by() {
        if by.iter().all(|b| b.name != name.text) {
            by.push(ByField {
                name: name.text.clone(),
                span: None,
                distinct: false,
            });
        }
    }
    Ok(by)
}

/// The data points to aggregate. Filter terms about metrics apply once each metric has its own row.
fn points(
    planner: &mut Planner<'_>,
    calls: &[AggregateCall],
    by: &[ByField],
    filter: Option<&Search>,
) -> Result<Plan> {
    let terms: Vec<&Search> = match filter {
        Some(Search::And(parts)) => parts.iter().collect(),
        Some(other) => vec![other],
        None => Vec::new(),
    };
    let (of_metrics, of_events): (Vec<&Search>, Vec<&Search>) =
        terms.into_iter().partition(|term| asks_of_metric(term));
    let mut wanted = Vec::new();
    let mut series = Vec::new();
    let mut every = false;
    for call in calls {
        match &call.arg {
            AggregateInput::Field(name) if name.text != "_value" => {
                wanted.push(name.clone());
                if call.function.metrics {
                    series.push(name.clone());
                }
            }
            AggregateInput::Field(_) if call.function.metrics => {
                return Err(Error::argument(
                    call.span,
                    format!("`{}` takes the name of a metric", call.function.name),
                ));
            }
            AggregateInput::Row | AggregateInput::Field(_) => every = true,
            AggregateInput::Expr(_) => {
                return Err(Error::argument(
                    call.span,
                    "`mstats` aggregates metrics, not expressions",
                )
                .hint("compute with its result: | mstats avg(a) AS a WHERE ... | eval b=a*2"));
            }
        }
    }
    let mut rows = Plan::Scan(Scan::Events);
    for term in of_events {
        rows = planner.search_filter(rows, term)?;
    }
    let apart = every || !of_metrics.is_empty() || by.iter().any(|b| b.name == "metric_name");
    rows = rows.apply(Points {
        wanted: if every { Vec::new() } else { wanted },
        apart,
        series,
    });
    for term in of_metrics {
        rows = planner.search_filter(rows, term)?;
    }
    Ok(rows)
}

/// Whether a filter term refers to the name or the value of a metric.
fn asks_of_metric(search: &Search) -> bool {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().any(asks_of_metric),
        Search::Not(inner) => asks_of_metric(inner),
        Search::Compare { field, .. }
        | Search::In { field, .. }
        | Search::CompareSubsearch { field, .. } => {
            matches!(field.text.as_str(), "metric_name" | "_value")
        }
        Search::Term(_) | Search::ExactTerm(_) | Search::CaseTerm(_) | Search::Subsearch(_) => {
            false
        }
    }
}

/// An aggregation over the field that contains its metric.
fn of_points(call: AggregateCall) -> AggregateCall {
    let arg = match &call.arg {
        AggregateInput::Field(name) if name.text != "_value" => {
            let before = if call.function.metrics { SERIES } else { METRIC };
            AggregateInput::Field(Pattern::new(format!("{before}{}", name.text)))
        }
        other => other.clone(),
    };
    AggregateCall { arg, ..call }
}

/// Names fields after their metrics.
fn plain(rows: Plan) -> Plan {
    Plan::Rename {
        input: Box::new(rows),
        pairs: vec![(Pattern::new(format!("{METRIC}*")), Pattern::new("*"))],
    }
}

/// The stage for `timechart`: without the filter and the options specific to `mstats`.
fn charted(stage: &Stage) -> Stage {
    let own = ["chart", "prestats", "append", "fillnull_value", "backfill", "update_period"];
    let kept = |arg: &&Arg| match &arg.kind {
        ArgKind::Search(_) => false,
        ArgKind::Keyword(k) => k != "WHERE",
        ArgKind::Option { name, .. } => !own.contains(&name.text.to_ascii_lowercase().as_str()),
        _ => true,
    };
    Stage {
        args: stage.args.iter().filter(kept).cloned().collect(),
        ..stage.clone()
    }
}
