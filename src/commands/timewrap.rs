//! `timewrap`: the periods of a time chart side by side.

use indexmap::IndexSet;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner, series_terms};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};
use crate::time::{self, Span as TimeSpan};
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "timewrap",
    category: Category::Reporting,
    synopsis: "timewrap <span> [align=now|end] [series=relative|exact|short] [time_format=<format>]",
    options: &[
        ("align", "end", "where the last period ends: now, or at the end of the range of the search"),
        ("series", "relative", "how series are named: count_1day_before, by time_format, or count_s1"),
        ("time_format", "%Y-%m-%d", "how the beginning of a period is written, with series=exact"),
    ],
    doc: "After `timechart`: a column for each period of that length, over the times of the last one, so that days or weeks can be compared.",
    examples: &[(
        "| makeresults count=4 | streamstats count AS n | eval _time=1699920000+43200*(n-1) | timechart span=12h sum(n) AS s | timewrap 1d",
        "{\"_time\":1700006400,\"s_1day_before\":1,\"s_latest_day\":3}\n{\"_time\":1700049600,\"s_1day_before\":2,\"s_latest_day\":4}",
    )],
    page: "SearchReference/Timewrap",
    args: Rule::timewrap_args,
    plan,
    ..DEFAULT
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Relative,
    Exact,
    Short,
}

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let span = args.rest.iter().find_map(|a| match &a.kind {
        ArgKind::Literal(literal) => Some(literal),
        _ => None,
    });
    let Some(span) = span else {
        return Err(Error::syntax(stage.span, "`timewrap` needs the length of a period")
            .hint("for example: | timechart count span=1h | timewrap 1d"));
    };
    let rows = Planner::rows_or_events(input);
    let end = match args.text("align", "end").to_ascii_lowercase().as_str() {
        "now" => Some(planner.context.clock.now),
        "end" => series_terms::range(planner, &rows)?.1,
        other => {
            return Err(Error::argument(
                stage.span,
                format!("`align` takes now or end, not `{other}`"),
            ));
        }
    };
    let names = match args.text("series", "relative").to_ascii_lowercase().as_str() {
        "relative" => Names::Relative,
        "exact" => Names::Exact,
        "short" => Names::Short,
        other => {
            return Err(Error::argument(
                stage.span,
                format!("`series` takes relative, exact or short, not `{other}`"),
            ));
        }
    };
    Ok(rows.apply(Wrap {
        span: TimeSpan::parse(&span.text).map_err(|m| Error::argument(span.span, m))?,
        end,
        names,
        format: args.text("time_format", "%Y-%m-%d"),
    }))
}

#[derive(Debug)]
struct Wrap {
    span: TimeSpan,
    end: Option<f64>,
    names: Names,
    format: String,
}

/// Periods side by side at most.
const MOST: usize = 1000;

impl Wrap {
    /// Where periods begin, the last first, as far back as `low`.
    fn periods(&self, end: i64, low: i64, context: &PlanContext) -> Vec<i64> {
        let mut starts = Vec::new();
        for back in 1..=MOST as i64 {
            let count = -back * self.span.count;
            let Some(start) = self.span.unit.add(end, count, context.clock.zone) else {
                break;
            };
            starts.push(start);
            if start <= low {
                break;
            }
        }
        starts
    }

    fn name(&self, column: &str, period: usize, start: i64, context: &PlanContext) -> String {
        let unit = unit_name(&self.span);
        match self.names {
            Names::Short => format!("{column}_s{period}"),
            Names::Exact => {
                let seconds = time::seconds(start);
                let text = time::strftime(seconds, &self.format, context.clock.zone);
                format!("{column}_{}", text.unwrap_or_default())
            }
            Names::Relative if period == 0 && self.span.count == 1 => {
                format!("{column}_latest_{unit}")
            }
            Names::Relative if period == 0 => {
                format!("{column}_latest_{}{unit}s", self.span.count)
            }
            Names::Relative => {
                let count = period as i64 * self.span.count;
                let plural = if count == 1 { "" } else { "s" };
                format!("{column}_{count}{unit}{plural}_before")
            }
        }
    }
}

fn unit_name(span: &TimeSpan) -> &'static str {
    use time::Unit;
    match span.unit {
        Unit::Microsecond => "microsecond",
        Unit::Millisecond => "millisecond",
        Unit::Centisecond => "centisecond",
        Unit::Decisecond => "decisecond",
        Unit::Second => "second",
        Unit::Minute => "minute",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}

impl Kernel for Wrap {
    fn describe(&self) -> String {
        format!("timewrap {}", self.span)
    }

    fn run(&self, input: Table, context: &PlanContext) -> Result<Table> {
        let times: Vec<Option<i64>> = (0..input.height())
            .map(|row| input.value("_time", row).as_number().and_then(time::micros))
            .collect();
        let mut sorted: Vec<i64> = times.iter().flatten().copied().collect();
        sorted.sort_unstable();
        let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
            return Ok(input);
        };
        // Without a range the last bucket ends it: as long as the shortest step.
        let step = sorted.windows(2).map(|p| p[1] - p[0]).filter(|s| *s > 0).min();
        let end = self
            .end
            .and_then(time::micros)
            .filter(|end| *end > low)
            .unwrap_or(high + step.unwrap_or(1));
        let starts = self.periods(end, low, context);
        let Some(&last) = starts.first() else {
            return Ok(input);
        };
        // Where a row stands: its period, and its time moved into the last period.
        let place = |time: i64| {
            let period = starts.iter().position(|start| *start <= time)?;
            Some((period, time - starts[period] + last))
        };
        let places: Vec<Option<(usize, i64)>> =
            times.iter().map(|t| t.filter(|t| *t < end).and_then(place)).collect();
        let mut rows: Vec<i64> = places.iter().flatten().map(|(_, t)| *t).collect();
        rows.sort_unstable();
        rows.dedup();
        let at = |time: i64| rows.binary_search(&time).ok();
        let periods: IndexSet<usize> = {
            let mut all: Vec<usize> = places.iter().flatten().map(|(p, _)| *p).collect();
            all.sort_unstable_by(|a, b| b.cmp(a));
            all.into_iter().collect()
        };
        let mut out = Table::new(rows.len());
        let moved = rows.iter().map(|t| Value::Num(time::seconds(*t))).collect();
        out.set("_time", Type::Time, moved);
        for column in input.columns().iter().filter(|c| !c.name.starts_with('_')) {
            for &period in &periods {
                let mut values = vec![Value::Null; rows.len()];
                for (row, place) in places.iter().enumerate() {
                    if let Some((p, time)) = place
                        && *p == period
                        && let Some(at) = at(*time)
                    {
                        values[at] = column.values[row].clone();
                    }
                }
                let name = self.name(&column.name, period, starts[period], context);
                out.set(name, column.kind, values);
            }
        }
        Ok(out)
    }
}
