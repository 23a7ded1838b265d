//! `highlight`, `iconify`: how Splunk Web displays events.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "highlight",
    aliases: &["iconify"],
    category: Category::Fields,
    synopsis: "highlight <text>... | iconify <field>...",
    doc: "Tells Splunk's pages what to highlight or to mark by an icon; changes no row.",
    examples: &[("| makeresults | highlight error, failed | stats count", r#"{"count":1}"#)],
    page: "SearchReference/Highlight",
    args: Rule::highlight_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, _: &Stage, input: Option<Plan>) -> Result<Plan> {
    Ok(Planner::rows_or_events(input))
}
