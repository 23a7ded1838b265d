//! `anomalies`: events that differ from those before them.


use crate::commands::args::{Args, decimal, names, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::anomalies::{Anomalies, expected};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "anomalies",
    category: Category::Filtering,
    synopsis: "anomalies [threshold=<number>] [labelonly=<bool>] [normalize=<bool>] [maxvalues=<N>] [field=<field>] \
               [denylist=<file>] [denylistthreshold=<number>] [BY <field>...]",
    options: &[
        ("threshold", "0.01", "events with a higher score are anomalous"),
        ("labelonly", "false", "keeps all events, with their score"),
        ("normalize", "true", "whether all digits count as the same"),
        ("maxvalues", "100", "number of preceding events to compare each event with, 10 to 10000"),
        ("field", "_raw", "the field to examine"),
        ("denylist", "", "a CSV file of events whose like are expected and score 0"),
        ("denylistthreshold", "0.05", "how like them an event must be"),
        ("blacklist", "", "the former name of denylist"),
        ("blacklistthreshold", "0.05", "the former name of denylistthreshold"),
    ],
    doc: "Scores in `unexpectedness` how much an event differs from the preceding events: `(s(P and X) - s(P)) / (s(P) + \
          s(X))`, P being the events before and X the event. The measure s is not documented; here it is the size that \
          the text has when it is compressed.",
    examples: &[(
        "| makeresults | eval t=split(\"the mill turns,the mill turns,the mill turns,fire in the boiler house!\", \",\") | mvexpand t | anomalies field=t threshold=0.1 labelonly=t | eval odd=if(unexpectedness>0.3,1,0) | stats sum(odd) AS odd",
        r#"{"odd":2}"#,
    )],
    page: "SearchReference/Anomalies",
    args: Rule::anomalies_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let most = args.number("maxvalues", 100)?;
    if !(10..=10_000).contains(&most) {
        let span = args.get("maxvalues").map_or(stage.span, |l| l.span);
        return Err(Error::argument(span, "`maxvalues` is from 10 to 10000"));
    }
    let threshold = match args.get("denylistthreshold") {
        Some(_) => "denylistthreshold",
        None => "blacklistthreshold",
    };
    let field = args.text("field", "_raw");
    let expected = match args.get("denylist").or_else(|| args.get("blacklist")) {
        Some(file) => expected(planner.context, &file.text, &field, file.span)?,
        None => Vec::new(),
    };
    let kernel = Anomalies {
        threshold: decimal(&args, "threshold", 0.01, f64::NEG_INFINITY..=f64::INFINITY)?,
        label_only: args.flag("labelonly", false)?,
        normalize: args.flag("normalize", true)?,
        most,
        field,
        expected,
        expected_threshold: decimal(&args, threshold, 0.05, 0.0..=f64::INFINITY)?,
        by: texts(&names(&args.after("BY"))),
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}
