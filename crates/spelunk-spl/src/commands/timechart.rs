//! `timechart`: aggregates over time, with a column for each series.

use crate::commands::series::{self, Series};
use crate::commands::{Category, Command, DEFAULT, Planner, bin, series_terms};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::chart::{Chart, TimeBuckets};
use crate::syntax::Rule;
use crate::syntax::ast::{Literal, Stage};
use crate::time::Span as TimeSpan;
use crate::value::parse_number;

pub(super) const COMMAND: Command = Command {
    name: "timechart",
    category: Category::Reporting,
    synopsis: "timechart [span=<span>] [<options>] <aggregation> [AS <name>]... [BY <field> [<options>]] [where <aggregation> in top<N> | where <aggregation> > <n>]",
    options: &series::OPTIONS,
    doc: "Aggregates over time: a row for each bucket of `_time`, also for those without events, and with BY a column for each value of a field. \
          The ten series with the highest sums are shown; OTHER adds up the rest, NULL the rows without the field. \
          Without span the buckets are the shortest that make at most 100 of the range of the search, or of the events.",
    examples: &[
        (
            "| makeresults count=3 | streamstats count AS n | eval _time=1700000000+3600*n*n | where n!=2 | timechart span=4h count max(n) AS hi",
            "{\"_time\":1699992000,\"count\":1,\"hi\":1}\n{\"_time\":1700006400,\"count\":0}\n{\"_time\":1700020800,\"count\":1,\"hi\":3}",
        ),
        (
            "| makeresults count=3 | streamstats count AS n | eval _time=1700000000, k=if(n>1,\"b\",\"a\") | timechart span=1h sum(n) BY k",
            "{\"_time\":1699999200,\"a\":1,\"b\":5}",
        ),
    ],
    page: "SearchReference/Timechart",
    args: Rule::timechart_args,
    plan,
    ..DEFAULT
};

/// The bucketed split field; the aggregations see the original field.
const BINNED: &str = "__axis1";

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    timechart(planner, &COMMAND, stage, input)
}

/// Plans `timechart`, also for its aliases.
///
/// # Errors
/// If the arguments are invalid.
pub(super) fn timechart(
    planner: &mut Planner<'_>,
    command: &Command,
    stage: &Stage,
    input: Option<Plan>,
) -> Result<Plan> {
    let series = Series::new(planner, command, stage)?;
    if let [_, second, ..] = series.axes.as_slice() {
        return Err(Error::argument(
            second.name.span,
            format!("`{}` splits by one field", command.name),
        )
        .hint("join the fields first: | eval both=a.\":\".b"));
    }
    let mut rows = Planner::rows_or_events(input);
    let (from, to) = if series.args.flag("fixedrange", true)? {
        series_terms::range(planner, &rows)?
    } else {
        (None, None)
    };
    let split = series.axes.first();
    // Even after BY, a time span applies to the rows; a number applies to the field.
    let is_rows = |l: &&Literal| split.is_none() || parse_number(&l.text).is_none();
    let first = |name: &str| {
        let options = series.first.iter().rev();
        options
            .map(|(n, value)| (n, *value))
            .find(|(n, _)| n.text.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    let get = |name: &str| {
        first(name).or_else(|| split.and_then(|s| s.get(name)).filter(is_rows))
    };
    let span = |name: &str| -> Result<Option<TimeSpan>> {
        get(name)
            .map(|l| TimeSpan::parse(&l.text).map_err(|m| Error::argument(l.span, m)))
            .transpose()
    };
    let times = TimeBuckets {
        span: span("span")?,
        bins: match first("bins") {
            Some(bins) => crate::plan::whole_number("bins", bins)?.max(1),
            None => 100,
        },
        min_span: span("minspan")?.map(|s| s.approximate_micros() as f64 / 1e6),
        align: bin::alignment(planner, get("aligntime"))?,
        from,
        to,
        continuous: series.args.flag("cont", true)?,
        partial: series.args.flag("partial", true)?,
    };
    let mut column = split.map(|axis| axis.name.text.as_str());
    if let Some(axis) = split {
        let of_field = |name: &str| axis.get(name).filter(|l| !is_rows(l));
        if ["span", "bins", "start", "end"].iter().any(|o| of_field(o).is_some()) {
            rows = bin::buckets(planner, rows, &axis.name.text, BINNED, &of_field)?;
            column = Some(BINNED);
        }
    }
    Ok(Plan::Chart {
        input: Box::new(rows),
        chart: Box::new(Chart {
            row: Some("_time".to_owned()),
            row_name: "_time".to_owned(),
            split: match column {
                Some(name) => Some(series.split(name)?),
                None => None,
            },
            times: Some(times),
            width: None,
            naming: series.naming(),
            distinct: series.args.flag("dedup_splitvals", false)?,
            aggregates: series.aggregates,
            computed: series.computed,
            span: stage.span,
        }),
    })
}
