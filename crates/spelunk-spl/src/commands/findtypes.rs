//! `findtypes`: suggests event types from values and words that many events share.

use crate::commands::args::Args;
use crate::commands::eventtypes::event_types;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::findtypes::{Finder, TYPES};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "findtypes",
    category: Category::Reporting,
    synopsis: "findtypes [max=<N>] [notcovered] [useraw]",
    options: &[("max", "10", "the most event types that are suggested")],
    doc: "Suggests the searches for a field's value, or with `useraw` for a word of the text, that find at least two \
          events, those that find most first, with how many they find, their share, and the first of them; values that occur in the same events are combined into one search. With `notcovered` only events that have no event type yet are \
          examined, at most 5000.",
    examples: &[(
        "| makeresults count=3 | streamstats count AS n | eval action=if(n<3, \"in\", \"out\") | findtypes | table search count",
        "{\"search\":\"action=\\\"in\\\"\",\"count\":2}",
    )],
    page: "SearchReference/Findtypes",
    args: Rule::findtypes_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (mut raw, mut uncovered) = (false, false);
    for word in args.fields() {
        match word.text.to_ascii_lowercase().as_str() {
            "useraw" => raw = true,
            "notcovered" => uncovered = true,
            _ => {
                let why = format!("`findtypes` takes notcovered and useraw, not `{}`", word.text);
                return Err(Error::syntax(word.span, why));
            }
        }
    }
    let most = args.number("max", 10)?;
    let mut rows = Planner::rows_or_events(input);
    if uncovered {
        rows = rows.set(TYPES, event_types(planner.context));
    }
    Ok(rows.apply(Finder { most, raw }))
}
