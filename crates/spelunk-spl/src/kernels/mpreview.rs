//! `mpreview`: the data points of metrics, unaggregated.

use std::collections::HashMap;

use crate::error::Result;
use crate::functions::json;
use crate::kernels::metrics::{METRIC, dimensions};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Preview {
    pub(crate) most: usize,
}

impl Kernel for Preview {
    fn describe(&self) -> String {
        format!("at most {} data points of each time series", self.most)
    }

    fn run(&self, rows: Table, _: &QueryContext) -> Result<Table> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut kept = Vec::new();
        let mut raw = Vec::new();
        for row in 0..rows.height() {
            let dimensions = dimensions(&rows, row);
            let mut object = serde_json::Map::new();
            let mut wanted = false;
            for column in rows.columns().iter().filter(|c| c.name.starts_with(METRIC)) {
                let Some(value) = column.values[row].as_number() else {
                    continue;
                };
                let count = seen
                    .entry(format!("{} {dimensions:?}", column.name))
                    .or_default();
                *count += 1;
                wanted |= self.most == 0 || *count <= self.most;
                object.insert(column.name.clone(), json::number(value));
            }
            if wanted {
                let texts = dimensions.into_iter();
                object.extend(texts.map(|(name, value)| (name, value.into())));
                raw.push(Value::text(serde_json::Value::Object(object).to_string()));
                kept.push(row);
            }
        }
        let mut out = rows.pick(&kept);
        out.set("_raw", Type::Text, raw);
        Ok(out)
    }
}
