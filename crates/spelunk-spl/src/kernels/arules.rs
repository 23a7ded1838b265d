//! `arules`: which values of fields imply which others.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::kernels::stats_util::{chosen, table_of, texts};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::Value;

/// Maximum number of fields: each field doubles the number of itemsets to examine.
const MAX_FIELDS: usize = 16;

#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) fields: Vec<Pattern>,
    pub(crate) least_support: usize,
    pub(crate) least_strength: f64,
}

/// Antecedent, consequent, strength, and the numbers of rows that contain each side.
type Found = (Vec<Item>, Vec<Item>, f64, usize, usize);

/// A value of a field: indexes of the field and of its value.
type Item = (usize, usize);

impl Kernel for Rules {
    fn describe(&self) -> String {
        format!(
            "arules sup={} conf={}",
            self.least_support, self.least_strength
        )
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let names = chosen(&input, &self.fields);
        if names.len() > MAX_FIELDS {
            return Err(Error::new(ErrorKind::TooLarge(format!(
                "`arules` looks at {} fields, at most {MAX_FIELDS} are supported",
                names.len()
            ))));
        }
        let mut known: Vec<Vec<String>> = Vec::new();
        let mut rows: Vec<Vec<Item>> = vec![Vec::new(); input.height()];
        for (field, name) in names.iter().enumerate() {
            let mut ids: BTreeMap<String, usize> = BTreeMap::new();
            let values = texts(&input, name);
            ids.extend(values.iter().flatten().map(|v| (v.clone(), 0)));
            for (at, id) in ids.values_mut().enumerate() {
                *id = at;
            }
            for (row, value) in rows.iter_mut().zip(&values) {
                row.extend(value.as_ref().map(|v| (field, ids[v])));
            }
            known.push(ids.into_keys().collect());
        }
        let support = self.frequent(&rows, names.len(), context)?;
        // Rules: a frequent set split in two, both of which are frequent because they are subsets.
        let mut found: Vec<Found> = Vec::new();
        for (set, &together) in support.iter().filter(|(set, _)| set.len() > 1) {
            for mask in 1..(1usize << set.len()) - 1 {
                let part = |of: usize| -> Vec<Item> {
                    let inside = |at: &usize| mask >> at & 1 == of;
                    (0..set.len()).filter(inside).map(|at| set[at]).collect()
                };
                let (given, implied) = (part(1), part(0));
                let (Some(&of_given), Some(&of_implied)) =
                    (support.get(&given), support.get(&implied))
                else {
                    continue;
                };
                let strength = together as f64 / of_given as f64;
                if strength >= self.least_strength {
                    found.push((given, implied, strength, of_given, of_implied));
                }
            }
        }
        found.sort_by(|a, b| {
            b.2.total_cmp(&a.2)
                .then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1)))
        });
        let shown = |set: &[Item]| {
            let values = set
                .iter()
                .map(|&(field, id)| known[field][id].clone().into());
            Value::multi(values.collect())
        };
        Ok(table_of(
            found.len(),
            vec![
                ("Given fields", found.iter().map(|r| shown(&r.0)).collect()),
                (
                    "Implied fields",
                    found.iter().map(|r| shown(&r.1)).collect(),
                ),
                ("Strength", found.iter().map(|r| Value::Num(r.2)).collect()),
                (
                    "Given fields support",
                    found.iter().map(|r| Value::Num(r.3 as f64)).collect(),
                ),
                (
                    "Implied fields support",
                    found.iter().map(|r| Value::Num(r.4 as f64)).collect(),
                ),
            ],
        ))
    }
}

impl Rules {
    /// All itemsets that enough rows contain, with their number of rows: sets of one value, then those of two
    /// whose parts were frequent, and so on (Apriori).
    pub(crate) fn frequent(
        &self,
        rows: &[Vec<Item>],
        fields: usize,
        context: &QueryContext,
    ) -> Result<BTreeMap<Vec<Item>, usize>> {
        let mut all: BTreeMap<Vec<Item>, usize> = BTreeMap::new();
        for size in 1..=fields {
            context.check_cancelled()?;
            let mut counts: BTreeMap<Vec<Item>, usize> = BTreeMap::new();
            for row in rows {
                combinations(row, size, &mut Vec::new(), &mut |set| {
                    let parts_are = size == 1 || {
                        all.contains_key(&set[1..]) && all.contains_key(&set[..size - 1])
                    };
                    if parts_are {
                        *counts.entry(set.to_vec()).or_default() += 1;
                    }
                });
            }
            counts.retain(|_, n| *n >= self.least_support);
            if counts.is_empty() {
                break;
            }
            all.append(&mut counts);
        }
        Ok(all)
    }
}

/// Calls `each` with every combination of `size` items of a row, in order.
fn combinations(row: &[Item], size: usize, taken: &mut Vec<Item>, each: &mut impl FnMut(&[Item])) {
    if size == 0 {
        return each(taken);
    }
    for (at, item) in row.iter().enumerate() {
        taken.push(*item);
        combinations(&row[at + 1..], size - 1, taken, each);
        taken.pop();
    }
}
