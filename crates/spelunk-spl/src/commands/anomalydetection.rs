//! `anomalydetection`: rows whose values together are improbable.

use crate::commands::anomalousvalue::ACTIONS;
use crate::commands::args::{Args, choice, decimal, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner, outlier};
use crate::error::{Error, Result};
use crate::kernels::anomalousvalue::AnomalousValue;
use crate::kernels::anomalydetection::Histogram;
use crate::kernels::outlier::Outlier;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "anomalydetection",
    category: Category::Reporting,
    synopsis: "anomalydetection [method=histogram|zscore|iqr] [action=<action>] [pthresh=<number>] [cutoff=<bool>] [<field>...]",
    options: &[
        ("method", "histogram", "`zscore` works as anomalousvalue, `iqr` as outlier"),
        ("action", "filter", "filter, annotate or summary; with method=iqr remove or transform"),
        ("pthresh", "", "rows less probable are anomalous; by default found from the data, 0.01 with method=zscore"),
        ("cutoff", "true", "whether fewer rows count as anomalous: 3 interquartile ranges below the first quartile instead of 1.5"),
    ],
    doc: "Takes the product of the frequencies of a row's values as its probability, numbers by the bar of a histogram \
          they fall in, and finds rows with a probability far below the others, compared by logarithm. They get `log_event_prob`, \
          `probable_cause`, `probable_cause_freq` and `max_freq`.",
    examples: &[(
        "| makeresults | eval k=split(\"a,a,a,a,a,a,a,b\", \",\") | mvexpand k | anomalydetection k | table k probable_cause probable_cause_freq",
        r#"{"k":"b","probable_cause":"k","probable_cause_freq":0.125}"#,
    )],
    page: "SearchReference/Anomalydetection",
    args: Rule::anomalydetection_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let input = Planner::rows_or_events(input);
    let fields = patterns(&args.fields());
    let method = choice(&args, "method", &[&["histogram"], &["zscore"], &["iqr"]])?;
    if let Some(literal) = args.get("pthresh")
        && method == "iqr"
    {
        return Err(Error::argument(literal.span, "`pthresh` means nothing with method=iqr"));
    }
    Ok(match method {
        "iqr" => input.apply(Outlier {
            fields,
            remove: choice(&args, "action", outlier::ACTIONS)? == "remove",
            param: 2.5,
            lower: false,
            mark: false,
        }),
        "zscore" => input.apply(AnomalousValue {
            fields,
            action: choice(&args, "action", ACTIONS)?,
            threshold: decimal(&args, "pthresh", 0.01, 0.0..=1.0)?,
            most_anomalous: 0.05,
            least_normal: 0.01,
            least_count: 100,
            least_share: 0.05,
        }),
        _ => input.apply(Histogram {
            fields,
            action: choice(&args, "action", ACTIONS)?,
            threshold: match args.get("pthresh") {
                Some(_) => Some(decimal(&args, "pthresh", 0.0, 0.0..=1.0)?),
                None => None,
            },
            cutoff: args.flag("cutoff", true)?,
        }),
    })
}
