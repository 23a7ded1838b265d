//! `concurrency`: the number of events in progress when an event began.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::concurrency::Concurrency;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "concurrency",
    category: Category::Reporting,
    synopsis: "concurrency duration=<field> [start=<field>] [output=<field>]",
    options: &[
        ("duration", "", "the field with the duration of an event in seconds"),
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
