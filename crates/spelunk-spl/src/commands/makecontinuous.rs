//! `makecontinuous`: adds rows for the missing buckets of a field.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner, bin};
use crate::error::{Error, Result};
use crate::kernels::makecontinuous::Continuous;
use crate::plan::{Plan, SortKey, SortOrder};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::time::Span as TimeSpan;
use crate::value::parse_number;

pub(super) const COMMAND: Command = Command {
    name: "makecontinuous",
    category: Category::Reporting,
    synopsis: "makecontinuous [<field>] [span=<span>] [bins=<N>] [start=<n>] [end=<n>]",
    options: &[
        ("span", "", "length of a bucket"),
        ("bins", "100", "most buckets when no span is given"),
        ("start", "", "where the buckets of numbers begin when no span is given"),
        ("end", "", "where they end"),
        ("aligntime", "", "a time at which a bucket starts"),
    ],
    doc: "Puts a field, `_time` by default, into buckets, and adds a row for each empty bucket between the first and the last.",
    examples: &[(
        "| makeresults count=2 | streamstats count AS n | eval _time=1700000000+n*1200 | table _time n | makecontinuous _time span=10m",
        "{\"_time\":1700001000,\"n\":1}\n{\"_time\":1700001600}\n{\"_time\":1700002200,\"n\":2}",
    )],
    page: "SearchReference/Makecontinuous",
    args: Rule::makecontinuous_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let field = args
        .fields()
        .first()
        .map_or_else(|| "_time".to_owned(), |n| n.text.clone());
    let rows = Planner::rows_or_events(input);
    let rows = bin::buckets(planner, rows, &field, &field, &|name| args.get(name))?;
    let span = match args.get("span") {
        Some(span) if parse_number(&span.text).is_none() && !span.text.contains("log") => {
            Some(TimeSpan::parse(&span.text).map_err(|m| Error::argument(span.span, m))?)
        }
        _ => None,
    };
    let filled = rows.apply(Continuous {
        field: field.clone(),
        span,
        width: args.get("span").and_then(|l| parse_number(&l.text)),
        place: stage.span,
    });
    Ok(Plan::Sort {
        input: Box::new(filled),
        keys: vec![SortKey {
            field,
            descending: false,
            order: SortOrder::Value,
        }],
        limit: 0,
    })
}
