//! `anomalousvalue`: values that are rare or far from the mean of their field.

use std::collections::HashMap;

use crate::error::Result;
use crate::kernels::stats_util::{
    all_numbers, chosen, deviation, mean, rows_at, set, table_of, texts, two_tails,
};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::Value;

/// Probabilities of the values of each field: by frequency, and for numbers by the tails of a normal
/// distribution with the field's mean and standard deviation.
#[derive(Debug)]
pub(crate) struct AnomalousValue {
    pub(crate) fields: Vec<Pattern>,
    pub(crate) action: &'static str,
    pub(crate) threshold: f64,
    pub(crate) most_anomalous: f64,
    pub(crate) least_normal: f64,
    pub(crate) least_count: usize,
    pub(crate) least_share: f64,
}

/// Statistics of a field.
pub(crate) struct Judged {
    pub(crate) name: String,
    pub(crate) count: usize,
    pub(crate) distinct: usize,
    pub(crate) figures: Option<(f64, f64)>,
    /// For each row, by frequency.
    pub(crate) by_frequency: Vec<Option<f64>>,
    /// For each row, by distance from the mean.
    pub(crate) by_distance: Vec<Option<f64>>,
    pub(crate) supported: bool,
}

impl Kernel for AnomalousValue {
    fn describe(&self) -> String {
        format!(
            "anomalousvalue action={} pthresh={}",
            self.action, self.threshold
        )
    }

    fn run(&self, mut input: Table, _: &QueryContext) -> Result<Table> {
        let judged: Vec<Judged> = chosen(&input, &self.fields)
            .into_iter()
            .map(|name| self.judge(&input, name))
            .collect();
        if self.action == "summary" {
            return Ok(self.summary(&judged, input.height()));
        }
        let mut odd = vec![false; input.height()];
        for field in &judged {
            for (kind, scores) in [("Num", &field.by_distance), ("Cat", &field.by_frequency)] {
                if !field.supported || !self.usable(scores) {
                    continue;
                }
                let shown: Vec<Value<'static>> = scores
                    .iter()
                    .map(|score| match score {
                        Some(p) if *p < self.threshold => Value::number(*p),
                        _ => Value::Null,
                    })
                    .collect();
                for (row, value) in shown.iter().enumerate() {
                    odd[row] |= !value.is_null();
                }
                set(
                    &mut input,
                    format!("Anomaly_Score_{kind}({})", field.name),
                    shown,
                );
            }
        }
        if self.action == "annotate" {
            return Ok(input);
        }
        let rows: Vec<usize> = (0..input.height()).filter(|&r| odd[r]).collect();
        Ok(rows_at(&input, &rows))
    }
}

impl AnomalousValue {
    pub(crate) fn judge(&self, table: &Table, name: String) -> Judged {
        let texts = texts(table, &name);
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for text in texts.iter().flatten() {
            *counts.entry(text).or_default() += 1;
        }
        let count: usize = counts.values().sum();
        let frequency = |t: &String| counts[t.as_str()] as f64 / count as f64;
        let by_frequency = texts.iter().map(|t| t.as_ref().map(frequency)).collect();
        let numbers = all_numbers(table, &name);
        let figures = numbers.as_ref().map(|numbers| {
            let known: Vec<f64> = numbers.iter().copied().flatten().collect();
            (mean(&known), deviation(&known))
        });
        let by_distance = match (&numbers, figures) {
            (Some(numbers), Some((mean, deviation))) if deviation > 0.0 => numbers
                .iter()
                .map(|n| n.map(|n| two_tails((n - mean) / deviation)))
                .collect(),
            _ => Vec::new(),
        };
        let share = count as f64 / table.height().max(1) as f64;
        Judged {
            name,
            count,
            distinct: counts.len(),
            figures,
            by_frequency,
            by_distance,
            supported: count > 0 && count >= self.least_count && share >= self.least_share,
        }
    }

    /// The share of values that are anomalous.
    pub(crate) fn anomalous(&self, scores: &[Option<f64>]) -> f64 {
        let known = scores.iter().flatten().count();
        let odd = scores.iter().flatten().filter(|p| **p < self.threshold);
        odd.count() as f64 / known.max(1) as f64
    }

    pub(crate) fn usable(&self, scores: &[Option<f64>]) -> bool {
        let odd = self.anomalous(scores);
        odd > 0.0 && odd <= self.most_anomalous && 1.0 - odd >= self.least_normal
    }

    pub(crate) fn summary(&self, judged: &[Judged], height: usize) -> Table {
        let column = |value: &dyn Fn(&Judged) -> Value<'static>| judged.iter().map(value).collect();
        let yes = |yes: bool| Value::text(if yes { "yes" } else { "no" });
        let percent = |share: f64| Value::text(format!("{:.2}", share * 100.0));
        let normal = |scores: &[Option<f64>], yes: bool| match scores.iter().flatten().count() {
            0 => Value::Null,
            _ if yes => percent(1.0 - self.anomalous(scores)),
            _ => percent(self.anomalous(scores)),
        };
        let figure = |at: fn((f64, f64)) -> f64| {
            move |j: &Judged| j.figures.map_or(Value::Null, |f| Value::number(at(f)))
        };
        let used = |j: &Judged, scores: &[Option<f64>]| yes(j.supported && self.usable(scores));
        table_of(
            judged.len(),
            vec![
                ("fieldname", column(&|j| Value::text(j.name.clone()))),
                ("count", column(&|j| Value::Num(j.count as f64))),
                ("distinct_count", column(&|j| Value::Num(j.distinct as f64))),
                ("mean", column(&figure(|f| f.0))),
                ("stdev", column(&figure(|f| f.1))),
                (
                    "supportFreq%",
                    column(&|j| percent(j.count as f64 / height.max(1) as f64)),
                ),
                ("catAnoFreq%", column(&|j| normal(&j.by_frequency, false))),
                ("catNormFreq%", column(&|j| normal(&j.by_frequency, true))),
                ("numAnoFreq%", column(&|j| normal(&j.by_distance, false))),
                ("numNormFreq%", column(&|j| normal(&j.by_distance, true))),
                ("useCat", column(&|j| used(j, &j.by_frequency))),
                ("useNum", column(&|j| used(j, &j.by_distance))),
                ("isNum", column(&|j| yes(j.figures.is_some()))),
            ],
        )
    }
}
