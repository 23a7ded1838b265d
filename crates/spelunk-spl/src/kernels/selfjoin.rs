//! `selfjoin`: joins rows with other rows of the same results.

use std::collections::HashMap;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;

#[derive(Debug)]
pub(crate) struct SelfJoin {
    pub(crate) fields: Vec<String>,
    pub(crate) overwrite: bool,
    pub(crate) max: usize,
    pub(crate) keep_single: bool,
}

impl Kernel for SelfJoin {
    fn describe(&self) -> String {
        format!("self join by {}", self.fields.join(", "))
    }

    fn run(&self, rows: Table, context: &QueryContext) -> Result<Table> {
        let mut groups: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        let mut group_of: Vec<Option<Vec<String>>> = Vec::with_capacity(rows.height());
        for row in 0..rows.height() {
            let key: Option<Vec<String>> = self
                .fields
                .iter()
                .map(|f| rows.value(f, row).into_text().map(|t| t.into_owned()))
                .collect();
            if let Some(key) = &key {
                groups.entry(key.clone()).or_default().push(row);
            }
            group_of.push(key);
        }
        let mut pairs: Vec<(usize, Option<usize>)> = Vec::new();
        for (row, key) in group_of.iter().enumerate() {
            context.check_cancelled()?;
            let group = key.as_ref().and_then(|key| groups.get(key));
            match group {
                Some(group) if group.len() > 1 => {
                    let later = group.iter().filter(|other| **other > row);
                    let most = if self.max == 0 { usize::MAX } else { self.max };
                    pairs.extend(later.take(most).map(|other| (row, Some(*other))));
                }
                _ if self.keep_single => pairs.push((row, None)),
                _ => {}
            }
        }
        let mut out = Table::new(pairs.len());
        for column in rows.into_columns() {
            let values = pairs
                .iter()
                .map(|&(row, other)| {
                    let ours = &column.values[row];
                    let theirs = other.map(|at| &column.values[at]).filter(|v| !v.is_null());
                    match theirs {
                        Some(theirs) if self.overwrite || ours.is_null() => theirs.clone(),
                        _ => ours.clone(),
                    }
                })
                .collect();
            out.set(column.name, column.kind, values);
        }
        Ok(out)
    }
}
