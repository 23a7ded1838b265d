//! `sample`: a random sample of the rows.

use crate::error::Result;
use crate::kernels::stats_util::{Random, set};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::Value;

#[derive(Debug)]
pub(crate) enum How {
    Ratio(f64),
    Count(usize),
    Proportional { field: String, inverse: bool },
    Partitions { count: usize, field: String },
}

#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) how: How,
    pub(crate) by: Option<String>,
    pub(crate) seed: u64,
}

impl Kernel for Sample {
    fn describe(&self) -> String {
        match &self.how {
            How::Ratio(ratio) => format!("sample ratio={ratio}"),
            How::Count(count) => format!("sample count={count}"),
            How::Proportional { field, .. } => format!("sample proportional={field}"),
            How::Partitions { count, .. } => format!("sample partitions={count}"),
        }
    }

    fn run(&self, mut rows: Table, _: &QueryContext) -> Result<Table> {
        let mut random = Random::new(self.seed);
        let height = rows.height();
        let kept: Vec<usize> = match &self.how {
            How::Ratio(ratio) => (0..height).filter(|_| random.unit() < *ratio).collect(),
            How::Count(count) => self.counted(&rows, *count, &mut random),
            How::Proportional { field, inverse } => {
                let chance = |row: usize| {
                    let share = rows.value(field, row).as_number().unwrap_or(0.0);
                    if *inverse { 1.0 - share } else { share }
                };
                (0..height)
                    .filter(|&row| random.unit() < chance(row))
                    .collect()
            }
            How::Partitions { count, field } => {
                let parts = (0..height).map(|_| Value::Num(random.below(*count) as f64));
                let parts = parts.collect();
                set(&mut rows, field.clone(), parts);
                return Ok(rows);
            }
        };
        Ok(rows.pick(&kept))
    }
}

impl Sample {
    /// Picks `count` rows, or `count` rows per value: those with the smallest random numbers.
    pub(crate) fn counted(&self, rows: &Table, count: usize, random: &mut Random) -> Vec<usize> {
        let mut drawn: Vec<(f64, usize)> = (0..rows.height())
            .filter(|&row| (self.by.as_ref()).is_none_or(|by| !rows.value(by, row).is_null()))
            .map(|row| (random.unit(), row))
            .collect();
        drawn.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut taken: std::collections::HashMap<String, usize> = Default::default();
        let mut kept: Vec<usize> = drawn
            .into_iter()
            .map(|(_, row)| row)
            .filter(|&row| {
                let value = self
                    .by
                    .as_ref()
                    .and_then(|by| rows.value(by, row).into_text());
                let group = value.map_or(String::new(), |text| text.into_owned());
                let taken = taken.entry(group).or_default();
                *taken += 1;
                *taken <= count
            })
            .collect();
        kept.sort_unstable();
        kept
    }
}
