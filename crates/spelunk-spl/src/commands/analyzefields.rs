//! `analyzefields`: how well each numeric field predicts another field.

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::kernels::analyzefields::Analyze;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "analyzefields",
    aliases: &["af"],
    category: Category::Reporting,
    synopsis: "analyzefields classfield=<field>",
    options: &[("classfield", "", "the field to predict, best one of few values")],
    doc: "A row for each numeric field: `count` of its values, `cocur` (the share of the rows with the class field that \
          have it), `acc` (the share of its values that predict the class correctly), and `balacc` (the mean of \
          these shares over the classes).",
    examples: &[(
        "| makeresults | eval p=split(\"1a,2a,8b,9b\", \",\") | mvexpand p | rex field=p \"(?<n>.)(?<k>.)\" | fields n k | analyzefields classfield=k",
        r#"{"field":"n","count":4,"cocur":1,"acc":1,"balacc":1}"#,
    )],
    page: "SearchReference/Analyzefields",
    args: Rule::analyzefields_args,
    plan,
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let class = args.get("classfield").ok_or_else(|| {
        Error::syntax(stage.span, "`analyzefields` needs the field to predict: classfield=<field>")
    })?;
    Ok(Planner::rows_or_events(input).apply(Analyze { class: class.text.clone() }))
}
