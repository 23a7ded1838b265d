//! Shared by `top` and `rare`: counts by value, ranked and limited, with percentages.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::{Table, type_of_values};
use crate::value::{Type, Value, sort_order};

/// The input column of counts.
pub(crate) const COUNT: &str = "__count";

/// Ranks counted values within their groups.
#[derive(Debug)]
pub(crate) struct Rank {
    pub(crate) name: &'static str,
    pub(crate) by: Vec<String>,
    pub(crate) fields: Vec<String>,
    pub(crate) ascending: bool,
    pub(crate) limit: usize,
    pub(crate) count: Option<String>,
    pub(crate) percent: Option<String>,
    pub(crate) other: Option<String>,
}

impl Kernel for Rank {
    fn describe(&self) -> String {
        format!(
            "{} limit={} {}",
            self.name,
            self.limit,
            self.fields.join(" ")
        )
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let count = |row: usize| input.value(COUNT, row).as_number().unwrap_or(0.0);
        let group_order = |a: usize, b: usize| {
            self.by
                .iter()
                .map(|f| sort_order(&input.value(f, a), &input.value(f, b)))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        };
        let mut order: Vec<usize> = (0..input.height()).collect();
        order.sort_by(|&a, &b| {
            let by_count = count(a).total_cmp(&count(b));
            group_order(a, b).then(if self.ascending {
                by_count
            } else {
                by_count.reverse()
            })
        });
        // A row of the result: the input row that it shows (for its fields, unless it is the rest).
        let mut rows: Vec<(usize, bool, f64, f64)> = Vec::new();
        for group in order.chunk_by(|&a, &b| group_order(a, b).is_eq()) {
            let total: f64 = group.iter().map(|&r| count(r)).sum();
            let kept = if self.limit == 0 {
                group.len()
            } else {
                self.limit.min(group.len())
            };
            for &row in &group[..kept] {
                rows.push((row, false, count(row), total));
            }
            let rest: f64 = group[kept..].iter().map(|&r| count(r)).sum();
            if self.other.is_some() && rest > 0.0 {
                rows.push((group[0], true, rest, total));
            }
        }
        let mut out = Table::new(rows.len());
        for name in self.by.iter().chain(&self.fields) {
            let is_by = self.by.contains(name);
            let values: Vec<Value<'static>> = rows
                .iter()
                .map(|&(row, rest, _, _)| match &self.other {
                    Some(other) if rest && !is_by => Value::text(other.clone()),
                    _ => input.value(name, row).into_owned(),
                })
                .collect();
            let kind = input.column(name).map_or(Type::Text, |c| c.kind);
            out.set(name.clone(), kind.join(type_of_values(&values)), values);
        }
        if let Some(name) = &self.count {
            let values = rows.iter().map(|r| Value::Num(r.2)).collect();
            out.set(name.clone(), Type::Number, values);
        }
        if let Some(name) = &self.percent {
            let share = |n: f64, total: f64| (n / total * 1e8).round() / 1e6;
            let values = rows.iter().map(|r| Value::Num(share(r.2, r.3))).collect();
            out.set(name.clone(), Type::Number, values);
        }
        Ok(out)
    }
}
