//! `anomalydetection`: rows whose values together are improbable.

use std::collections::HashMap;

use crate::error::Result;
use crate::kernels::stats_util::{
    all_numbers, chosen, deviation, quantile, rows_at, set, sorted, table_of, texts,
};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::Value;

/// Rows whose probability is below a threshold: `Q1 - 1.5 * IQR` of the logarithms. How `cutoff` lowers it is
/// undocumented; here it is Tukey's outer fence, `Q1 - 3 * IQR`.
#[derive(Debug)]
pub(crate) struct Histogram {
    pub(crate) fields: Vec<Pattern>,
    pub(crate) action: &'static str,
    pub(crate) threshold: Option<f64>,
    pub(crate) cutoff: bool,
}

/// The probabilities for a row.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) logarithm: f64,
    pub(crate) least: (usize, f64),
    pub(crate) most: f64,
}

impl Kernel for Histogram {
    fn describe(&self) -> String {
        format!("anomalydetection method=histogram action={}", self.action)
    }

    fn run(&self, mut input: Table, _: &QueryContext) -> Result<Table> {
        let names = chosen(&input, &self.fields);
        let mut cases = vec![
            Case {
                logarithm: 0.0,
                least: (0, f64::INFINITY),
                most: 0.0
            };
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
                    (
                        "max_logprob",
                        one(logarithms.last().copied().unwrap_or(f64::NAN)),
                    ),
                    (
                        "min_logprob",
                        one(logarithms.first().copied().unwrap_or(f64::NAN)),
                    ),
                    ("1st_quartile", one(first)),
                    ("3rd_quartile", one(third)),
                ],
            ));
        }
        let column = |value: &dyn Fn(&Case) -> Value<'static>| -> Vec<Value<'static>> {
            let shown = |row: usize| {
                if is_odd(row) {
                    value(&cases[row])
                } else {
                    Value::Null
                }
            };
            (0..cases.len()).map(shown).collect()
        };
        let added: [(&str, Vec<Value<'static>>); 4] = [
            ("log_event_prob", column(&|c| Value::number(c.logarithm))),
            (
                "probable_cause",
                column(&|c| {
                    names
                        .get(c.least.0)
                        .map_or(Value::Null, |n| Value::text(n.clone()))
                }),
            ),
            ("probable_cause_freq", column(&|c| Value::number(c.least.1))),
            ("max_freq", column(&|c| Value::number(c.most))),
        ];
        for (name, values) in added {
            set(&mut input, name, values);
        }
        Ok(if self.action == "annotate" {
            input
        } else {
            rows_at(&input, &odd)
        })
    }
}

/// The relative frequency of each row's value among all rows; for numbers, that of its histogram bin. The bin
/// width is undocumented; it follows Scott's rule.
pub(crate) fn frequencies(table: &Table, name: &str) -> Vec<Option<f64>> {
    let rows = table.height() as f64;
    let keys: Vec<Option<String>> = match all_numbers(table, name) {
        Some(numbers) => {
            let known: Vec<f64> = numbers.iter().copied().flatten().collect();
            let width = 3.49 * deviation(&known) / (known.len() as f64).cbrt();
            let low = known.iter().copied().fold(f64::INFINITY, f64::min);
            let bar = |n: f64| {
                if width > 0.0 {
                    ((n - low) / width).floor()
                } else {
                    0.0
                }
            };
            numbers
                .iter()
                .map(|n| n.map(|n| bar(n).to_string()))
                .collect()
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
