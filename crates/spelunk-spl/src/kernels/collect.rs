//! `collect`: writes the rows to an index as events.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::effects::{Effect, EventsEffect};
use crate::plan::table::Table;
use crate::time::strftime;
use crate::value::{Type, Value};

/// Destination of the events.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Their index.
    pub(crate) index: String,
    /// Their source.
    pub(crate) source: String,
    /// Their sourcetype.
    pub(crate) sourcetype: String,
    /// Their host.
    pub(crate) host: String,
}

impl Target {
    /// Queues the rows to be written as events.
    pub(crate) fn write(&self, rows: Table, context: &QueryContext) {
        context.effect(Effect::Events(EventsEffect {
            index: self.index.clone(),
            source: self.source.clone(),
            sourcetype: self.sourcetype.clone(),
            host: self.host.clone(),
            rows: Arc::new(rows),
        }));
    }
}

#[derive(Debug)]
pub(crate) struct Collect {
    pub(crate) target: Target,
    /// The time format; `None` to write no time.
    pub(crate) time_format: Option<String>,
    /// The search's time range, if it is to be written.
    pub(crate) info: Option<(String, String)>,
    /// Start of the search, used as the time of rows that have none.
    pub(crate) begin: Option<f64>,
    pub(crate) marker: Option<String>,
    pub(crate) hec: bool,
    pub(crate) test: bool,
}

impl Kernel for Collect {
    fn describe(&self) -> String {
        format!("collect into {}", self.target.index)
    }

    fn run(&self, rows: Table, context: &QueryContext) -> Result<Table> {
        let mut events = renamed(rows.clone());
        let now = self.begin.unwrap_or(context.clock.now);
        let times: Vec<Value<'static>> = (0..rows.height())
            .map(|row| Value::Num(rows.value("_time", row).as_number().unwrap_or(now)))
            .collect();
        let raws = times
            .iter()
            .enumerate()
            .map(|(row, time)| match rows.value("_raw", row).into_text() {
                Some(raw) => Ok(Value::text(raw.into_owned())),
                None => {
                    let time = time.as_number().unwrap_or(now);
                    self.text(&events, row, time, context).map(Value::text)
                }
            })
            .collect::<Result<Vec<_>>>()?;
        events.set("_time", Type::Time, times);
        events.set("_raw", Type::Text, raws);
        if self.test {
            return Ok(events);
        }
        self.target.write(events, context);
        Ok(rows)
    }
}

impl Collect {
    pub(crate) fn text(
        &self,
        rows: &Table,
        row: usize,
        time: f64,
        context: &QueryContext,
    ) -> Result<String> {
        let fields = || {
            rows.columns()
                .iter()
                .filter(|c| !c.name.starts_with('_'))
                .filter(move |c| !c.values[row].is_null())
        };
        if self.hec {
            let mut event = serde_json::Map::new();
            for column in fields() {
                event.insert(column.name.clone(), json(&column.values[row]));
            }
            return Ok(serde_json::Value::Object(event).to_string());
        }
        let mut parts = Vec::new();
        if let Some(format) = &self.time_format {
            let text = strftime(time, format, context.clock.zone)
                .ok_or_else(|| Error::data("a time that is not a date cannot be collected"))?;
            parts.push(text);
        }
        if let Some((min, max)) = &self.info {
            parts.push(format!("info_min_time={min}"));
            parts.push(format!("info_max_time={max}"));
            parts.push(format!("info_search_time={:.3}", context.clock.now));
        }
        parts.extend(self.marker.clone());
        let mut columns: Vec<_> = fields().collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        for column in columns {
            parts.push(match &column.values[row] {
                Value::Num(_) => {
                    let number = column.values[row].as_text().unwrap_or_default();
                    format!("{}={number}", column.name)
                }
                value => {
                    let text = value.clone().into_values().join("\n");
                    format!("{}=\"{}\"", column.name, text.replace('"', "\\\""))
                }
            });
        }
        Ok(parts.join(", "))
    }
}

fn json(value: &Value<'static>) -> serde_json::Value {
    match value {
        Value::Num(n) => serde_json::Number::from_f64(*n)
            .filter(|_| n.fract() != 0.0)
            .map_or_else(|| serde_json::json!(*n as i64), serde_json::Value::Number),
        Value::Multi(values) => {
            let texts = values
                .iter()
                .map(|v| serde_json::Value::from(v.to_string()));
            serde_json::Value::Array(texts.collect())
        }
        other => other.as_text().unwrap_or_default().into_owned().into(),
    }
}

/// Keeps the rows' own origin fields next to those of the new events, as `orig_*`.
pub(crate) fn renamed(rows: Table) -> Table {
    let mut out = Table::new(rows.height());
    for column in rows.into_columns() {
        let name = match column.name.as_str() {
            "host" | "source" | "sourcetype" | "index" => format!("orig_{}", column.name),
            _ => column.name,
        };
        out.set(name, column.kind, column.values);
    }
    out
}
