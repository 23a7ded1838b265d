//! `fields`: keeps or drops columns.

use crate::commands::args::{Args, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::{Plan, Projection};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "fields",
    category: Category::Fields,
    synopsis: "fields [+|-] <field or pattern>...",
    doc: "Keeps (or with `-` drops) the named columns. `_time` and `_raw` stay unless they are dropped by name.",
    examples: &[(
        "| makeresults | eval a=1, b=2 | fields - _time b",
        r#"{"a":1}"#,
    )],
    page: "SearchReference/Fields",
    args: Rule::fields_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    if fields.is_empty() {
        return Err(Error::syntax(stage.span, "`fields` needs a field"));
    }
    let drop = args
        .rest
        .iter()
        .any(|a| matches!(a.kind, ArgKind::Sign('-')));
    Ok(Plan::Project {
        input: Box::new(Planner::rows_or_events(input)),
        mode: if drop {
            Projection::Drop
        } else {
            Projection::Keep
        },
        fields: patterns(&fields),
    })
}
