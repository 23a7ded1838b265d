//! `concurrency`: the number of events in progress when an event began.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Concurrency {
    pub(crate) duration: String,
    pub(crate) start: String,
    pub(crate) output: String,
}

impl Kernel for Concurrency {
    fn describe(&self) -> String {
        format!("concurrency of {} for {}", self.start, self.duration)
    }

    fn run(&self, mut input: Table, _: &QueryContext) -> Result<Table> {
        let spans: Vec<Option<(f64, f64)>> = (0..input.height())
            .map(|row| {
                let start = input.value(&self.start, row).as_number()?;
                let duration = input.value(&self.duration, row).as_number()?;
                Some((start, start + duration.max(0.0)))
            })
            .collect();
        let sorted = |of: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = spans.iter().flatten().map(of).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (starts, ends) = (sorted(|s| s.0), sorted(|s| s.1));
        let values = spans
            .iter()
            .map(|span| {
                let Some((start, end)) = span else {
                    return Value::Null;
                };
                let begun = starts.partition_point(|s| s <= start);
                let over = ends.partition_point(|e| e <= start);
                // An event without duration ends at once, but still counts at its own start.
                let own = usize::from(end <= start);
                Value::Num((begun - over + own) as f64)
            })
            .collect();
        input.set(self.output.clone(), Type::Number, values);
        Ok(input)
    }
}
