//! `mcollect`, `meventcollect`: write the rows to an index as metrics.

use crate::error::{Error, Result};
use crate::kernels::collect::{Target, renamed};
use crate::kernels::metrics::{METRIC, put};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;
use crate::value::{Type, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    No,
    Fields,
    Numbers,
}

#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) target: Target,
    pub(crate) split: Split,
    pub(crate) prefix: Option<String>,
    pub(crate) dimensions: Vec<String>,
    pub(crate) span: Span,
}

impl Kernel for Metrics {
    fn describe(&self) -> String {
        format!("collect metrics into {}", self.target.index)
    }

    fn run(&self, rows: Table, context: &QueryContext) -> Result<Table> {
        if rows.height() == 0 {
            return Ok(rows);
        }
        let metrics = match self.split {
            Split::No => self.named(rows.clone())?,
            Split::Fields | Split::Numbers => self.of_fields(rows.clone()),
        };
        let mut metrics = renamed(metrics);
        let now = context.clock.now;
        let times = (0..rows.height())
            .map(|row| Value::Num(rows.value("_time", row).as_number().unwrap_or(now)))
            .collect();
        metrics.set("_time", Type::Time, times);
        self.target.write(metrics, context);
        Ok(rows)
    }
}

impl Metrics {
    pub(crate) fn name(&self, rows: &Table, row: usize, metric: &str) -> String {
        let prefix = self.prefix.as_ref().map(|f| rows.value(f, row));
        match prefix.as_ref().and_then(Value::as_text) {
            Some(prefix) => format!("{METRIC}{prefix}.{metric}"),
            None => format!("{METRIC}{metric}"),
        }
    }

    /// Turns `metric_name` and `_value` into one field per metric.
    pub(crate) fn named(&self, mut rows: Table) -> Result<Table> {
        if rows.columns().iter().any(|c| c.name.starts_with(METRIC)) {
            return Ok(rows);
        }
        let (Some(names), Some(values)) = (rows.take("metric_name"), rows.take("_value")) else {
            return Err(Error::argument(
                self.span,
                "`mcollect` needs the fields metric_name and _value, or split=true",
            ));
        };
        for (row, (name, value)) in names.values.iter().zip(&values.values).enumerate() {
            if let Some(metric) = name.as_text() {
                let name = self.name(&rows, row, &metric);
                put(&mut rows, &name, row, value.clone());
            }
        }
        Ok(rows)
    }

    /// Turns fields that are not dimensions into metrics.
    pub(crate) fn of_fields(&self, rows: Table) -> Table {
        let height = rows.height();
        let mut out = Table::new(height);
        for column in rows.columns() {
            let named = self.dimensions.contains(&column.name)
                || column.name.starts_with('_')
                || self.prefix.as_ref() == Some(&column.name);
            let numbers = || {
                let mut values = column.values.iter().filter(|v| !v.is_null());
                values.all(|v| v.as_number().is_some())
            };
            if named
                || column.name.starts_with(METRIC)
                || self.split == Split::Numbers && !numbers()
            {
                out.set(column.name.clone(), column.kind, column.values.clone());
                continue;
            }
            for (row, value) in column.values.iter().enumerate() {
                if let Some(number) = value.as_number() {
                    let name = self.name(&rows, row, &column.name);
                    put(&mut out, &name, row, Value::Num(number));
                }
            }
        }
        out
    }
}
