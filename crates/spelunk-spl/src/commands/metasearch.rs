//! `metasearch`: finds events, but returns only their metadata.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::build::text;
use crate::plan::schema::Pattern;
use crate::plan::{Plan, Projection, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "metasearch",
    category: Category::Generating,
    synopsis: "| metasearch [<search expression>]",
    doc: "Finds events and gives only their time, host, source, sourcetype and index.",
    examples: &[("| metasearch index=* | stats count", "{\"count\":0}")],
    page: "SearchReference/Metasearch",
    args: Rule::metasearch_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`metasearch` begins a search"));
    }
    let mut rows = Plan::Scan(Scan::Events);
    for arg in &stage.args {
        if let ArgKind::Search(search) = &arg.kind {
            rows = planner.search_filter(rows, search)?;
        }
    }
    let names = ["_time", "host", "index", "source", "sourcetype", "splunk_server"];
    Ok(Plan::Project {
        input: Box::new(rows.set("splunk_server", text("localhost"))),
        mode: Projection::Table,
        fields: names.iter().map(|name| Pattern::exact(name)).collect(),
    })
}
