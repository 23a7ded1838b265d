//! `relevancy`: how well events match the words of the search.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::relevancy::Relevancy;
use crate::plan::{Plan, Predicate, Scan};
use crate::syntax::Rule;
use crate::syntax::ast::{CompareOp, Search, Stage};

pub(super) const COMMAND: Command = Command {
    name: "relevancy",
    category: Category::Fields,
    synopsis: "relevancy",
    doc: "Sets `relevancy` to how well the text of an event matches the words of the search: the more often it contains them, and the rarer they are among the events, the higher. Splunk does not document the formula.",
    page: "SearchReference/Relevancy",
    args: Rule::relevancy_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    Args::new(&COMMAND, stage)?;
    let rows = Planner::rows_or_events(input);
    let mut words = Vec::new();
    words_of_plan(&rows, &mut words);
    words.retain(|word| !word.is_empty());
    words.sort();
    words.dedup();
    if words.is_empty() {
        return Err(Error::syntax(
            stage.span,
            "`relevancy` must follow a search with words",
        )
        .hint("for example: disk error | relevancy | sort -relevancy"));
    }
    Ok(rows.beside(Relevancy { words }))
}

/// The words of the search that scans the events.
fn words_of_plan(plan: &Plan, out: &mut Vec<String>) {
    if let Plan::Filter {
        input,
        predicate: Predicate::Search(search, _),
    } = plan
        && matches!(**input, Plan::Scan(Scan::Events | Scan::EventsUnordered))
    {
        words_of(search, out);
    }
    for input in plan.inputs() {
        words_of_plan(input, out);
    }
}

fn words_of(search: &Search, out: &mut Vec<String>) {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().for_each(|p| words_of(p, out)),
        Search::Term(word) | Search::ExactTerm(word) | Search::CaseTerm(word) => out.extend(
            word.text
                .split(|c: char| c == '*' || c.is_whitespace())
                .map(str::to_lowercase),
        ),
        Search::Compare {
            op: CompareOp::Eq,
            value,
            field,
        } if !matches!(field.text.as_str(), "index" | "earliest" | "latest") => {
            out.extend(value.text.split('*').map(str::to_lowercase));
        }
        // Excluded words make no event more relevant.
        Search::Not(_)
        | Search::Compare { .. }
        | Search::In { .. }
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => {}
    }
}
