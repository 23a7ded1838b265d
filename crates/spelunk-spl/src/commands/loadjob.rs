//! `loadjob`: the results of a saved search.

use crate::commands::args::Args;
use crate::commands::savedsearch::saved;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{Name, Stage};

pub(super) const COMMAND: Command = Command {
    name: "loadjob",
    category: Category::Generating,
    synopsis: "| loadjob savedsearch=\"<user>:<app>:<name>\"",
    options: &[
        ("savedsearch", "", "the saved search; user and app mean nothing"),
        ("events", "false", "accepted"),
        ("job_delegate", "scheduler", "accepted"),
        ("artifact_offset", "0", "accepted: the search is run now"),
        ("ignore_running", "true", "accepted"),
    ],
    doc: "Returns the results of a saved search. Results of earlier runs are not kept: the search runs again, with a notice. Jobs cannot be loaded by id.",
    page: "SearchReference/Loadjob",
    args: Rule::loadjob_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`loadjob` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let Some(path) = args.get("savedsearch") else {
        return Err(Error::new(ErrorKind::UnsupportedCommand {
            name: "loadjob <job>".to_owned(),
            why: "the results of earlier searches are not kept".to_owned(),
        })
        .at(stage.span)
        .hint("name a saved search instead: | loadjob savedsearch=\"user:app:name\""));
    };
    let name = Name {
        text: path.text.splitn(3, ':').last().unwrap_or_default().to_owned(),
        span: path.span,
        quoted: true,
    };
    planner.context.notice(format!(
        "loadjob: results are not kept, `{}` is run now",
        name.text
    ));
    saved(planner, &name, &[], true)
}
