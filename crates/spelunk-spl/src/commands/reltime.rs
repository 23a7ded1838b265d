//! `reltime`: the time since an event, in words.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::build::{binary, call, field, number, text};
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{BinaryOp, Expr, Stage};

pub(super) const COMMAND: Command = Command {
    name: "reltime",
    category: Category::Fields,
    synopsis: "reltime [timefield=<field>[,<field>]...] [prefix=<text>]",
    options: &[
        ("timefield", "", "the fields of epoch times; _time, in the field `reltime`"),
        ("prefix", "reltime_", "what the names of the results of `timefield` begin with"),
    ],
    doc: "Sets `reltime` to how long before the time of the search an event was, in words: `5 days ago`.",
    examples: &[(
        "| makeresults | eval _time=now()-7300 | reltime | table reltime",
        r#"{"reltime":"2 hours ago"}"#,
    )],
    page: "SearchReference/Reltime",
    args: Rule::reltime_args,
    plan,
    ..DEFAULT
};

/// Units, largest first, with their length in seconds.
const UNITS: [(&str, f64); 6] = [
    ("year", 31_536_000.0),
    ("month", 2_592_000.0),
    ("day", 86_400.0),
    ("hour", 3600.0),
    ("minute", 60.0),
    ("second", 1.0),
];

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let prefix = args.text("prefix", "reltime_");
    let columns = match args.get("timefield") {
        None => vec![("reltime".to_owned(), ago("_time"))],
        Some(fields) => fields
            .text
            .split(',')
            .map(str::trim)
            .filter(|f| !f.is_empty())
            .map(|f| (format!("{prefix}{f}"), ago(f)))
            .collect(),
    };
    let columns = columns
        .into_iter()
        .map(|(name, value)| Assignment {
            target: Target::Field(name),
            value,
        })
        .collect();
    Ok(Planner::rows_or_events(input).extend(columns))
}

fn ago(time: &str) -> Expr {
    let past = || binary(call("now", Vec::new()), BinaryOp::Sub, field(time));
    let mut cases = Vec::new();
    for (sign, words) in [(1.0, " ago"), (-1.0, " from now")] {
        for (unit, seconds) in UNITS {
            let of = || binary(past(), BinaryOp::Div, number(sign * seconds));
            let count = || call("floor", vec![of()]);
            cases.push(binary(of(), BinaryOp::Ge, number(1.0)));
            let plural = call(
                "if",
                vec![
                    binary(count(), BinaryOp::Eq, number(1.0)),
                    text(&format!(" {unit}{words}")),
                    text(&format!(" {unit}s{words}")),
                ],
            );
            cases.push(binary(count(), BinaryOp::Concat, plural));
        }
    }
    cases.push(call("isnum", vec![field(time)]));
    cases.push(text("now"));
    call("case", cases)
}
