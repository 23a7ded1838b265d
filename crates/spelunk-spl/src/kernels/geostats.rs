//! `geostats`: aggregates by map cell.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::plan::chart::{Chart, Keep, Split};
use crate::plan::context::QueryContext;
use crate::plan::pivot::Naming;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::plan::{AggregateCall, ColumnKernel, Kernel};
use crate::source::Span;
use crate::syntax::ast::Name;
use crate::value::{Type, Value};

/// The field that names a cell.
pub(crate) const BIN: &str = "geobin";

const OTHER: &str = "OTHER";

pub(crate) fn series(by: &Name, aggregates: Vec<AggregateCall>, most: usize, span: Span) -> Chart {
    Chart {
        aggregates,
        computed: Vec::new(),
        row: Some(BIN.to_owned()),
        row_name: BIN.to_owned(),
        times: None,
        width: None,
        split: Some(Split {
            field: by.text.clone(),
            keep: (most > 0).then_some(Keep::Top(most)),
            score: None,
            other: Some(OTHER.to_owned()),
            null: None,
        }),
        naming: Naming {
            sep: SEP.to_owned(),
            format: None,
        },
        distinct: false,
        span,
    }
}

/// Separator between aggregation and value in column names.
const SEP: &str = ": ";

#[derive(Debug)]
pub(crate) struct Cells {
    pub(crate) latitude: String,
    pub(crate) longitude: String,
    pub(crate) spans: [f64; 2],
    pub(crate) levels: usize,
}

impl ColumnKernel for Cells {
    fn describe(&self) -> String {
        format!("cells of the map for {}, {}", self.latitude, self.longitude)
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.latitude.clone(), self.longitude.clone()]
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let within = |name: &str, row: usize, most: f64| {
            let degrees = input.value(name, row).as_number()?;
            (-most..=most).contains(&degrees).then_some(degrees + most)
        };
        let values = (0..input.height())
            .map(|row| {
                let up = within(&self.latitude, row, 90.0);
                let along = within(&self.longitude, row, 180.0);
                let (Some(up), Some(along)) = (up, along) else {
                    return Value::Null;
                };
                let name = |level: usize| {
                    let cells = f64::from(1_u32 << level);
                    let y = (up * cells / self.spans[0]).floor();
                    let x = (along * cells / self.spans[1]).floor();
                    format!("bin_id_zl_{level}_y_{y}_x_{x}").into()
                };
                Value::Multi((0..=self.levels).map(name).collect())
            })
            .collect();
        let mut out = Table::new(input.height());
        out.set(BIN, Type::Multi, values);
        Ok(out)
    }
}

/// Sums the values beyond the largest ones of a cell. As the manual says of OTHER, this is meaningful only
/// for counts and sums.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) most: usize,
}

impl Kernel for Local {
    fn describe(&self) -> String {
        format!("the {} largest of each cell", self.most)
    }

    fn run(&self, mut input: Table, _: &QueryContext) -> Result<Table> {
        // Columns of one aggregation, by the part of their names before the value.
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for column in input.columns().iter().filter(|c| c.name != BIN) {
            let (before, series) = match column.name.split_once(SEP) {
                Some((before, series)) => (format!("{before}{SEP}"), series),
                None => (String::new(), column.name.as_str()),
            };
            let names = groups.entry(before).or_default();
            if series != OTHER {
                names.push(column.name.clone());
            }
        }
        for (before, names) in groups {
            if names.len() <= self.most {
                continue;
            }
            let other = format!("{before}{OTHER}");
            let mut columns: Vec<_> = names.iter().filter_map(|n| input.take(n)).collect();
            let mut sums = match input.take(&other) {
                Some(column) => column.values,
                None => vec![Value::Null; input.height()],
            };
            for (row, sum) in sums.iter_mut().enumerate() {
                let mut order: Vec<(usize, f64)> = columns
                    .iter()
                    .enumerate()
                    .filter_map(|(at, c)| Some((at, c.values[row].as_number()?)))
                    .filter(|(_, n)| *n != 0.0)
                    .collect();
                order.sort_by(|a, b| b.1.total_cmp(&a.1));
                for (at, number) in order.into_iter().skip(self.most) {
                    columns[at].values[row] = Value::Null;
                    *sum = Value::Num(sum.as_number().unwrap_or(0.0) + number);
                }
            }
            for column in columns {
                input.set(column.name, column.kind, column.values);
            }
            input.set(other, Type::Number, sums);
        }
        Ok(input)
    }
}
