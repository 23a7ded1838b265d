//! `typeahead`: the words and field values in events.

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
    name: "typeahead",
    category: Category::Generating,
    synopsis: "| typeahead prefix=<text> count=<N> [index=<index>]...",
    options: &[
        ("prefix", "", "what the words begin with"),
        ("count", "50", "words given at most"),
        ("index", "*", "the indexes to search, wildcards allowed; may be repeated"),
        ("max_time", "0", "accepted: it is not cut off by time"),
        ("max_servers", "2", "accepted"),
        ("starttimeu", "0", "accepted: --earliest bounds the time"),
        ("endtimeu", "", "accepted: --latest bounds the time"),
        ("collapse", "true", "accepted"),
    ],
    doc: "Lists words of the events, and hosts, sources and sourcetypes as field=\"value\", that begin with a prefix: content and count, most frequent first.",
    examples: &[("| typeahead prefix=fail count=5 | stats count", "{\"count\":0}")],
    page: "SearchReference/Typeahead",
    args: Rule::typeahead_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`typeahead` begins a search"));
    }
    let args = Args::new(&COMMAND, stage)?;
    let prefix = args
        .get("prefix")
        .ok_or_else(|| Error::syntax(stage.span, "`typeahead` needs a prefix"))?;
    let lexicon = Lexicon {
        content: "content",
        matching: Matching::Prefix(prefix.text.to_lowercase()),
        terms: true,
        values: Some(vec!["host".into(), "source".into(), "sourcetype".into()]),
        fields: false,
    };
    let rows = plan_text(planner.context, &format!("search {}", index_terms(stage)))?;
    let sorted = Plan::Sort {
        input: Box::new(rows.apply(lexicon)),
        keys: vec![crate::plan::SortKey {
            field: "count".to_owned(),
            descending: true,
            order: crate::plan::SortOrder::Number,
        }],
        limit: args.number("count", 50)?,
    };
    Ok(sorted)
}
