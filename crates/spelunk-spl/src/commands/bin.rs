//! `bin`: groups values into buckets.

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::kernels::bin::AutoBin;
use crate::plan::build::{call, field, number};
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Literal, Stage};
use crate::time::{self, LogSpan, Span as TimeSpan};
use crate::value::parse_number;

pub(super) const COMMAND: Command = Command {
    name: "bin",
    aliases: &["bucket", "discretize"],
    category: Category::Fields,
    synopsis: "bin [span=<span>] [bins=<N>] [minspan=<span>] [start=<n>] [end=<n>] [aligntime=<time>] <field> [AS <field>]",
    options: &[
        ("span", "", "length of a bucket: a number, a time (5m, 1h, 1mon), or log<base>"),
        ("bins", "100", "most buckets when no span is given"),
        ("minspan", "", "shortest length when no span is given"),
        ("start", "", "where the buckets of numbers begin when no span is given"),
        ("end", "", "where they end"),
        ("aligntime", "", "a time at which a bucket starts: earliest, latest, epoch seconds or relative"),
    ],
    doc: "Puts numbers or times into buckets: a time becomes the start of its bucket, a number `low-high`.",
    examples: &[(
        "| makeresults | eval _time=1700000000, n=7 | bin _time span=1h | bin n span=5 | table _time n",
        r#"{"_time":1699999200,"n":"5-10"}"#,
    )],
    page: "SearchReference/Bin",
    args: Rule::bin_args,
    plan,
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut from = None;
    let mut to = None;
    let mut after_as = false;
    for arg in &args.rest {
        match &arg.kind {
            ArgKind::Pair { from: f, to: t } => (from, to) = (Some(f), Some(t)),
            ArgKind::Field(name) if after_as => to = Some(name),
            ArgKind::Field(name) => from = Some(name),
            ArgKind::Keyword(_) => after_as = true,
            _ => {}
        }
    }
    let Some(from) = from else {
        return Err(Error::syntax(stage.span, "`bin` needs a field"));
    };
    let alias = &to.unwrap_or(from).text;
    let rows = Planner::rows_or_events(input);
    buckets(planner, rows, &from.text, alias, &|name| args.get(name))
}

/// Alignment of time buckets, as set by `aligntime`: epoch seconds.
///
/// # Errors
/// If the time can't be parsed.
pub(super) fn alignment(
    planner: &Planner<'_>,
    align: Option<&Literal>,
) -> Result<Option<f64>> {
    let (clock, context) = (&planner.context.clock, planner.context);
    match align {
        None => Ok(None),
        Some(l) => match l.text.to_ascii_lowercase().as_str() {
            "earliest" => Ok(context.earliest),
            "latest" => Ok(context.latest),
            _ => time::time_modifier(&l.text, clock.now, clock.zone)
                .map(Some)
                .map_err(|m| Error::argument(l.span, m)),
        },
    }
}

/// Groups a field into buckets, with the options of `bin`.
///
/// # Errors
/// If an option can't be parsed.
pub(super) fn buckets<'a>(
    planner: &Planner<'_>,
    rows: Plan,
    from: &str,
    alias: &str,
    get: &dyn Fn(&str) -> Option<&'a Literal>,
) -> Result<Plan> {
    let align = alignment(planner, get("aligntime"))?;
    let Some(span) = get("span") else {
        let bound = |name: &str| -> Result<Option<f64>> {
            get(name)
                .map(|l| {
                    parse_number(&l.text).ok_or_else(|| {
                        Error::argument(l.span, format!("`{name}` takes a number"))
                    })
                })
                .transpose()
        };
        let bins = match get("bins") {
            Some(bins) => crate::plan::whole_number("bins", bins)?,
            None => 100,
        };
        return Ok(rows.apply(AutoBin {
            field: from.to_owned(),
            alias: alias.to_owned(),
            bins: bins.max(1),
            start: bound("start")?,
            end: bound("end")?,
            min_span: get("minspan").map(shortest).transpose()?,
        }));
    };
    let set = |value| {
        rows.clone().extend(vec![Assignment {
            target: Target::Field(alias.to_owned()),
            value,
        }])
    };
    if let Some(log) = LogSpan::parse(&span.text) {
        let args = vec![
            field(from),
            number(log.coefficient),
            number(log.base),
        ];
        return Ok(set(call("$logbucket", args)));
    }
    if from != "_time"
        && let Some(width) = parse_number(&span.text)
    {
        if width <= 0.0 {
            return Err(Error::argument(span.span, "a bucket's length is above 0"));
        }
        let args = vec![field(from), number(width), number(0.0)];
        return Ok(set(call("$bucket", args)));
    }
    Ok(Plan::Bucket {
        input: Box::new(rows),
        field: from.to_owned(),
        alias: alias.to_owned(),
        span: TimeSpan::parse(&span.text).map_err(|m| Error::argument(span.span, m))?,
        align,
    })
}

/// A time span in seconds, or a width.
fn shortest(literal: &Literal) -> Result<f64> {
    if let Some(width) = parse_number(&literal.text) {
        return Ok(width);
    }
    let span = TimeSpan::parse(&literal.text).map_err(|m| Error::argument(literal.span, m))?;
    Ok(span.approximate_micros() as f64 / 1e6)
}
