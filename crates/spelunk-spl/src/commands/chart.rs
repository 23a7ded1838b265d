//! `chart`: aggregates as a table, with a column for each series.

use crate::commands::series::{self, Axis, Series};
use crate::commands::{Category, Command, DEFAULT, Planner, bin};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::chart::{Chart, TimeBuckets, Width};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::time::Span as TimeSpan;
use crate::value::parse_number;

pub(super) const COMMAND: Command = Command {
    name: "chart",
    category: Category::Reporting,
    synopsis: "chart [<options>] <aggregation> [AS <name>]... [OVER <field> [span=<span>]] [BY <field> [span=<span>] [<field>]] [where <aggregation> in top<N> | where <aggregation> > <n>]",
    options: &series::OPTIONS,
    doc: "Aggregates as a table: a row for each value of the first field, a column for each value of the second. \
          The ten series with the highest sums are shown; OTHER adds up the rest, NULL the rows without the field.",
    examples: &[
        (
            "| makeresults count=3 | streamstats count AS n | eval k=if(n>1,\"b\",\"a\"), v=if(n>2,\"x\",\"y\") | chart count OVER k BY v",
            "{\"k\":\"a\",\"x\":0,\"y\":1}\n{\"k\":\"b\",\"x\":1,\"y\":1}",
        ),
        (
            "| makeresults count=4 | streamstats count AS n | chart eval(round(avg(n), 1)) AS mean BY n span=2",
            "{\"n\":\"0-2\",\"mean\":1}\n{\"n\":\"2-4\",\"mean\":2.5}\n{\"n\":\"4-6\",\"mean\":4}",
        ),
    ],
    page: "SearchReference/Chart",
    args: Rule::chart_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    chart(planner, &COMMAND, stage, input)
}

/// Plans `chart`, also for its aliases.
///
/// # Errors
/// If the arguments are invalid.
pub(super) fn chart(
    planner: &mut Planner<'_>,
    command: &Command,
    stage: &Stage,
    input: Option<Plan>,
) -> Result<Plan> {
    let series = Series::new(planner, command, stage)?;
    if let Some(call) = series.aggregates.iter().find(|c| c.function.per.is_some()) {
        return Err(Error::argument(
            call.span,
            format!("`{}` scales the buckets of `timechart`", call.function.name),
        ));
    }
    if let [_, _, third, ..] = series.axes.as_slice() {
        return Err(Error::argument(
            third.name.span,
            format!("`{}` takes one field for rows and one for columns", command.name),
        ));
    }
    let mut rows = Planner::rows_or_events(input);
    let mut times = None;
    let mut width = None;
    let mut columns: [Option<String>; 2] = [None, None];
    let continuous = series.args.flag("cont", true)?;
    for (at, axis) in series.axes.iter().enumerate() {
        let get = |name: &str| axis.get(name).or_else(|| first_of(&series, at, name));
        let lent = lent(&series, "span").is_some();
        let none = !axis.has_buckets() && (at > 0 || series.first.is_empty() && !lent);
        if none || at > 0 && lent {
            continue;
        }
        if at == 0 && axis.name.text == "_time" {
            times = Some(time_buckets(planner, &series, axis, continuous)?);
            continue;
        }
        if at == 0 {
            let of = get("span").and_then(|l| parse_number(&l.text));
            width = of.map(|of| Width { of, continuous });
        }
        // A separate column, so that the aggregations see the original field.
        let binned = format!("__axis{at}");
        rows = bin::buckets(planner, rows, &axis.name.text, &binned, &get)?;
        columns[at] = Some(binned);
    }
    let mut column = |at: usize| {
        let axis = series.axes.get(at)?;
        Some(columns[at].take().unwrap_or_else(|| axis.name.text.clone()))
    };
    Ok(Plan::Chart {
        input: Box::new(rows),
        chart: Box::new(Chart {
            row: column(0),
            row_name: series
                .axes
                .first()
                .map_or_else(String::new, |axis| axis.name.text.clone()),
            split: match column(1) {
                Some(name) => Some(series.split(&name)?),
                None => None,
            },
            times,
            width,
            naming: series.naming(),
            distinct: series.args.flag("dedup_splitvals", false)?,
            aggregates: series.aggregates,
            computed: series.computed,
            span: stage.span,
        }),
    })
}

/// A bucket option before all fields applies to the rows.
fn first_of<'a>(
    series: &Series<'a>,
    axis: usize,
    name: &str,
) -> Option<&'a crate::syntax::ast::Literal> {
    let option = series
        .first
        .iter()
        .rev()
        .find(|(n, _)| n.text.eq_ignore_ascii_case(name));
    option.filter(|_| axis == 0).map(|(_, value)| *value)
}

/// A time span after the column field applies to the rows if these are times, as in `timechart`.
fn lent<'a>(series: &Series<'a>, name: &str) -> Option<&'a crate::syntax::ast::Literal> {
    let [rows, columns, ..] = series.axes.as_slice() else {
        return None;
    };
    let rows_are_times = rows.name.text == "_time" && !rows.has_buckets();
    let option = columns.get(name).filter(|_| rows_are_times);
    option.filter(|l| parse_number(&l.text).is_none())
}

fn time_buckets(
    planner: &Planner<'_>,
    series: &Series<'_>,
    axis: &Axis<'_>,
    continuous: bool,
) -> Result<TimeBuckets> {
    let get = |name: &str| {
        let own = axis.get(name).or_else(|| first_of(series, 0, name));
        own.or_else(|| lent(series, name))
    };
    let span = |name: &str| -> Result<Option<TimeSpan>> {
        get(name)
            .map(|l| TimeSpan::parse(&l.text).map_err(|m| Error::argument(l.span, m)))
            .transpose()
    };
    Ok(TimeBuckets {
        span: span("span")?,
        bins: match get("bins") {
            Some(bins) => crate::plan::whole_number("bins", bins)?.max(1),
            None => 300,
        },
        min_span: span("minspan")?.map(|s| s.approximate_micros() as f64 / 1e6),
        align: bin::alignment(planner, get("aligntime"))?,
        from: None,
        to: None,
        continuous,
        partial: true,
    })
}
