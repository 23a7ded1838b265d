//! `localize`: the stretches of time in which events lie close together.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::time::Span;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "localize",
    category: Category::Reporting,
    synopsis: "localize [maxpause=<span>] [timeafter=<span>] [timebefore=<span>]",
    options: &[
        ("maxpause", "1m", "the longest pause between two events of one stretch"),
        ("timeafter", "30s", "added to a stretch's end"),
        ("timebefore", "30s", "taken from its beginning"),
    ],
    doc: "Gives a row with starttime and endtime for each stretch of time in which events follow each other closely: for `map`, which can search around them.",
    examples: &[("| makeresults | localize | eval length=endtime-starttime | table length", "{\"length\":60}")],
    page: "SearchReference/Localize",
    args: Rule::localize_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let seconds = |name: &str, default: &str| {
        let text = args.text(name, default);
        let span = Span::parse(&text).ok().map(|s| s.approximate_micros() as f64 / 1e6);
        span.ok_or_else(|| {
            let at = args.get(name).map_or(stage.span, |l| l.span);
            Error::argument(at, format!("`{name}` takes a span of time such as 30s, not `{text}`"))
        })
    };
    Ok(Planner::rows_or_events(input).apply(Localize {
        pause: seconds("maxpause", "1m")?,
        after: seconds("timeafter", "30s")?,
        before: seconds("timebefore", "30s")?,
    }))
}

#[derive(Debug)]
struct Localize {
    pause: f64,
    after: f64,
    before: f64,
}

impl Kernel for Localize {
    fn describe(&self) -> String {
        format!("localize, pauses of at most {} s", self.pause)
    }

    fn run(&self, rows: Table, _: &PlanContext) -> Result<Table> {
        let mut times: Vec<f64> = (0..rows.height())
            .filter_map(|row| rows.value("_time", row).as_number())
            .collect();
        times.sort_by(|a, b| b.total_cmp(a));
        let mut stretches: Vec<(f64, f64)> = Vec::new();
        for time in times {
            match stretches.last_mut() {
                Some((start, _)) if *start - time <= self.pause => *start = time,
                _ => stretches.push((time, time)),
            }
        }
        let column = |of: &dyn Fn(&(f64, f64)) -> f64| -> Vec<Value<'static>> {
            stretches.iter().map(|s| Value::Num(of(s))).collect()
        };
        let mut out = Table::new(stretches.len());
        out.set("starttime", Type::Number, column(&|s| s.0 - self.before));
        out.set("endtime", Type::Number, column(&|s| s.1 + self.after));
        Ok(out)
    }
}
