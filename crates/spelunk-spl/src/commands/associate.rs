//! `associate`: fields whose values provide information about the values of others.

use crate::commands::args::{Args, decimal, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::associate::Associate;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "associate",
    category: Category::Reporting,
    synopsis: "associate [supcnt=<number>] [supfreq=<number>] [improv=<number>] [<field>...]",
    options: &[
        ("supcnt", "100", "how many rows must hold the reference value"),
        ("supfreq", "0.1", "which share of the rows must hold it"),
        ("improv", "0.5", "by how many bits the entropy of the other field must fall"),
    ],
    doc: "Finds pairs of fields where the entropy of one (Shannon's, in bits) is smaller in the rows in which the other \
          has a certain value.",
    examples: &[(
        "| makeresults | eval p=split(\"a1,a1,b2,b3\", \",\") | mvexpand p | rex field=p \"(?<k>.)(?<v>.)\" | associate supcnt=2 k v | table Reference_Key Reference_Value Target_Key Entropy_Improvement | head 1",
        r#"{"Reference_Key":"k","Reference_Value":"a","Target_Key":"v","Entropy_Improvement":1.5}"#,
    )],
    page: "SearchReference/Associate",
    args: Rule::associate_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let kernel = Associate {
        fields: patterns(&args.fields()),
        least_count: decimal(&args, "supcnt", 100.0, 0.0..=f64::INFINITY)?,
        least_share: decimal(&args, "supfreq", 0.1, 0.0..=1.0)?,
        least_gain: decimal(&args, "improv", 0.5, 0.0..=f64::INFINITY)?,
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}
