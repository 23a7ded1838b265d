//! `folderize`: groups values by their common prefixes.

use indexmap::IndexMap;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Folders {
    pub(crate) field: String,
    pub(crate) sep: String,
    pub(crate) size: String,
    pub(crate) least: usize,
    pub(crate) most: usize,
}

impl Folders {
    pub(crate) fn folder<'v>(&self, value: &'v str, parts: usize) -> &'v str {
        // An absolute path begins with an empty part that carries no information.
        let parts = parts + usize::from(value.starts_with(&self.sep));
        value
            .match_indices(&self.sep)
            .nth(parts - 1)
            .map_or(value, |(at, _)| &value[..at])
    }

    pub(crate) fn groups<'v>(
        &self,
        values: &'v [(usize, String)],
        parts: usize,
    ) -> IndexMap<&'v str, Vec<usize>> {
        let mut groups: IndexMap<&str, Vec<usize>> = IndexMap::new();
        for (row, value) in values {
            groups
                .entry(self.folder(value, parts))
                .or_default()
                .push(*row);
        }
        groups
    }
}

impl Kernel for Folders {
    fn describe(&self) -> String {
        format!("folders of {}", self.field)
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let values: Vec<(usize, String)> = (0..input.height())
            .filter_map(|row| Some((row, input.value(&self.field, row).into_text()?.into_owned())))
            .collect();
        let deepest = values
            .iter()
            .map(|(_, v)| v.matches(&self.sep).count() + 1)
            .max()
            .unwrap_or(1);
        // The most parts that give few enough folders; more only if there are too few folders.
        let mut groups = self.groups(&values, 1);
        for parts in 2..=deepest {
            let finer = self.groups(&values, parts);
            if finer.len() > self.most && groups.len() >= self.least {
                break;
            }
            groups = finer;
        }
        let sized = input.column(&self.size).is_some();
        let mut out = Table::new(groups.len());
        for column in input
            .columns()
            .iter()
            .filter(|c| c.name != self.field && c.name != self.size)
        {
            let values = groups.values().map(|rows| match rows.as_slice() {
                [row] => column.values[*row].clone(),
                _ => Value::Null,
            });
            out.set(column.name.clone(), column.kind, values.collect());
        }
        let names = groups.iter().map(|(folder, rows)| match rows.as_slice() {
            // A folder with a single value is that value.
            [row] => input.value(&self.field, *row).into_owned(),
            _ => Value::text((*folder).to_owned()),
        });
        out.set(self.field.clone(), Type::Text, names.collect());
        let sizes = groups.values().map(|rows| {
            let sizes = rows
                .iter()
                .map(|row| input.value(&self.size, *row).as_number().unwrap_or(0.0));
            Value::Num(if sized {
                sizes.sum()
            } else {
                rows.len() as f64
            })
        });
        out.set(self.size.clone(), Type::Number, sizes.collect());
        Ok(out)
    }
}
