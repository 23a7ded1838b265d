//! `fromjson`: extracts the members of a JSON object as fields.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::fromjson::Members;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "fromjson",
    category: Category::Fields,
    synopsis: "fromjson <field> [prefix=<text>]",
    options: &[("prefix", "", "the prefix of the new field names")],
    doc: "Makes a field of each member of the JSON object in a field. Arrays become multivalues, objects stay JSON.",
    examples: &[(
        "| makeresults | eval o=json_object(\"name\", \"ann\", \"tags\", json_array(\"x\", \"y\")) | fromjson o | table name tags",
        r#"{"name":"ann","tags":["x","y"]}"#,
    )],
    page: "SearchReference/Fromjson",
    args: Rule::fromjson_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [from] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`fromjson` needs one field"));
    };
    Ok(Planner::rows_or_events(input).beside(Members {
        from: from.text.clone(),
        prefix: args.text("prefix", ""),
    }))
}
