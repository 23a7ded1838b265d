//! `walklex`: the words, fields and field values of an index.

use crate::commands::args::Args;
use crate::commands::indexes::index_terms;
use crate::commands::planner::plan_text;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::typeahead::{Lexicon, Matching};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "walklex",
    category: Category::Generating,
    synopsis: "| walklex index=<index> [type=all|field|fieldvalue|term] [prefix=<text> | pattern=<text with *>]",
    options: &[
        ("index", "", "the index; may be given several times"),
        ("type", "all", "what to list: words (term), names of fields (field), field=\"value\" (fieldvalue), or all of them"),
        ("prefix", "", "only what begins so"),
        ("pattern", "*", "only what matches"),
        ("splunk_server", "", "accepted: there is one"),
        ("splunk_server_group", "", "accepted"),
    ],
    doc: "Lists the words, fields and field values of an index with the number of events that hold each, sorted: term and count.",
    examples: &[("| walklex index=main type=term prefix=fail | stats count", "{\"count\":0}")],
    page: "SearchReference/Walklex",
    args: Rule::walklex_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`walklex` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    if args.get("index").is_none() {
        return Err(Error::syntax(stage.span, "`walklex` needs an index"));
    }
    let (terms, values, fields) = match args.text("type", "all").to_ascii_lowercase().as_str() {
        "all" => (true, true, true),
        "term" => (true, false, false),
        "fieldvalue" => (false, true, false),
        "field" => (false, false, true),
        other => {
            return Err(Error::argument(stage.span, format!("`walklex` has no type `{other}`"))
                .hint("there are all, term, field and fieldvalue"));
        }
    };
    let matching = match args.get("prefix") {
        Some(prefix) => Matching::Prefix(prefix.text.to_lowercase()),
        None => Matching::Pattern(args.text("pattern", "*")),
    };
    let rows = plan_text(planner.context, &format!("search {}", index_terms(stage)))?;
    Ok(rows.apply(Lexicon {
        content: "term",
        matching,
        terms,
        values: values.then(Vec::new),
        fields,
    }))
}
