//! `metadata`: lists hosts, sources or sourcetypes.

use crate::commands::args::Args;
use crate::commands::indexes::index_terms;
use crate::commands::planner::plan_text;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "metadata",
    category: Category::Generating,
    synopsis: "| metadata type=hosts|sources|sourcetypes [index=<index>]...",
    options: &[
        ("type", "", "what to list: hosts, sources or sourcetypes"),
        ("index", "*", "the indexes to search, wildcards allowed; may be repeated"),
        ("splunk_server", "", "accepted: there is one"),
        ("splunk_server_group", "", "accepted"),
        ("datatype", "all", "accepted: event or metric"),
    ],
    doc: "Lists hosts, sources or sourcetypes with the number of their events and the times of the first and the last: firstTime, lastTime, recentTime \
          (when the last was indexed; here its time), totalCount.",
    examples: &[("| metadata type=hosts | stats count", "{\"count\":0}")],
    page: "SearchReference/Metadata",
    args: Rule::metadata_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`metadata` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    // Published searches also write `metadata hosts`.
    let names = args.fields();
    let named = names.first().map(|name| (name.text.as_str(), name.span));
    let given = args.get("type").map(|kind| (kind.text.as_str(), kind.span)).or(named);
    let (kind, place) = given.ok_or_else(|| {
        Error::syntax(stage.span, "`metadata` needs type=hosts, type=sources or type=sourcetypes")
    })?;
    let (kind, field) = match kind.to_ascii_lowercase().as_str() {
        "hosts" => ("hosts", "host"),
        "sources" => ("sources", "source"),
        "sourcetypes" => ("sourcetypes", "sourcetype"),
        other => {
            return Err(Error::argument(place, format!("`metadata` lists no `{other}`"))
                .hint("there are hosts, sources and sourcetypes"));
        }
    };
    let terms = index_terms(stage);
    plan_text(
        planner.context,
        &format!(
            "search {terms} | stats min(_time) AS firstTime, max(_time) AS lastTime, count AS totalCount BY {field} \
             | eval recentTime=lastTime, type=\"{kind}\" | table firstTime {field} lastTime recentTime totalCount type"
        ),
    )
}
