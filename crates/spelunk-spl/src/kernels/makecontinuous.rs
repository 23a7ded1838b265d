//! `makecontinuous`: adds rows for the missing buckets of a field.

use std::collections::HashSet;

use crate::error::{Error, ErrorKind, Result};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;
use crate::time::Span as TimeSpan;
use crate::value::{Type, Value, format_number, parse_number};

/// Maximum number of added rows.
const MOST: usize = 1_000_000;

#[derive(Debug)]
pub(crate) struct Continuous {
    pub(crate) field: String,
    pub(crate) span: Option<TimeSpan>,
    pub(crate) width: Option<f64>,
    pub(crate) place: Span,
}

impl Continuous {
    /// The starts of the buckets between the first and the last, in microseconds.
    pub(crate) fn times(&self, starts: &[f64], context: &QueryContext) -> Result<Vec<f64>> {
        let micros: Vec<i64> = starts.iter().map(|s| (s * 1e6).round() as i64).collect();
        let step = match self.span {
            Some(span) => span,
            None => {
                let seconds = self.width.unwrap_or_else(|| smallest_step(starts));
                TimeSpan::parse(&format_number(seconds))
                    .map_err(|m| Error::argument(self.place, m))?
            }
        };
        let (Some(first), Some(last)) = (micros.iter().min(), micros.iter().max()) else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        let mut at = *first;
        while at <= *last {
            self.bounded(all.len())?;
            all.push(at as f64 / 1e6);
            match step
                .next(at, context.clock.zone, None)
                .filter(|next| *next > at)
            {
                Some(next) => at = next,
                None => break,
            }
        }
        Ok(all)
    }

    pub(crate) fn bounded(&self, rows: usize) -> Result<()> {
        if rows < MOST {
            return Ok(());
        }
        Err(
            Error::new(ErrorKind::TooLarge(format!("more than {MOST} buckets")))
                .at(self.place)
                .hint("a longer span makes fewer"),
        )
    }
}

/// The smallest distance between two values, used as the bucket width if none is given.
fn smallest_step(starts: &[f64]) -> f64 {
    let mut sorted = starts.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|step| *step > 0.0)
        .fold(f64::INFINITY, f64::min)
        .clamp(1e-6, 31_536_000.0)
}

/// The start of a bucket: a number, or the low end of `low-high`.
fn start_of(value: &Value<'_>) -> Option<f64> {
    if let Some(number) = value.as_number() {
        return Some(number);
    }
    let text = value.as_text()?;
    let dash = text.char_indices().skip(1).find(|(_, c)| *c == '-')?.0;
    parse_number(&text[..dash])
}

impl Kernel for Continuous {
    fn describe(&self) -> String {
        format!("makecontinuous {}", self.field)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let Some(column) = input.column(&self.field) else {
            return Ok(input);
        };
        let starts: Vec<f64> = column.values.iter().filter_map(start_of).collect();
        let ranges = column
            .values
            .iter()
            .any(|v| v.as_number().is_none() && start_of(v).is_some());
        let is_time = column.kind == Type::Time || self.span.is_some();
        let wanted = if is_time {
            self.times(&starts, context)?
        } else {
            let low = starts.iter().copied().fold(f64::INFINITY, f64::min);
            let high = starts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let step = self.width.unwrap_or_else(|| smallest_step(&starts));
            let count = if low > high {
                0
            } else {
                ((high - low) / step).round() as usize + 1
            };
            self.bounded(count)?;
            (0..count).map(|n| low + n as f64 * step).collect()
        };
        let key = |n: f64| format!("{n:.6}");
        let there: HashSet<String> = starts.iter().map(|s| key(*s)).collect();
        let added: Vec<f64> = wanted
            .into_iter()
            .filter(|n| !there.contains(&key(*n)))
            .collect();
        let step = self.width.unwrap_or_else(|| smallest_step(&starts));
        let height = input.height() + added.len();
        let mut out = Table::new(height);
        for mut c in input.into_columns() {
            if c.name == self.field {
                c.values.extend(added.iter().map(|n| {
                    if ranges {
                        Value::text(format!("{}-{}", format_number(*n), format_number(n + step)))
                    } else {
                        Value::number(*n)
                    }
                }));
            }
            out.set(c.name, c.kind, c.values);
        }
        Ok(out)
    }
}
