//! `bucketdir`: rolls paths up into directories.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Directories {
    pub(crate) path: String,
    /// Size and count.
    pub(crate) sums: [String; 2],
    pub(crate) most: usize,
    pub(crate) sep: String,
}

/// A path, or a directory that represents several.
pub(crate) struct Entry {
    pub(crate) path: String,
    /// Its row, unless it is a directory.
    pub(crate) row: Option<usize>,
    pub(crate) sums: [f64; 2],
}

impl Directories {
    /// The parent directory of a path, with a trailing separator.
    pub(crate) fn parent<'p>(&self, path: &'p str) -> Option<&'p str> {
        let inner = path.strip_suffix(&self.sep).unwrap_or(path);
        let at = inner.rfind(&self.sep)?;
        Some(&path[..at + self.sep.len()])
    }

    /// The directory to roll up next: the one with the most entries relative to its events, then the deepest.
    pub(crate) fn next(&self, entries: &[Entry]) -> Option<String> {
        let mut directories: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
        for entry in entries {
            if let Some(parent) = self.parent(&entry.path) {
                let of = directories.entry(parent).or_default();
                *of = (of.0 + 1, of.1 + entry.sums[1]);
            }
        }
        let many = directories
            .iter()
            .filter(|(_, (count, _))| *count > 1)
            .max_by(|(_, a), (_, b)| {
                let worth = |(count, events): &(usize, f64)| *count as f64 / events.max(1.0);
                worth(a).total_cmp(&worth(b))
            });
        let deepest = || {
            directories
                .iter()
                .max_by_key(|(path, _)| path.matches(&self.sep).count())
        };
        many.or_else(deepest).map(|(path, _)| (*path).to_owned())
    }
}

impl Kernel for Directories {
    fn describe(&self) -> String {
        format!("at most {} directories of {}", self.most, self.path)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut entries: Vec<Entry> = (0..input.height())
            .filter_map(|row| {
                let sum = |name: &String| input.value(name, row).as_number().unwrap_or(0.0);
                Some(Entry {
                    path: input.value(&self.path, row).into_text()?.into_owned(),
                    row: Some(row),
                    sums: [sum(&self.sums[0]), sum(&self.sums[1])],
                })
            })
            .collect();
        while entries.len() > self.most {
            context.check_cancelled()?;
            let Some(directory) = self.next(&entries) else {
                break;
            };
            let (inside, mut rest): (Vec<Entry>, Vec<Entry>) = entries
                .into_iter()
                .partition(|e| e.path.starts_with(&directory));
            let sum = |at: usize| inside.iter().map(|e| e.sums[at]).sum();
            rest.push(Entry {
                sums: [sum(0), sum(1)],
                path: directory,
                row: None,
            });
            entries = rest;
        }
        if entries.len() > self.most {
            entries.sort_by(|a, b| b.sums[1].total_cmp(&a.sums[1]));
            entries.truncate(self.most);
        }
        let mut out = Table::new(entries.len());
        let own = [&self.path, &self.sums[0], &self.sums[1]];
        for column in input.columns().iter().filter(|c| !own.contains(&&c.name)) {
            let values = entries
                .iter()
                .map(|e| e.row.map_or(Value::Null, |r| column.values[r].clone()));
            out.set(column.name.clone(), column.kind, values.collect());
        }
        let paths = entries
            .iter()
            .map(|e| Value::text(e.path.clone()))
            .collect();
        out.set(self.path.clone(), Type::Text, paths);
        for (at, name) in self.sums.iter().enumerate() {
            let values = entries.iter().map(|e| Value::Num(e.sums[at])).collect();
            out.set(name.clone(), Type::Number, values);
        }
        Ok(out)
    }
}
