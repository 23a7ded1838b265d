//! `localize`: time ranges in which events are close together.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::localize::Localize;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::time::Span;

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
