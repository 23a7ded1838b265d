//! `outlier`: removes or truncates numbers far from the others.

use crate::error::Result;
use crate::kernels::stats_util::{self, all_numbers, chosen, quantile, sorted};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::{Value, format_number};

/// Bounds by the interquartile range: `param` times the range above the 75th percentile and, with `lower`,
/// below the 25th.
#[derive(Debug)]
pub(crate) struct Outlier {
    pub(crate) fields: Vec<Pattern>,
    pub(crate) remove: bool,
    pub(crate) param: f64,
    pub(crate) lower: bool,
    pub(crate) mark: bool,
}

impl Kernel for Outlier {
    fn describe(&self) -> String {
        let action = if self.remove { "remove" } else { "transform" };
        format!("outlier action={action} param={}", self.param)
    }

    fn run(&self, mut input: Table, _: &QueryContext) -> Result<Table> {
        let mut kept = vec![true; input.height()];
        for name in chosen(&input, &self.fields) {
            let Some(numbers) = all_numbers(&input, &name) else {
                continue;
            };
            let known = sorted(numbers.iter().copied().flatten().collect());
            let (first, third) = (quantile(&known, 0.25), quantile(&known, 0.75));
            let reach = self.param * (third - first);
            let (low, high) = (first - reach, third + reach);
            let bound = |n: f64| match n {
                n if n > high => Some(high),
                n if self.lower && n < low => Some(low),
                _ => None,
            };
            let mut values: Vec<Value<'static>> =
                input.column(&name).map_or(Vec::new(), |c| c.values.clone());
            for (row, number) in numbers.iter().enumerate() {
                if let Some(bound) = number.and_then(bound) {
                    kept[row] = false;
                    values[row] = if self.mark {
                        Value::text(format!("000{}", format_number(bound)))
                    } else {
                        Value::Num(bound)
                    };
                }
            }
            if !self.remove {
                stats_util::set(&mut input, name, values);
            }
        }
        if !self.remove {
            return Ok(input);
        }
        let rows: Vec<usize> = (0..input.height()).filter(|&r| kept[r]).collect();
        Ok(stats_util::rows_at(&input, &rows))
    }
}
