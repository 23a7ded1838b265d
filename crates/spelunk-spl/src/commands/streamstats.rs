//! `streamstats`: running aggregates up to each row.

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::stream::Stream;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::time::Span as TimeSpan;

pub(super) const COMMAND: Command = Command {
    name: "streamstats",
    category: Category::Reporting,
    synopsis: "streamstats [reset_on_change=<bool>] [reset_before=(<condition>)] [reset_after=(<condition>)] [current=<bool>] [window=<N>] [time_window=<span>] [global=<bool>] [allnum=<bool>] <aggregation> [AS <name>]... [BY <field>...]",
    options: &[
        ("current", "true", "whether a row itself counts"),
        ("window", "0", "rows that count, up to this one; 0 for all"),
        ("time_window", "", "only rows nearer in time than that count; the rows must be in the order of their time"),
        ("global", "true", "with window and BY: one window over all rows, or one for each group"),
        ("allnum", "false", "null while any value is not a number"),
        ("reset_on_change", "false", "restarts if the BY fields change from one row to the next"),
        ("reset_before", "", "restarts before a row that meets the condition"),
        ("reset_after", "", "restarts after a row that meets the condition, which may use the results"),
    ],
    doc: "Adds to each row the aggregates of the rows seen up to it: running totals, row numbers, moving averages, \
          the value of the row before. With BY, of the rows of its group; a row that lacks a BY field gets nothing.",
    examples: &[
        (
            "| makeresults count=3 | eval v=2 | streamstats sum(v) AS total count AS row | table row total",
            "{\"row\":1,\"total\":2}\n{\"row\":2,\"total\":4}\n{\"row\":3,\"total\":6}",
        ),
        (
            "| makeresults count=3 | streamstats count AS n | streamstats current=f window=1 last(n) AS before | table n before",
            "{\"n\":1}\n{\"n\":2,\"before\":1}\n{\"n\":3,\"before\":2}",
        ),
    ],
    page: "SearchReference/Streamstats",
    args: Rule::streamstats_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let aggregates = args.aggregates()?;
    if aggregates.is_empty() {
        return Err(Error::syntax(stage.span, "`streamstats` needs an aggregation")
            .hint("for example: streamstats count AS row"));
    }
    let seconds = match args.get("time_window") {
        None => None,
        Some(span) => {
            let parsed =
                TimeSpan::parse(&span.text).map_err(|m| Error::argument(span.span, m))?;
            Some(parsed.approximate_micros() as f64 / 1e6)
        }
    };
    Ok(Plan::Stream {
        input: Box::new(Planner::rows_or_events(input)),
        stream: Box::new(Stream {
            aggregates,
            by: texts(&args.by()),
            current: args.flag("current", true)?,
            window: args.number("window", 0)?,
            global: args.flag("global", true)?,
            seconds,
            all_numbers: args.flag("allnum", false)?,
            reset_on_change: args.flag("reset_on_change", false)?,
            reset_before: args.condition("reset_before")?.cloned(),
            reset_after: args.condition("reset_after")?.cloned(),
            span: stage.span,
        }),
    })
}
