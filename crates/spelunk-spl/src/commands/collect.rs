//! `collect`: writes the rows to an index as events.

use crate::commands::addinfo::Info;
use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::kernels::collect::{Collect, Target};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "collect",
    aliases: &["summaryindex", "sumindex", "stash"],
    category: Category::Combining,
    synopsis: "collect index=<index> [addtime=<bool>] [addinfo=<bool>] [marker=<text>] [output_format=raw|hec] [testmode=<bool>] [source=<text>] [sourcetype=<text>] [host=<text>] [timeformat=<format>]",
    options: &[
        ("index", "", "the index that gets the events"),
        ("addtime", "true", "starts an event built from fields with its time"),
        ("addinfo", "true", "writes info_min_time, info_max_time and info_search_time into it"),
        ("marker", "", "a text of the form name=value that is written into each event"),
        ("output_format", "raw", "how to build an event from fields: raw writes name=value, hec JSON"),
        ("testmode", "false", "writes nothing: gives the events as rows"),
        ("source", "collect", "their source"),
        ("sourcetype", "stash", "their sourcetype; stash_hec for hec"),
        ("host", "localhost", "their host"),
        ("timeformat", "%m/%d/%Y %H:%M:%S %z", "how the time is written"),
        ("file", "", "accepted: the store names its files itself"),
        ("spool", "true", "accepted"),
        ("uselb", "true", "accepted"),
        ("run_in_preview", "false", "accepted"),
    ],
    doc: "Adds the rows to an index of the store as events once the search has succeeded, and passes them through. A row with `_raw` is stored as it is; for others the text is built from their fields.",
    examples: &[(
        "| makeresults | eval user=\"ann\", n=3 | collect index=summary testmode=true addtime=false addinfo=false marker=\"of=test\" | table _raw",
        r#"{"_raw":"of=test, n=3, user=\"ann\""}"#,
    )],
    page: "SearchReference/Collect",
    args: Rule::collect_args,
    plan,
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    if let Some(extra) = args.fields().first() {
        return Err(Error::argument(extra.span, "`collect` takes only options"));
    }
    let index = args.get("index").ok_or_else(|| {
        Error::syntax(stage.span, "`collect` needs an index")
            .hint(format!("usage: {}", COMMAND.synopsis))
    })?;
    let hec = match args.text("output_format", "raw").to_ascii_lowercase().as_str() {
        "raw" => false,
        "hec" => true,
        other => {
            return Err(Error::argument(
                stage.span,
                format!("`collect` has output_format raw or hec, not `{other}`"),
            ));
        }
    };
    let rows = Planner::rows_or_events(input);
    let info = Info::of(planner.context, &rows);
    let kernel = Collect {
        target: Target {
            index: index.text.clone(),
            source: args.text("source", "collect"),
            sourcetype: args.text("sourcetype", if hec { "stash_hec" } else { "stash" }),
            host: args.text("host", "localhost"),
        },
        time_format: args
            .flag("addtime", true)?
            .then(|| args.text("timeformat", "%m/%d/%Y %H:%M:%S %z")),
        info: args
            .flag("addinfo", !hec)?
            .then(|| (info.min.clone(), info.max.clone())),
        begin: info.min.parse::<f64>().ok().filter(|t| *t > 0.0),
        marker: args.get("marker").map(|l| l.text.clone()),
        hec,
        test: args.flag("testmode", false)?,
    };
    Ok(rows.apply(kernel))
}
