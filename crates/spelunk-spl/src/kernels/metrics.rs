//! Shared by the metrics commands: extracts data points from events.
//!
//! A data point is an event with a field `metric_name:<metric>` for each metric it measures, as `mcollect`
//! writes them, or with a single metric in the fields `metric_name` and `_value`. All its other fields are
//! dimensions.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// Name prefix of fields that contain a metric.
pub(crate) const METRIC: &str = "metric_name:";

/// Name prefix of fields that contain a metric's value together with its time series, for functions that must
/// distinguish series.
pub(crate) const SERIES: &str = "__series:";

/// Keeps the events that measure one of the metrics.
#[derive(Debug)]
pub(crate) struct Points {
    /// Names of metrics; empty for all.
    pub wanted: Vec<Pattern>,
    /// Whether each metric of an event gets its own row, with its `metric_name` and `_value`.
    pub apart: bool,
    /// The metrics whose series must be distinguished.
    pub series: Vec<Pattern>,
}

impl Points {
    fn wants(&self, metric: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|p| p.matches(metric))
    }
}

impl Kernel for Points {
    fn describe(&self) -> String {
        let names: Vec<&str> = self.wanted.iter().map(|p| p.text.as_str()).collect();
        match names.as_slice() {
            [] => "data points of metrics".to_owned(),
            names => format!("data points of {}", names.join(", ")),
        }
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut rows = named(input);
        let metrics: Vec<String> = rows
            .columns()
            .iter()
            .filter_map(|c| c.name.strip_prefix(METRIC))
            .filter(|metric| self.wants(metric))
            .map(str::to_owned)
            .collect();
        context.check_cancelled()?;
        let measured = |row: usize, metric: &String| {
            let value = rows.value(&format!("{METRIC}{metric}"), row);
            value.as_number().is_some()
        };
        let mut places = Vec::new();
        let mut names = Vec::new();
        for row in 0..rows.height() {
            let mut there = metrics.iter().filter(|m| measured(row, m));
            if self.apart {
                for metric in there {
                    places.push(row);
                    names.push(metric.clone());
                }
            } else if there.next().is_some() {
                places.push(row);
            }
        }
        if !self.series.is_empty() {
            for metric in metrics
                .iter()
                .filter(|m| self.series.iter().any(|p| p.matches(m)))
            {
                let values = of_series(&rows, metric);
                rows.set(format!("{SERIES}{metric}"), Type::Multi, values);
            }
        }
        let mut out = rows.pick(&places);
        if !self.apart {
            return Ok(out);
        }
        let values: Vec<Value<'static>> = names
            .iter()
            .enumerate()
            .map(|(row, metric)| {
                let value = out.value(&format!("{METRIC}{metric}"), row);
                value.as_number().map_or(Value::Null, Value::Num)
            })
            .collect();
        // Each row measures its own metric only.
        for metric in &metrics {
            for name in [format!("{METRIC}{metric}"), format!("{SERIES}{metric}")] {
                if let Some(mut column) = out.take(&name) {
                    for (value, of) in column.values.iter_mut().zip(&names) {
                        if of != metric {
                            *value = Value::Null;
                        }
                    }
                    out.set(name, column.kind, column.values);
                }
            }
        }
        let dims = (0..out.height()).map(|row| {
            let names = dimensions(&out, row)
                .into_iter()
                .map(|(name, _)| name.into());
            Value::multi(names.collect())
        });
        let dims = dims.collect();
        out.set("_dims", Type::Multi, dims);
        out.set(
            "metric_name",
            Type::Text,
            names.into_iter().map(Value::text).collect(),
        );
        out.set("_value", Type::Number, values);
        Ok(out)
    }
}

/// Converts the fields `metric_name` and `_value` to one field per metric.
fn named(mut rows: Table) -> Table {
    let (Some(names), Some(values)) = (rows.column("metric_name"), rows.column("_value")) else {
        return rows;
    };
    let points: Vec<(usize, String, Value<'static>)> = names
        .values
        .iter()
        .zip(&values.values)
        .enumerate()
        .filter_map(|(row, (name, value))| {
            Some((row, format!("{METRIC}{}", name.as_text()?), value.clone()))
        })
        .collect();
    rows.take("metric_name");
    rows.take("_value");
    for (row, name, value) in points {
        put(&mut rows, &name, row, value);
    }
    rows
}

/// Sets the number of one row in a column, which is created if missing.
pub(crate) fn put(rows: &mut Table, name: &str, row: usize, value: Value<'static>) {
    let number = value.as_number().map_or(Value::Null, Value::Num);
    let mut values = match rows.take(name) {
        Some(column) => column.values,
        None => vec![Value::Null; rows.height()],
    };
    values[row] = number;
    rows.set(name, Type::Number, values);
}

/// The dimensions of a row. A time series is a metric with the same values in all dimensions.
pub(crate) fn dimensions(rows: &Table, row: usize) -> Vec<(String, String)> {
    let columns = rows.columns().iter();
    columns
        .filter(|c| !c.name.starts_with('_') && !c.name.starts_with(METRIC))
        .filter(|c| c.name != "metric_name")
        .filter_map(|c| {
            let text = c.values[row].borrowed().into_text()?.into_owned();
            Some((c.name.clone(), text))
        })
        .collect()
}

/// The values of a metric, each followed by the dimensions of its series.
fn of_series(rows: &Table, metric: &str) -> Vec<Value<'static>> {
    let column = format!("{METRIC}{metric}");
    (0..rows.height())
        .map(|row| {
            let value = rows.value(&column, row);
            let Some(value) = value.as_number() else {
                return Value::Null;
            };
            let dimensions = dimensions(rows, row).into_iter();
            let texts = dimensions.map(|(name, value)| format!("{name}={value}"));
            Value::Multi(
                std::iter::once(crate::value::format_number(value))
                    .chain(texts)
                    .map(Into::into)
                    .collect(),
            )
        })
        .collect()
}
