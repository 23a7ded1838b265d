//! `tags`: the tags of field values.

use crate::commands::args::{Args, texts};
use crate::commands::eventtypes::TagFields;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "tags",
    category: Category::Fields,
    synopsis: "tags [outputfield=<field>] [inclname=<bool>] [inclvalue=<bool>] [allowed_tags=<tag>,...] [<field>...]",
    options: &[
        ("outputfield", "", "writes all tags into this field, and no others"),
        ("inclname", "false", "with outputfield, writes the field's name before the tag"),
        ("inclvalue", "false", "with outputfield, writes the field's value before the tag"),
        ("allowed_tags", "", "only these tags"),
    ],
    doc: "Writes the tags of the values of the named fields, or of all fields, into `tag::<field>` and `tag`. Rows without `eventtype` get their event types first.",
    examples: &[("| makeresults | tags | stats count", "{\"count\":1}")],
    page: "SearchReference/Tags",
    args: Rule::tags_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let allowed = args.text("allowed_tags", "");
    let tags = TagFields {
        fields: texts(&args.fields()),
        output: args.get("outputfield").map(|l| l.text.clone()),
        name: args.flag("inclname", false)?,
        value: args.flag("inclvalue", false)?,
        allowed: allowed
            .split([',', ' '])
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    Ok(tags.add(Planner::rows_or_events(input), planner.context))
}
