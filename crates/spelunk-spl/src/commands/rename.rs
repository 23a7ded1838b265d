//! `rename`: renames columns.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::schema::Pattern;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "rename",
    category: Category::Fields,
    synopsis: "rename <field or pattern> AS <field or pattern>...",
    doc: "Gives columns other names; with `*` on both sides, many at once. A column that had the new name is replaced.",
    examples: &[(
        "| makeresults | eval a.x=1, a.y=2 | rename a.* AS * | table x y",
        r#"{"x":1,"y":2}"#,
    )],
    page: "SearchReference/Rename",
    args: Rule::rename_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut pairs = Vec::new();
    for arg in &args.rest {
        if let ArgKind::Pair { from, to } = &arg.kind {
            let stars = |n: &str| n.matches('*').count();
            if stars(&to.text) != stars(&from.text) {
                return Err(Error::argument(
                    arg.span,
                    "the old and the new name need the same number of wildcards (`*`)",
                ));
            }
            pairs.push((
                Pattern::new(from.text.as_str()),
                Pattern::new(to.text.as_str()),
            ));
        }
    }
    Ok(Plan::Rename {
        input: Box::new(Planner::rows_or_events(input)),
        pairs,
    })
}
