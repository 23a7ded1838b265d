//! `join`: rows beside the rows of a subsearch that have equal fields.

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "join",
    category: Category::Combining,
    synopsis: "join [type=inner|outer|left] [overwrite=<bool>] [max=<N>] [<field>...] [<subsearch>]",
    options: &[
        ("type", "inner", "outer and left keep rows without a partner"),
        ("overwrite", "true", "whether the subsearch's values replace those there are"),
        ("max", "1", "partners taken for a row; 0 for all"),
        ("usetime", "false", "only false is supported"),
        ("earlier", "true", "accepted: it has no meaning without usetime"),
    ],
    doc: "Puts beside each row the fields of the rows of a subsearch that have the same values in the named fields, or in all fields that both have.",
    examples: &[(
        "| makeresults | eval k=1, a=2 | join k [| makeresults | eval k=1, b=3] | table k a b",
        r#"{"k":1,"a":2,"b":3}"#,
    )],
    page: "SearchReference/Join",
    args: Rule::join_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let Some(pipeline) = args.subsearch() else {
        return Err(Error::syntax(stage.span, "`join` needs a subsearch in brackets"));
    };
    if args.has_keyword("WHERE") {
        return Err(Error::argument(
            stage.span,
            "`join ... where` is not supported: name the fields that must be equal",
        ));
    }
    if args.flag("usetime", false)? {
        return Err(Error::argument(stage.span, "`join usetime=true` is not supported"));
    }
    let outer = match args.text("type", "inner").to_ascii_lowercase().as_str() {
        "inner" => false,
        "outer" | "left" => true,
        other => {
            return Err(Error::argument(
                stage.span,
                format!("`join` has type inner, outer or left, not `{other}`"),
            ));
        }
    };
    let right = Plan::Subsearch {
        input: Box::new(planner.subsearch(pipeline)?),
        most: planner.context.limits.join_rows,
    };
    Ok(Plan::Join {
        left: Box::new(Planner::rows_or_events(input)),
        right: Box::new(right),
        fields: texts(&args.fields()),
        outer,
        overwrite: args.flag("overwrite", true)?,
        max: args.number("max", 1)?,
    })
}
