//! `timewrap`: the periods of a time chart side by side.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner, series_terms};
use crate::error::{Error, Result};
use crate::kernels::timewrap::{Names, Wrap};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};
use crate::time::Span as TimeSpan;

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
