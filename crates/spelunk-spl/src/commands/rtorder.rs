//! `rtorder`: orders the rows by time.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::{Plan, SortKey, SortOrder};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "rtorder",
    category: Category::Ordering,
    synopsis: "rtorder [discard=<bool>] [buffer_span=<span>] [max_buffer_size=<N>]",
    options: &[
        ("discard", "false", "accepted: no row comes too late when all are there"),
        ("buffer_span", "10s", "accepted: all rows are put in order"),
        ("max_buffer_size", "50000", "accepted: all rows are put in order"),
    ],
    doc: "Puts the rows in ascending order of _time, as Splunk's buffer for real-time searches does with those that come close together.",
    examples: &[(
        "| makeresults count=2 | streamstats count AS n | eval _time=1700000000-n | rtorder | table n",
        "{\"n\":2}\n{\"n\":1}",
    )],
    page: "SearchReference/Rtorder",
    args: Rule::rtorder_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    Args::new(&COMMAND, stage)?.flag("discard", false)?;
    Ok(Plan::Sort {
        input: Box::new(Planner::rows_or_events(input)),
        keys: vec![SortKey {
            field: "_time".to_owned(),
            descending: false,
            order: SortOrder::Auto,
        }],
        limit: 0,
    })
}
