//! `set`: union, intersection or difference of the rows of two searches.

use std::collections::HashMap;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::Value;

/// The column that marks which search a row comes from.
pub(crate) const SIDE: &str = "__side";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Union,
    Diff,
    Intersect,
}

impl Kernel for Operation {
    fn describe(&self) -> String {
        format!("set {self:?}").to_ascii_lowercase()
    }

    fn run(&self, mut rows: Table, _: &QueryContext) -> Result<Table> {
        let sides = rows.take(SIDE).map_or_else(Vec::new, |c| c.values);
        // For each distinct row its first occurrence, and the searches that contain it.
        let mut seen: HashMap<Vec<Option<String>>, usize> = HashMap::new();
        let mut firsts: Vec<(usize, [bool; 2])> = Vec::new();
        for (row, side) in sides.iter().enumerate() {
            let key = rows
                .columns()
                .iter()
                .map(|c| match &c.values[row] {
                    Value::Multi(values) => Some(format!("{values:?}")),
                    value => value.as_text().map(std::borrow::Cow::into_owned),
                })
                .collect();
            let at = *seen.entry(key).or_insert_with(|| {
                firsts.push((row, [false; 2]));
                firsts.len() - 1
            });
            firsts[at].1[usize::from(side.as_number() == Some(1.0))] = true;
        }
        let keep = |[left, right]: [bool; 2]| match self {
            Operation::Union => true,
            Operation::Diff => left != right,
            Operation::Intersect => left && right,
        };
        let kept: Vec<usize> = firsts
            .into_iter()
            .filter(|(_, sides)| keep(*sides))
            .map(|(row, _)| row)
            .collect();
        Ok(rows.pick(&kept))
    }
}
