//! `typer`: the event types of events.

use crate::commands::args::Args;
use crate::commands::eventtypes::{event_types, event_types_of};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::plan::schema::Pattern;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "typer",
    category: Category::Fields,
    synopsis: "typer [eventtypes=<name>[,<name>]...] [maxlen=<N>]",
    options: &[
        ("eventtypes", "", "the event types to apply, separated by commas, wildcards allowed; all by default"),
        ("maxlen", "10000", "accepted without effect: the whole text of an event is examined"),
    ],
    doc: "Gives the field `eventtype` the names of the event types whose search an event satisfies.",
    examples: &[("| makeresults | typer | stats count", "{\"count\":1}")],
    page: "SearchReference/Typer",
    args: Rule::typer_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let types = match args.get("eventtypes") {
        None => event_types(planner.context),
        Some(names) => {
            let names = names.text.split(',').map(str::trim).map(Pattern::new);
            let names: Vec<Pattern> = names.collect();
            event_types_of(planner.context, |name| names.iter().any(|n| n.matches(name)))
        }
    };
    Ok(Planner::rows_or_events(input).set("eventtype", types))
}
