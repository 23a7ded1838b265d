//! `cofilter`: how many users two items share.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::kernels::stats_util::table_of;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Value, sort_order};

#[derive(Debug)]
pub(crate) struct Cofilter {
    pub(crate) user: String,
    pub(crate) item: String,
}

impl Kernel for Cofilter {
    fn describe(&self) -> String {
        format!("cofilter {} {}", self.user, self.item)
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let mut items_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in 0..input.height() {
            for user in input.value(&self.user, row).into_values() {
                let items = items_of.entry(user.into_owned()).or_default();
                let found = input.value(&self.item, row).into_values();
                items.extend(found.into_iter().map(|i| i.into_owned()));
            }
        }
        let mut users: BTreeMap<&str, usize> = BTreeMap::new();
        let mut pairs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let order = |a: &&str, b: &&str| sort_order(&Value::text(*a), &Value::text(*b));
        for items in items_of.values() {
            let mut items: Vec<&str> = items.iter().map(String::as_str).collect();
            items.sort_by(order);
            for (at, first) in items.iter().enumerate() {
                *users.entry(first).or_default() += 1;
                for second in &items[at + 1..] {
                    *pairs.entry((first, second)).or_default() += 1;
                }
            }
        }
        let mut rows: Vec<((&str, &str), usize)> = pairs.into_iter().collect();
        rows.sort_by(|a, b| order(&a.0.0, &b.0.0).then_with(|| order(&a.0.1, &b.0.1)));
        type Row<'r> = ((&'r str, &'r str), usize);
        let column = |value: &dyn Fn(&Row<'_>) -> Value<'static>| rows.iter().map(value).collect();
        let text = |t: &str| Value::text(t.to_owned());
        let count = |item: &str| Value::Num(users.get(item).copied().unwrap_or(0) as f64);
        Ok(table_of(
            rows.len(),
            vec![
                ("Item 1", column(&|r| text(r.0.0))),
                ("Item 1 user count", column(&|r| count(r.0.0))),
                ("Item 2", column(&|r| text(r.0.1))),
                ("Item 2 user count", column(&|r| count(r.0.1))),
                ("Pair count", column(&|r| Value::Num(r.1 as f64))),
            ],
        ))
    }
}
