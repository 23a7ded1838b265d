//! `localize`: time ranges in which events are close together.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Localize {
    pub(crate) pause: f64,
    pub(crate) after: f64,
    pub(crate) before: f64,
}

impl Kernel for Localize {
    fn describe(&self) -> String {
        format!("localize, pauses of at most {} s", self.pause)
    }

    fn run(&self, rows: Table, _: &QueryContext) -> Result<Table> {
        let mut times: Vec<f64> = (0..rows.height())
            .filter_map(|row| rows.value("_time", row).as_number())
            .collect();
        times.sort_by(|a, b| b.total_cmp(a));
        let mut stretches: Vec<(f64, f64)> = Vec::new();
        for time in times {
            match stretches.last_mut() {
                Some((start, _)) if *start - time <= self.pause => *start = time,
                _ => stretches.push((time, time)),
            }
        }
        let column = |of: &dyn Fn(&(f64, f64)) -> f64| -> Vec<Value<'static>> {
            stretches.iter().map(|s| Value::Num(of(s))).collect()
        };
        let mut out = Table::new(stretches.len());
        out.set("starttime", Type::Number, column(&|s| s.0 - self.before));
        out.set("endtime", Type::Number, column(&|s| s.1 + self.after));
        Ok(out)
    }
}
