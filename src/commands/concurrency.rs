//! `concurrency`: how many events were going on when an event began.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "concurrency",
    category: Category::Reporting,
    synopsis: "concurrency duration=<field> [start=<field>] [output=<field>]",
    options: &[
        ("duration", "", "the field of the seconds that an event goes on"),
        ("start", "_time", "the field of its beginning"),
        ("output", "concurrency", "the field of the result"),
    ],
    doc: "Adds to each event how many events, itself among them, were going on when it began: begun by then and not yet over.",
    examples: &[(
        "| makeresults count=3 | streamstats count AS n | eval _time=1700000000+n*10, d=15 | concurrency duration=d | table n concurrency",
        "{\"n\":1,\"concurrency\":1}\n{\"n\":2,\"concurrency\":2}\n{\"n\":3,\"concurrency\":2}",
    )],
    page: "SearchReference/Concurrency",
    args: Rule::concurrency_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let Some(duration) = args.get("duration") else {
        return Err(Error::syntax(stage.span, "`concurrency` needs duration=<field>"));
    };
    Ok(Planner::rows_or_events(input).apply(Concurrency {
        duration: duration.text.clone(),
        start: args.text("start", "_time"),
        output: args.text("output", "concurrency"),
    }))
}

#[derive(Debug)]
struct Concurrency {
    duration: String,
    start: String,
    output: String,
}

impl Kernel for Concurrency {
    fn describe(&self) -> String {
        format!("concurrency of {} for {}", self.start, self.duration)
    }

    fn run(&self, mut input: Table, _: &PlanContext) -> Result<Table> {
        let spans: Vec<Option<(f64, f64)>> = (0..input.height())
            .map(|row| {
                let start = input.value(&self.start, row).as_number()?;
                let duration = input.value(&self.duration, row).as_number()?;
                Some((start, start + duration.max(0.0)))
            })
            .collect();
        let sorted = |of: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = spans.iter().flatten().map(of).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (starts, ends) = (sorted(|s| s.0), sorted(|s| s.1));
        let values = spans
            .iter()
            .map(|span| {
                let Some((start, end)) = span else {
                    return Value::Null;
                };
                let begun = starts.partition_point(|s| s <= start);
                let over = ends.partition_point(|e| e <= start);
                // What takes no time is over at once, and still is there when it begins.
                let own = usize::from(end <= start);
                Value::Num((begun - over + own) as f64)
            })
            .collect();
        input.set(self.output.clone(), Type::Number, values);
        Ok(input)
    }
}
