//! `trendline`: moving averages.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Average {
    Simple,
    Exponential,
    Weighted,
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) average: Average,
    pub(crate) period: usize,
    pub(crate) field: String,
    pub(crate) name: String,
}

#[derive(Debug)]
pub(crate) struct Trend {
    pub(crate) lines: Vec<Line>,
}

impl Line {
    /// The moving averages. A row without a number has none and is skipped.
    pub(crate) fn of(&self, values: &[Value<'static>]) -> Vec<Value<'static>> {
        let period = self.period as f64;
        let mut seen: Vec<f64> = Vec::new();
        let mut smooth = 0.0;
        values
            .iter()
            .map(|value| {
                let Some(number) = value.as_number() else {
                    return Value::Null;
                };
                seen.push(number);
                let weight = 2.0 / (period + 1.0);
                smooth = if seen.len() == 1 {
                    number
                } else {
                    weight * number + (1.0 - weight) * smooth
                };
                if seen.len() < self.period {
                    return Value::Null;
                }
                let last = &seen[seen.len() - self.period..];
                Value::number(match self.average {
                    Average::Simple => last.iter().sum::<f64>() / period,
                    Average::Exponential => smooth,
                    Average::Weighted => {
                        let weighted = last.iter().zip(1..).map(|(n, w)| n * f64::from(w));
                        weighted.sum::<f64>() / (period * (period + 1.0) / 2.0)
                    }
                })
            })
            .collect()
    }
}

impl Kernel for Trend {
    fn describe(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|l| l.name.as_str()).collect();
        format!("trendline {}", lines.join(", "))
    }

    fn run(&self, mut input: Table, _: &QueryContext) -> Result<Table> {
        for line in &self.lines {
            let values = match input.column(&line.field) {
                Some(c) => line.of(&c.values),
                None => Vec::new(),
            };
            input.set(line.name.clone(), Type::Number, values);
        }
        Ok(input)
    }
}
