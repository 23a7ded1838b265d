//! `localop`, `redistribute`, `noop`: how Splunk distributes work over machines.

use crate::commands::{Category, Command, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "localop",
    aliases: &["redistribute", "noop"],
    category: Category::Ordering,
    synopsis: "localop | redistribute [num_of_reducers=<N>] [by <field>...] | noop [<option>=<value>]...",
    options: &[("num_of_reducers", "", "accepted: there is one machine")],
    doc: "Tells Splunk where to run the commands after it; changes no row.",
    examples: &[("| makeresults | localop | stats count", r#"{"count":1}"#)],
    page: "SearchReference/Localop",
    args: Rule::localop_args,
    plan,
};

fn plan(_: &mut Planner<'_>, _: &Stage, input: Option<Plan>) -> Result<Plan> {
    Ok(Planner::rows_or_events(input))
}
