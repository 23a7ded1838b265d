//! Pivots rows to columns: the values of one field become column names. Used by `chart`,
//! `timechart`, `xyseries` and `contingency`.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::{Table, type_of_values};
use crate::value::{Type, Value, parse_number, sort_order};

/// Pivot options.
#[derive(Clone, Debug)]
pub struct Pivot {
    /// The field whose values name the rows; without it there is a single row.
    pub row: Option<String>,
    /// The field whose values become columns.
    pub series: String,
    /// The fields whose values fill the cells, with the content of empty cells.
    pub data: Vec<Data>,
    /// Column naming.
    pub naming: Naming,
    /// Whether columns for values that begin with an underscore get the prefix `VALUE`.
    pub visible: bool,
    /// Series that come last, in this order.
    pub last: Vec<String>,
}

/// A field that fills the cells of a pivot.
#[derive(Clone, Debug)]
pub struct Data {
    /// Its name.
    pub name: String,
    /// The content of a cell without a value.
    pub empty: Value<'static>,
}

/// Column naming, if several fields fill the cells.
#[derive(Clone, Debug)]
pub struct Naming {
    /// The separator between the field and the value: `count: web01`.
    pub sep: String,
    /// Used instead: a template with `$AGG$` and `$VAL$`.
    pub format: Option<String>,
}

impl Naming {
    /// The column name for `data` and `value`.
    pub fn column(&self, data: &str, value: &str) -> String {
        match &self.format {
            Some(format) => format.replace("$AGG$", data).replace("$VAL$", value),
            None => format!("{data}{}{value}", self.sep),
        }
    }
}

impl Pivot {
    /// Pivots a table. Rows are in order of first appearance. Columns are grouped by field, and
    /// sorted by value, numbers before text. If a cell has several values, the last one wins.
    pub fn pivot(&self, input: &Table) -> Table {
        let mut rows: IndexMap<String, usize> = IndexMap::new();
        let mut series: IndexSet<String> = IndexSet::new();
        let mut cells: HashMap<(usize, usize), usize> = HashMap::new();
        for at in 0..input.height() {
            let row = match &self.row {
                None => Some(String::new()),
                Some(row) => input.value(row, at).into_text().map(|t| t.into_owned()),
            };
            let Some(row) = row else {
                continue;
            };
            let entry = rows.entry(row);
            let row = entry.index();
            entry.or_insert(at);
            for value in input.value(&self.series, at).into_values() {
                let (column, _) = series.insert_full(value.into_owned());
                cells.insert((row, column), at);
            }
        }
        let mut order: Vec<usize> = (0..series.len()).collect();
        let last = |name: &str| {
            self.last
                .iter()
                .position(|l| l == name)
                .map_or(0, |at| at + 1)
        };
        order.sort_by(|a, b| {
            let (a, b) = (&series[*a], &series[*b]);
            last(a)
                .cmp(&last(b))
                .then_with(|| match (range_of(a), range_of(b)) {
                    (Some(a), Some(b)) => a.0.total_cmp(&b.0),
                    _ => sort_order(&Value::text(a.as_str()), &Value::text(b.as_str())),
                })
        });
        let mut out = Table::new(rows.len());
        if let Some(row) = &self.row {
            let kind = input.column(row).map_or(Type::Text, |c| c.kind);
            let values = rows
                .values()
                .map(|at| input.value(row, *at).into_owned())
                .collect();
            out.set(row.clone(), kind, values);
        }
        for data in &self.data {
            for column in &order {
                let values: Vec<Value<'static>> = (0..rows.len())
                    .map(|row| match cells.get(&(row, *column)) {
                        Some(at) => {
                            let value = input.value(&data.name, *at).into_owned();
                            if value.is_null() {
                                data.empty.clone()
                            } else {
                                value
                            }
                        }
                        None => data.empty.clone(),
                    })
                    .collect();
                let name = if self.data.len() > 1 {
                    self.naming.column(&data.name, &series[*column])
                } else if self.visible && series[*column].starts_with('_') {
                    // The result would be hidden as an internal field.
                    format!("VALUE{}", series[*column])
                } else {
                    series[*column].clone()
                };
                let declared = input.column(&data.name).map_or(Type::Text, |c| c.kind);
                let kind = match declared {
                    // Only `_time` itself is shown as a time.
                    Type::Time => Type::Number,
                    other => other.join(type_of_values(&values)),
                };
                out.set(name, kind, values);
            }
        }
        out
    }
}

/// The ends of a range as `bin` formats it: `10-20`, `-5--2.5`.
pub fn range_of(text: &str) -> Option<(f64, f64)> {
    let dashes = text.char_indices().skip(1).filter(|(_, c)| *c == '-');
    dashes
        .filter_map(|(at, _)| Some((parse_number(&text[..at])?, parse_number(&text[at + 1..])?)))
        .next()
}

impl Kernel for Pivot {
    fn describe(&self) -> String {
        let data: Vec<&str> = self.data.iter().map(|d| d.name.as_str()).collect();
        format!(
            "pivot {} by {} of {}",
            self.row.as_deref().unwrap_or(""),
            self.series,
            data.join(", ")
        )
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        Ok(self.pivot(&input))
    }
}
