//! `outlier`: removes or truncates numbers far from the others.

use crate::commands::args::{Args, choice, decimal, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::outlier::Outlier;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "outlier",
    category: Category::Filtering,
    synopsis: "outlier [action=remove|transform] [param=<number>] [uselower=<bool>] [mark=<bool>] [<field>...]",
    options: &[
        (
            "action",
            "transform",
            "`remove` (`rm`) drops the rows, `transform` (`tf`) puts the bound in the value's place",
        ),
        ("param", "2.5", "how many interquartile ranges off a value is an outlier"),
        ("uselower", "false", "whether values below the median can be outliers too"),
        ("mark", "false", "whether `transform` puts 000 before the bound"),
        ("type", "iqr", "there is only the interquartile range"),
    ],
    doc: "Finds numbers more than `param` interquartile ranges above the third quartile, or below the first with `uselower`, in the named fields or in all numeric ones.",
    examples: &[(
        "| makeresults | eval v=split(\"1,2,3,4,90\", \",\") | mvexpand v | outlier action=remove v | stats max(v) AS top",
        r#"{"top":4}"#,
    )],
    page: "SearchReference/Outlier",
    args: Rule::outlier_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    choice(&args, "type", &[&["iqr"]])?;
    let kernel = Outlier {
        fields: patterns(&args.fields()),
        remove: choice(&args, "action", ACTIONS)? == "remove",
        param: decimal(&args, "param", 2.5, 0.0..=f64::INFINITY)?,
        lower: args.flag("uselower", false)?,
        mark: args.flag("mark", false)?,
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}

/// Actions on outliers.
pub(super) const ACTIONS: &[&[&str]] = &[&["transform", "tf"], &["remove", "rm"]];
