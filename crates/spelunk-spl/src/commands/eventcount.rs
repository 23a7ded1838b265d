//! `eventcount`: the number of events in the indexes.

use crate::commands::args::Args;
use crate::commands::indexes::index_terms;
use crate::commands::planner::plan_text;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "eventcount",
    category: Category::Generating,
    synopsis: "| eventcount [index=<index>]... [summarize=<bool>] [report_size=<bool>]",
    options: &[
        ("index", "*", "the indexes counted, wildcards allowed; may be given several times"),
        ("summarize", "true", "one number for all; false gives a row for each index"),
        ("report_size", "false", "with summarize=false, adds the size of the events in bytes"),
        ("list_vix", "true", "accepted without effect: there are no virtual indexes"),
        ("list_federated_remote", "false", "accepted"),
    ],
    doc: "Counts the events of indexes, without regard to the time range in Splunk; here within --earliest and --latest.",
    examples: &[("| eventcount index=*", "{\"count\":0}")],
    page: "SearchReference/Eventcount",
    args: Rule::eventcount_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`eventcount` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let terms = index_terms(stage);
    let text = if args.flag("summarize", true)? {
        format!("search {terms} | stats count")
    } else {
        let size = args.flag("report_size", false)?;
        format!(
            "search {terms} | eval server=\"localhost\", size=len(_raw) | stats count, sum(size) AS size_bytes BY index, server \
             | table count index server{}",
            if size { " size_bytes" } else { "" }
        )
    };
    plan_text(planner.context, &text)
}
