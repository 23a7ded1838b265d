//! `typelearner`: suggests event types from groups of events and their common words.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::typelearner::Learner;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "typelearner",
    category: Category::Reporting,
    synopsis: "typelearner [<grouping-field>] [maxlen=<N>]",
    options: &[(
        "maxlen",
        "15",
        "number of characters of the grouping field to examine; all if negative",
    )],
    doc: "Groups events by a field (`punct`, computed from the text if missing), puts groups together whose \
          events share the same words, and gives for each the search for the words that distinguish it from the others, how \
          many events that finds, their share, and the first of them. At most 5000 events are examined.",
    examples: &[(
        "| makeresults | eval t=split(\"login failed: ann;login failed: bob;disk is full\", \";\") | mvexpand t | eval _raw=t | typelearner | table search count",
        "{\"search\":\"failed\",\"count\":2}\n{\"search\":\"disk\",\"count\":1}",
    )],
    page: "SearchReference/Typelearner",
    args: Rule::typelearner_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let field = match args.fields().as_slice() {
        [] => "punct".to_owned(),
        [field] => field.text.clone(),
        [_, more, ..] => {
            return Err(Error::syntax(more.span, "`typelearner` takes one field"));
        }
    };
    let length = match args.get("maxlen") {
        None => Some(15),
        Some(literal) => match literal.text.parse::<i64>() {
            Ok(length) => usize::try_from(length).ok(),
            Err(_) => {
                let why = format!("`maxlen` takes a whole number, not `{}`", literal.text);
                return Err(Error::argument(literal.span, why));
            }
        },
    };
    Ok(Planner::rows_or_events(input).apply(Learner { field, length }))
}
