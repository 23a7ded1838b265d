//! `search`: keeps the rows that match a search expression; at the start, finds events.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "search",
    category: Category::Filtering,
    synopsis: "[search] <search expression>",
    doc: "Keeps the rows for which the expression holds: field=value with wildcards and without case, \
          comparisons, words of the event, IN, NOT, OR and AND (adjacent terms; OR binds tighter). \
          At the start of a search it finds events, and its name may be left out.",
    examples: &[(
        "| makeresults count=3 | eval user=\"Bob\" | search user=b* | stats count",
        r#"{"count":3}"#,
    )],
    page: "SearchReference/Search",
    args: Rule::search_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut rows = Planner::rows_or_events(input);
    for arg in &stage.args {
        if let ArgKind::Search(search) = &arg.kind {
            rows = planner.search_filter(rows, search)?;
        }
    }
    Ok(rows)
}
