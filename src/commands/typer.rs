//! `typer`: the event types of events.

use crate::commands::args::Args;
use crate::commands::marks::event_types;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "typer",
    category: Category::Fields,
    synopsis: "typer [eventtypes=<name>] [maxlen=<N>]",
    options: &[
        ("eventtypes", "", "accepted: the event types of all apps are looked at"),
        ("maxlen", "10000", "accepted: an event's whole text is looked at"),
    ],
    doc: "Gives the field `eventtype` the names of the event types whose search an event satisfies.",
    examples: &[("| makeresults | typer | stats count", "{\"count\":1}")],
    page: "SearchReference/Typer",
    args: Rule::typer_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    Args::new(&COMMAND, stage)?;
    let types = event_types(planner.context)?;
    Ok(Planner::rows_or_events(input).set("eventtype", types))
}
