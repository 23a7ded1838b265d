//! `fieldsummary`: a row of statistics for each field.

use indexmap::IndexMap;
use serde::Serialize;

use crate::error::Result;
use crate::kernels::stats_util::{chosen, deviation, mean, table_of};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::{Value, parse_number};

#[derive(Debug)]
pub(crate) struct FieldSummary {
    pub(crate) fields: Vec<Pattern>,
    pub(crate) most: usize,
}

/// Statistics of a field.
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) rows: usize,
    pub(crate) numbers: Vec<f64>,
    /// Distinct values with their counts, most frequent first.
    pub(crate) values: Vec<(String, usize)>,
}

impl Kernel for FieldSummary {
    fn describe(&self) -> String {
        format!("fieldsummary maxvals={}", self.most)
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let mut names = chosen(&input, &self.fields);
        names.sort();
        let fields: Vec<Summary> = names
            .into_iter()
            .map(|name| summary(&input, name))
            .filter(|s| s.rows > 0)
            .collect();
        let column =
            |value: &dyn Fn(&Summary) -> Value<'static>| fields.iter().map(value).collect();
        let count = |n: usize| Value::Num(n as f64);
        let figure = |of: fn(&[f64]) -> f64| {
            move |s: &Summary| match s.numbers.is_empty() {
                true => Value::Null,
                false => Value::number(of(&s.numbers)),
            }
        };
        let exact = |s: &Summary| count(usize::from(s.values.len() <= self.most));
        Ok(table_of(
            fields.len(),
            vec![
                ("field", column(&|s| Value::text(s.name.clone()))),
                ("count", column(&|s| count(s.rows))),
                ("distinct_count", column(&|s| count(s.values.len()))),
                ("is_exact", column(&exact)),
                (
                    "max",
                    column(&figure(|n| {
                        n.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                    })),
                ),
                ("mean", column(&figure(mean))),
                (
                    "min",
                    column(&figure(|n| n.iter().copied().fold(f64::INFINITY, f64::min))),
                ),
                ("numeric_count", column(&|s| count(s.numbers.len()))),
                ("stdev", column(&figure(deviation))),
                ("values", column(&|s| Value::text(self.listed(s)))),
            ],
        ))
    }
}

/// A value of a field and how often it occurs.
#[derive(Serialize)]
struct ListedValue<'v> {
    value: &'v str,
    count: usize,
}

impl FieldSummary {
    /// `[{"value":"a","count":2}, ...]`
    pub(crate) fn listed(&self, field: &Summary) -> String {
        let values = field.values.iter().take(self.most);
        let values: Vec<_> = values
            .map(|(value, count)| ListedValue {
                value,
                count: *count,
            })
            .collect();
        // Texts and counts can always be written.
        serde_json::to_string(&values).unwrap_or_default()
    }
}

fn summary(table: &Table, name: String) -> Summary {
    let mut counts: IndexMap<String, usize> = IndexMap::new();
    let (mut rows, mut numbers) = (0, Vec::new());
    for row in 0..table.height() {
        let values = table.value(&name, row).into_values();
        rows += usize::from(!values.is_empty());
        for value in values {
            numbers.extend(parse_number(&value));
            match counts.get_mut(value.as_ref()) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(value.into_owned(), 1);
                }
            }
        }
    }
    let mut values: Vec<(String, usize)> = counts.into_iter().collect();
    values.sort_by_key(|v| std::cmp::Reverse(v.1));
    Summary {
        name,
        rows,
        numbers,
        values,
    }
}
