//! `correlate`: how often fields occur together.

use crate::error::Result;
use crate::kernels::stats_util::{chosen, set};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::Value;

/// The documentation calls a cell the percentage of times that the two fields exist in the same events. This
/// is computed as a share of the events that have either field, to two decimals.
#[derive(Debug)]
pub(crate) struct Correlate;

impl Kernel for Correlate {
    fn describe(&self) -> String {
        "correlate".to_owned()
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let rows = input.height();
        let present: Vec<(String, Vec<bool>)> = chosen(&input, &[])
            .into_iter()
            .map(|name| {
                let there = (0..rows)
                    .map(|r| !input.value(&name, r).is_null())
                    .collect();
                (name, there)
            })
            .filter(|(_, there): &(String, Vec<bool>)| there.contains(&true))
            .collect();
        let mut out = Table::new(present.len());
        let names = present
            .iter()
            .map(|(n, _)| Value::text(n.clone()))
            .collect();
        set(&mut out, "RowField", names);
        for (name, column) in &present {
            let share = |other: &[bool]| {
                let both = other.iter().zip(column).filter(|(a, b)| **a && **b).count();
                let either = other.iter().zip(column).filter(|(a, b)| **a || **b).count();
                Value::number((both as f64 / either as f64 * 100.0).round() / 100.0)
            };
            let shares = present.iter().map(|(_, other)| share(other)).collect();
            set(&mut out, name.clone(), shares);
        }
        Ok(out)
    }
}
