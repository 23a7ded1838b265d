//! `associate`: fields whose values provide information about the values of others.

use std::collections::{BTreeMap, HashMap};

use crate::error::Result;
use crate::kernels::stats_util::{chosen, table_of, texts};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct Associate {
    pub(crate) fields: Vec<Pattern>,
    pub(crate) least_count: f64,
    pub(crate) least_share: f64,
    pub(crate) least_gain: f64,
}

/// The information that one value of a field provides about another field.
pub(crate) struct Finding<'t> {
    pub(crate) key: &'t str,
    pub(crate) value: &'t str,
    pub(crate) target: &'t str,
    pub(crate) before: f64,
    pub(crate) after: f64,
    pub(crate) support: f64,
    /// The target's most frequent value among these rows, and its share of them.
    pub(crate) top: (&'t str, f64),
}

impl Kernel for Associate {
    fn describe(&self) -> String {
        format!("associate improv={}", self.least_gain)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let columns: Vec<(String, Vec<Option<String>>)> = chosen(&input, &self.fields)
            .into_iter()
            .map(|name| {
                let values = texts(&input, &name);
                (name, values)
            })
            .collect();
        let mut found: Vec<Finding<'_>> = Vec::new();
        for (key, references) in &columns {
            context.check_cancelled()?;
            let mut rows_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for (row, value) in references.iter().enumerate() {
                if let Some(value) = value {
                    rows_of.entry(value).or_default().push(row);
                }
            }
            for (value, rows) in rows_of {
                let support = rows.len() as f64 / input.height() as f64;
                if (rows.len() as f64) < self.least_count || support < self.least_share {
                    continue;
                }
                for (target, values) in columns.iter().filter(|(name, _)| name != key) {
                    let before = entropy(&counts(values.iter()));
                    let among = counts(rows.iter().map(|&r| &values[r]));
                    let after = entropy(&among);
                    if among.is_empty() || before - after < self.least_gain {
                        continue;
                    }
                    let total: usize = among.values().sum();
                    let top = among.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)));
                    let top = top.map_or(("", 0.0), |(v, n)| (*v, *n as f64 / total as f64));
                    found.push(Finding {
                        key,
                        value,
                        target,
                        before,
                        after,
                        support,
                        top,
                    });
                }
            }
        }
        found.sort_by(|a, b| (b.before - b.after).total_cmp(&(a.before - a.after)));
        let column =
            |value: &dyn Fn(&Finding<'_>) -> Value<'static>| found.iter().map(value).collect();
        let text = |t: &str| Value::text(t.to_owned());
        let bits = |n: f64| (n * 1000.0).round() / 1000.0;
        let percent = |share: f64| format!("{:.2}%", share * 100.0);
        let description = |f: &Finding<'_>| {
            Value::text(format!(
                "When the '{}' has the value '{}', the entropy of '{}' decreases from {:.3} to {:.3}.",
                f.key, f.value, f.target, f.before, f.after
            ))
        };
        let top = |f: &Finding<'_>| {
            Value::text(format!(
                "{} ({} -> {})",
                f.top.0,
                percent(f.support),
                percent(f.top.1)
            ))
        };
        Ok(table_of(
            found.len(),
            vec![
                ("Reference_Key", column(&|f| text(f.key))),
                ("Reference_Value", column(&|f| text(f.value))),
                ("Target_Key", column(&|f| text(f.target))),
                (
                    "Unconditional_Entropy",
                    column(&|f| Value::Num(bits(f.before))),
                ),
                (
                    "Conditional_Entropy",
                    column(&|f| Value::Num(bits(f.after))),
                ),
                (
                    "Entropy_Improvement",
                    column(&|f| Value::Num(bits(f.before - f.after))),
                ),
                ("Description", column(&description)),
                ("Support", column(&|f| Value::text(percent(f.support)))),
                ("Top_Conditional_Value", column(&top)),
            ],
        ))
    }
}

fn counts<'t>(values: impl Iterator<Item = &'t Option<String>>) -> HashMap<&'t str, usize> {
    let mut counts = HashMap::new();
    for value in values.flatten() {
        *counts.entry(value.as_str()).or_default() += 1;
    }
    counts
}

/// `-sum(p * log2(p))` over the shares of the values, summed in a fixed order.
pub(crate) fn entropy(counts: &HashMap<&str, usize>) -> f64 {
    let mut counts: Vec<usize> = counts.values().copied().collect();
    counts.sort_unstable();
    let total: usize = counts.iter().sum();
    let shares = counts.iter().map(|n| *n as f64 / total as f64);
    // Any negative result is only a negative zero, which adding 0 removes.
    shares.map(|p| -p * p.log2()).sum::<f64>().max(0.0) + 0.0
}
