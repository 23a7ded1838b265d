//! `xmlunescape`: unescapes `&lt;` and other XML entities.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::build::{call, field};
use crate::plan::schema::Pattern;
use crate::plan::{Assignment, EACH, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "xmlunescape",
    category: Category::Fields,
    synopsis: "xmlunescape [maxinputs=<N>]",
    options: &[("maxinputs", "50000", "accepted: rows are not handed over in portions")],
    doc: "Puts characters in place of the entities of XML, such as &lt; and &amp;, in _raw and all fields.",
    examples: &[(
        "| makeresults | eval a=\"x &lt; y &amp; z\" | xmlunescape | table a",
        r#"{"a":"x < y & z"}"#,
    )],
    page: "SearchReference/Xmlunescape",
    args: Rule::xmlunescape_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    args.number("maxinputs", 50_000)?;
    let unescaped = call("$xmlunescape", vec![field(EACH)]);
    Ok(Planner::rows_or_events(input).extend(vec![Assignment {
        target: Target::Each(vec![Pattern::new("*"), Pattern::exact("_raw")]),
        value: unescaped,
    }]))
}
