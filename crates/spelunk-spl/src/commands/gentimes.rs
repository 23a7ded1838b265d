//! `gentimes`: generates rows of adjacent time ranges.

use std::sync::Arc;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;
use crate::plan::table::Table;
use crate::syntax::Rule;
use crate::syntax::ast::{Literal, Stage};
use crate::time::{self, Span as TimeSpan, Unit};
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "gentimes",
    category: Category::Generating,
    synopsis: "| gentimes start=<time> [end=<time>] [increment=<span>]",
    options: &[
        ("start", "", "where the first range begins: mm/dd/yyyy[:hh:mm:ss], or days before today as a negative number"),
        ("end", "", "where the last range ends, itself not in it; today at midnight"),
        ("increment", "1d", "the length of a range"),
    ],
    doc: "Makes a row for each range of time from start to end, with its first and last second, also as a readable date.",
    examples: &[(
        "| gentimes start=10/25/2023 end=10/27/2023 | table starttime endhuman",
        "{\"starttime\":1698192000,\"endhuman\":\"Wed Oct 25 23:59:59 2023\"}\n{\"starttime\":1698278400,\"endhuman\":\"Thu Oct 26 23:59:59 2023\"}",
    )],
    page: "SearchReference/Gentimes",
    args: Rule::gentimes_args,
    plan,
    ..DEFAULT
};

/// Maximum number of ranges.
const MOST: usize = 1_000_000;

/// Format of the human-readable times.
const READABLE: &str = "%a %b %d %H:%M:%S %Y";

fn plan(planner: &mut Planner<'_>, stage: &Stage, _: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (now, zone) = (planner.context.clock.now, planner.context.clock.zone);
    let today = time::time_modifier("@d", now, zone).unwrap_or(now);
    let moment = |literal: &Literal| -> Result<i64> {
        let wrong = || {
            Error::argument(
                literal.span,
                format!("`{}` is not a time such as 10/25/2023 or -5", literal.text),
            )
        };
        if let Ok(days) = literal.text.parse::<i64>() {
            let today = time::micros(today).ok_or_else(wrong)?;
            return Unit::Day.add(today, days, zone).ok_or_else(wrong);
        }
        // The documentation writes years with four digits and with two.
        let year = literal.text.split(['/', ':']).nth(2);
        let formats = match year.map(str::len) {
            Some(2) => ["%m/%d/%y:%H:%M:%S", "%m/%d/%y"],
            _ => ["%m/%d/%Y:%H:%M:%S", "%m/%d/%Y"],
        };
        let seconds = formats
            .iter()
            .find_map(|f| time::strptime(&literal.text, f, now, zone))
            .or_else(|| time::time_modifier(&literal.text, now, zone).ok());
        seconds.and_then(time::micros).ok_or_else(wrong)
    };
    let Some(start) = args.get("start") else {
        return Err(Error::syntax(stage.span, "`gentimes` needs start=<time>"));
    };
    let mut at = moment(start)?;
    let end = match args.get("end") {
        Some(end) => moment(end)?,
        None => time::micros(today).unwrap_or(at),
    };
    let step = match args.get("increment") {
        None => TimeSpan {
            count: 1,
            unit: Unit::Day,
            snap: None,
        },
        Some(l) => TimeSpan::parse(&l.text).map_err(|m| Error::argument(l.span, m))?,
    };
    let mut columns: [Vec<Value<'static>>; 4] = Default::default();
    while at < end {
        let Some(next) = step.unit.add(at, step.count, zone).filter(|next| *next > at) else {
            break;
        };
        let last = next - 1_000_000;
        for (column, moment) in columns.chunks_exact_mut(2).zip([at, last]) {
            let seconds = time::seconds(moment);
            column[0].push(Value::number(seconds));
            let readable = time::strftime(seconds, READABLE, zone);
            column[1].push(readable.map_or(Value::Null, Value::text));
        }
        if columns[0].len() > MOST {
            return Err(Error::new(ErrorKind::TooLarge(format!(
                "more than {MOST} ranges of time"
            )))
            .at(stage.span));
        }
        at = next;
    }
    let mut table = Table::new(columns[0].len());
    let names = [
        ("starttime", Type::Number),
        ("starthuman", Type::Text),
        ("endtime", Type::Number),
        ("endhuman", Type::Text),
    ];
    for ((name, kind), values) in names.into_iter().zip(columns) {
        table.set(name, kind, values);
    }
    Ok(Plan::Values(Arc::new(table)))
}
