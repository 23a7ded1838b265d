//! `anomalousvalue`: values that are rare or far from the mean of their field.

use crate::commands::args::{Args, choice, decimal, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::anomalousvalue::AnomalousValue;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "anomalousvalue",
    category: Category::Reporting,
    synopsis: "anomalousvalue [<options>] [action=annotate|filter|summary] [pthresh=<number>] [<field>...]",
    options: &[
        ("action", "filter", "`filter` keeps rows with anomalous values, `annotate` keeps all, `summary` gives a row a field"),
        ("pthresh", "0.01", "how improbable an anomalous value is"),
        ("maxanofreq", "0.05", "a field is left out when more of its values are anomalous"),
        ("minnormfreq", "0.01", "a field is left out when fewer of its values are normal"),
        ("minsupcount", "100", "a field is left out when fewer rows have it"),
        ("minsupfreq", "0.05", "a field is left out when a smaller share of the rows has it"),
    ],
    doc: "Gives each value the probability that it has by its frequency, and a number also by its distance from the \
          mean in standard deviations. Improbable values are reported in `Anomaly_Score_Cat(<field>)` and \
          `Anomaly_Score_Num(<field>)`.",
    examples: &[(
        "| makeresults count=3 | eval n=2 | anomalousvalue action=summary minsupcount=1 n | table fieldname count mean useNum",
        r#"{"fieldname":"n","count":3,"mean":2,"useNum":"no"}"#,
    )],
    page: "SearchReference/Anomalousvalue",
    args: Rule::anomalousvalue_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let share = |name, default| decimal(&args, name, default, 0.0..=1.0);
    let kernel = AnomalousValue {
        fields: patterns(&args.fields()),
        action: choice(&args, "action", ACTIONS)?,
        threshold: share("pthresh", 0.01)?,
        most_anomalous: share("maxanofreq", 0.05)?,
        least_normal: share("minnormfreq", 0.01)?,
        least_count: args.number("minsupcount", 100)?,
        least_share: share("minsupfreq", 0.05)?,
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}

/// Actions on anomalies.
pub(super) const ACTIONS: &[&[&str]] = &[&["filter"], &["annotate"], &["summary"]];
