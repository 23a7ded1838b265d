//! `anomalydetection`: rows whose values together are improbable.

use std::collections::HashMap;

use crate::commands::anomalousvalue::{ACTIONS, AnomalousValue};
use crate::commands::args::{Args, patterns};
use crate::commands::figures::{
    all_numbers, choice, chosen, decimal, deviation, quantile, rows_at, set, sorted, table_of,
    texts,
};
use crate::commands::outlier::{self, Outlier};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

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
          they fall in, and finds rows whose logarithm of it lies far below the others. They get `log_event_prob`, \
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

/// Rows whose probability lies below a threshold: `Q1 - 1.5 * IQR` of the logarithms. How
/// `cutoff` lowers it is not documented; here it is Tukey's outer fence, `Q1 - 3 * IQR`.
#[derive(Debug)]
struct Histogram {
    fields: Vec<Pattern>,
    action: &'static str,
    threshold: Option<f64>,
    cutoff: bool,
}

/// What speaks for or against a row.
#[derive(Clone, Copy)]
struct Case {
    logarithm: f64,
    least: (usize, f64),
    most: f64,
}

impl Kernel for Histogram {
    fn describe(&self) -> String {
        format!("anomalydetection method=histogram action={}", self.action)
    }

    fn run(&self, mut input: Table, _: &PlanContext) -> Result<Table> {
        let names = chosen(&input, &self.fields);
        let mut cases = vec![
            Case { logarithm: 0.0, least: (0, f64::INFINITY), most: 0.0 };
            input.height()
        ];
        for (at, name) in names.iter().enumerate() {
            for (case, frequency) in cases.iter_mut().zip(frequencies(&input, name)) {
                let Some(frequency) = frequency else { continue };
                case.logarithm += frequency.ln();
                case.most = case.most.max(frequency);
                if frequency < case.least.1 {
                    case.least = (at, frequency);
                }
            }
        }
        let logarithms = sorted(cases.iter().map(|c| c.logarithm).collect());
        let (first, third) = (quantile(&logarithms, 0.25), quantile(&logarithms, 0.75));
        let reach = if self.cutoff { 3.0 } else { 1.5 };
        let threshold = match self.threshold {
            Some(share) => share.ln(),
            None => first - reach * (third - first),
        };
        let is_odd = |row: usize| cases[row].logarithm < threshold;
        let odd: Vec<usize> = (0..input.height()).filter(|&r| is_odd(r)).collect();
        if self.action == "summary" {
            let one = |n: f64| vec![Value::number(n)];
            return Ok(table_of(
                1,
                vec![
                    ("num_anomalies", one(odd.len() as f64)),
                    ("thresh", one(threshold)),
                    ("max_logprob", one(logarithms.last().copied().unwrap_or(f64::NAN))),
                    ("min_logprob", one(logarithms.first().copied().unwrap_or(f64::NAN))),
                    ("1st_quartile", one(first)),
                    ("3rd_quartile", one(third)),
                ],
            ));
        }
        let column = |value: &dyn Fn(&Case) -> Value<'static>| -> Vec<Value<'static>> {
            let shown = |row: usize| if is_odd(row) { value(&cases[row]) } else { Value::Null };
            (0..cases.len()).map(shown).collect()
        };
        let added: [(&str, Vec<Value<'static>>); 4] = [
            ("log_event_prob", column(&|c| Value::number(c.logarithm))),
            ("probable_cause", column(&|c| names.get(c.least.0).map_or(Value::Null, |n| Value::text(n.clone())))),
            ("probable_cause_freq", column(&|c| Value::number(c.least.1))),
            ("max_freq", column(&|c| Value::number(c.most))),
        ];
        for (name, values) in added {
            set(&mut input, name, values);
        }
        Ok(if self.action == "annotate" { input } else { rows_at(&input, &odd) })
    }
}

/// How often the value of each row occurs, as a share of all rows; of numbers, how often one in
/// the same bar of a histogram. The width of the bars is not documented; it follows Scott's rule.
fn frequencies(table: &Table, name: &str) -> Vec<Option<f64>> {
    let rows = table.height() as f64;
    let keys: Vec<Option<String>> = match all_numbers(table, name) {
        Some(numbers) => {
            let known: Vec<f64> = numbers.iter().copied().flatten().collect();
            let width = 3.49 * deviation(&known) / (known.len() as f64).cbrt();
            let low = known.iter().copied().fold(f64::INFINITY, f64::min);
            let bar = |n: f64| if width > 0.0 { ((n - low) / width).floor() } else { 0.0 };
            numbers.iter().map(|n| n.map(|n| bar(n).to_string())).collect()
        }
        None => texts(table, name),
    };
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for key in keys.iter().flatten() {
        *counts.entry(key).or_default() += 1;
    }
    keys.iter()
        .map(|key| key.as_ref().map(|k| counts[k.as_str()] as f64 / rows))
        .collect()
}
