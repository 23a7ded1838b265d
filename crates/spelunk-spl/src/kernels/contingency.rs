//! `contingency`: the number of times that the values of two fields occur together.

use std::collections::HashMap;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value, sort_order};

pub(crate) const COUNT: &str = "__count";

#[derive(Debug)]
pub(crate) struct Contingency {
    pub(crate) row: String,
    pub(crate) column: String,
    /// The maximum number of values to show, and the share of events that they must cover.
    pub(crate) rows: (usize, f64),
    pub(crate) columns: (usize, f64),
    pub(crate) total: Option<String>,
}

/// The most frequent values with their counts.
fn frequent(counts: HashMap<String, f64>, (most, cover): (usize, f64)) -> Vec<String> {
    let all: f64 = counts.values().sum();
    let mut values: Vec<(String, f64)> = counts.into_iter().collect();
    values.sort_by(|(a, n), (b, m)| {
        let by_value = || sort_order(&Value::text(a.as_str()), &Value::text(b.as_str()));
        m.total_cmp(n).then_with(by_value)
    });
    let mut held = 0.0;
    values
        .into_iter()
        .take(most)
        .take_while(|(_, count)| {
            let wanted = held < cover * all;
            held += count;
            wanted
        })
        .map(|(value, _)| value)
        .collect()
}

impl Kernel for Contingency {
    fn describe(&self) -> String {
        format!("contingency {} {}", self.row, self.column)
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let text = |name: &str, row: usize| {
            input
                .value(name, row)
                .into_text()
                .map_or_else(String::new, |t| t.into_owned())
        };
        let mut cells: HashMap<(String, String), f64> = HashMap::new();
        let (mut by_row, mut by_column) = (HashMap::new(), HashMap::new());
        for at in 0..input.height() {
            let (row, column) = (text(&self.row, at), text(&self.column, at));
            let count = input.value(COUNT, at).as_number().unwrap_or(0.0);
            *by_row.entry(row.clone()).or_insert(0.0) += count;
            *by_column.entry(column.clone()).or_insert(0.0) += count;
            cells.insert((row, column), count);
        }
        let rows = frequent(by_row, self.rows);
        let columns = frequent(by_column, self.columns);
        let count = |row: &str, column: &str| {
            let key = (row.to_owned(), column.to_owned());
            cells.get(&key).copied().unwrap_or(0.0)
        };
        let mut out = Table::new(rows.len() + usize::from(self.total.is_some()));
        let names = rows.iter().chain(&self.total).cloned().map(Value::text);
        out.set(self.row.clone(), Type::Text, names.collect());
        for column in columns.iter().chain(&self.total) {
            let is_total = !columns.contains(column) && self.total.as_ref() == Some(column);
            let sum = |row: &str| -> f64 {
                if is_total {
                    columns.iter().map(|c| count(row, c)).sum()
                } else {
                    count(row, column)
                }
            };
            let mut values: Vec<f64> = rows.iter().map(|row| sum(row)).collect();
            if self.total.is_some() {
                values.push(values.iter().sum());
            }
            let values = values.into_iter().map(Value::Num).collect();
            out.set(column.clone(), Type::Number, values);
        }
        Ok(out)
    }
}
