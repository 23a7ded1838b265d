//! `overlap`: gaps and overlaps between the runs of a search that fills a summary index.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::overlap::Overlap;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "overlap",
    category: Category::Reporting,
    synopsis: "overlap",
    doc: "Finds where the runs of a search overlap in time or leave a gap, from events of a summary index with info_search_name, info_search_id, info_min_time \
          and info_max_time. One row for each, with its kind, search and time range.",
    examples: &[(
        "| makeresults format=csv data=\"info_search_name,info_search_id,info_min_time,info_max_time\nhourly,1,0,3600\nhourly,2,3500,7200\nhourly,3,9000,10800\" | overlap",
        "{\"info_search_name\":\"hourly\",\"type\":\"overlap\",\"start_time\":3500,\"end_time\":3600,\"duration\":100}\n{\"info_search_name\":\"hourly\",\"type\":\"gap\",\"start_time\":7200,\"end_time\":9000,\"duration\":1800}",
    )],
    page: "SearchReference/Overlap",
    args: Rule::overlap_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    Args::new(&COMMAND, stage)?;
    Ok(Planner::rows_or_events(input).apply(Overlap))
}
