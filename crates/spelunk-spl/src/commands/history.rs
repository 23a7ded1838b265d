//! `history`: previously run searches.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::table::Table;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Type;

pub(super) const COMMAND: Command = Command {
    name: "history",
    category: Category::Generating,
    synopsis: "| history [events=<bool>]",
    options: &[("events", "false", "accepted without effect")],
    doc: "Lists the user's past searches in Splunk. No history is kept here: it returns no rows, with a notice.",
    examples: &[("| history | stats count", "{\"count\":0}")],
    page: "SearchReference/History",
    args: Rule::history_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`history` begins a search"));
    }
    Args::new(&COMMAND, stage)?;
    planner.context.notice("history: no search history is kept");
    let mut none = Table::new(0);
    none.set("_time", Type::Time, Vec::new());
    none.set("search", Type::Text, Vec::new());
    Ok(Plan::Values(none.into()))
}
