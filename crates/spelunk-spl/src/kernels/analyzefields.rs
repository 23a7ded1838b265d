//! `analyzefields`: how well each numeric field predicts another field.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::kernels::stats_util::{all_numbers, chosen, deviation, mean, table_of, texts};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::Value;

/// The prediction method is undocumented. Here it picks the class with the largest product of the class's
/// share and the density of the normal distribution fitted to its values.
#[derive(Debug)]
pub(crate) struct Analyze {
    pub(crate) class: String,
}

/// The values of one class.
pub(crate) struct Class {
    pub(crate) logarithm: f64,
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

impl Kernel for Analyze {
    fn describe(&self) -> String {
        format!("analyzefields classfield={}", self.class)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        if input.column(&self.class).is_none() {
            context.missing_field(&self.class, &input.schema());
        }
        let classes = texts(&input, &self.class);
        let with_class = classes.iter().flatten().count();
        let mut rows: Vec<(String, usize, f64, f64, f64)> = Vec::new();
        for name in chosen(&input, &[]).into_iter().filter(|n| *n != self.class) {
            let Some(numbers) = all_numbers(&input, &name) else {
                continue;
            };
            let count = numbers.iter().flatten().count();
            let pairs: Vec<(f64, &str)> = numbers
                .iter()
                .zip(&classes)
                .filter_map(|(n, c)| Some(((*n)?, c.as_deref()?)))
                .collect();
            let (right, balanced) = accuracy(&pairs);
            let cocur = pairs.len() as f64 / with_class as f64;
            rows.push((name, count, cocur, right, balanced));
        }
        type Row = (String, usize, f64, f64, f64);
        let column = |value: &dyn Fn(&Row) -> Value<'static>| rows.iter().map(value).collect();
        Ok(table_of(
            rows.len(),
            vec![
                ("field", column(&|r| Value::text(r.0.clone()))),
                ("count", column(&|r| Value::Num(r.1 as f64))),
                ("cocur", column(&|r| Value::number(r.2))),
                ("acc", column(&|r| Value::number(r.3))),
                ("balacc", column(&|r| Value::number(r.4))),
            ],
        ))
    }
}

/// The share of numbers whose class is predicted correctly, and the mean of that over the classes.
fn accuracy(pairs: &[(f64, &str)]) -> (f64, f64) {
    let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (number, class) in pairs {
        values.entry(class).or_default().push(*number);
    }
    let all: Vec<f64> = pairs.iter().map(|p| p.0).collect();
    // A class of identical values still gets some width.
    let least = (deviation(&all) * 1e-3).max(f64::MIN_POSITIVE);
    let models: Vec<(&str, Class)> = values
        .iter()
        .map(|(class, numbers)| {
            let model = Class {
                logarithm: (numbers.len() as f64 / pairs.len() as f64).ln(),
                mean: mean(numbers),
                deviation: deviation(numbers).max(least),
            };
            (*class, model)
        })
        .collect();
    let guess = |number: f64| {
        let score = |m: &Class| {
            m.logarithm - m.deviation.ln() - ((number - m.mean) / m.deviation).powi(2) / 2.0
        };
        let scores = models.iter().map(|(class, m)| (score(m), *class));
        scores
            .reduce(|a, b| if b.0 > a.0 { b } else { a })
            .map(|best| best.1)
    };
    let right_of = |class: &str, numbers: &[f64]| {
        numbers.iter().filter(|n| guess(**n) == Some(class)).count() as f64
    };
    let right: Vec<(f64, f64)> = values
        .iter()
        .map(|(class, numbers)| (right_of(class, numbers), numbers.len() as f64))
        .collect();
    let total: f64 = right.iter().map(|r| r.0).sum();
    let shares: Vec<f64> = right.iter().map(|(r, n)| r / n).collect();
    (total / pairs.len() as f64, mean(&shares))
}
