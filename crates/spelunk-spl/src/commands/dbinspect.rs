//! `dbinspect`: the buckets of the indexes.

use crate::commands::args::Args;
use crate::commands::indexes::index_terms;
use crate::commands::planner::plan_text;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::format::quoted;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "dbinspect",
    category: Category::Generating,
    synopsis: "| dbinspect [index=<index>]... [span=<span> [timeformat=<format>]]",
    options: &[
        ("index", "*", "the indexes, wildcards allowed; may be given several times"),
        ("span", "", "gives a row for each span of time instead"),
        ("timeformat", "%m/%d/%Y:%H:%M:%S", "with span, how its beginning is written"),
        ("corruptonly", "false", "accepted: a damaged file is an error when it is read"),
        ("cached", "false", "accepted"),
    ],
    doc: "Gives a row for each bucket of the indexes; each index is one bucket here: eventCount, startEpoch, endEpoch, rawSize and the numbers of hosts, sources and sourcetypes.",
    examples: &[("| dbinspect index=* | stats count", "{\"count\":0}")],
    page: "SearchReference/Dbinspect",
    args: Rule::dbinspect_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`dbinspect` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let terms = index_terms(stage);
    let text = match args.get("span") {
        Some(span) => format!(
            "search {terms} | bin _time span={} | stats dc(index) AS hot BY _time | eval _time=strftime(_time, {})",
            span.text,
            quoted(&args.text("timeformat", "%m/%d/%Y:%H:%M:%S"))
        ),
        None => format!(
            "search {terms} | eval size=len(_raw) | stats count AS eventCount, min(_time) AS startEpoch, max(_time) AS endEpoch, \
             sum(size) AS rawSize, dc(host) AS hostCount, dc(source) AS sourceCount, dc(sourcetype) AS sourceTypeCount BY index \
             | eval bucketId=index.\"~0\", id=0, state=\"warm\", splunk_server=\"localhost\" \
             | table bucketId endEpoch eventCount hostCount id index rawSize sourceCount sourceTypeCount splunk_server startEpoch state"
        ),
    };
    plan_text(planner.context, &text)
}
