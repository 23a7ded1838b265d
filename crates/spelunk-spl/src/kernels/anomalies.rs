//! `anomalies`: events that differ from those before them.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::error::{Error, Result};
use crate::kernels::stats_util::{rows_at, set};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::source::Span;
use crate::value::Value;

/// The texts of the events in a lookup file, whose extension may be omitted.
pub(crate) fn expected(
    context: &QueryContext,
    file: &str,
    field: &str,
    span: Span,
) -> Result<Vec<String>> {
    let with_ending = format!("{file}.csv");
    let found = [file, &with_ending]
        .iter()
        .find_map(|name| context.catalog.lookup(name));
    let table = found
        .ok_or_else(|| Error::argument(span, format!("unknown lookup file `{file}`")))?
        .load()?;
    let Some(at) = table.columns.iter().position(|c| c == field) else {
        return Err(Error::argument(
            span,
            format!("`{file}` has no column `{field}`"),
        ));
    };
    Ok(table
        .rows
        .iter()
        .filter_map(|row| row.get(at).cloned().flatten())
        .collect())
}

#[derive(Debug)]
pub(crate) struct Anomalies {
    pub(crate) threshold: f64,
    pub(crate) label_only: bool,
    pub(crate) normalize: bool,
    pub(crate) most: usize,
    pub(crate) field: String,
    pub(crate) expected: Vec<String>,
    pub(crate) expected_threshold: f64,
    pub(crate) by: Vec<String>,
}

impl Kernel for Anomalies {
    fn describe(&self) -> String {
        format!(
            "anomalies threshold={} field={}",
            self.threshold, self.field
        )
    }

    fn run(&self, mut input: Table, context: &QueryContext) -> Result<Table> {
        let mut before: HashMap<Vec<String>, VecDeque<String>> = HashMap::new();
        let mut scores = Vec::with_capacity(input.height());
        for row in 0..input.height() {
            context.check_cancelled()?;
            let group = self.by.iter().map(|f| text(&input.value(f, row))).collect();
            let event = self.normalized(text(&input.value(&self.field, row)));
            let previous = before.entry(group).or_default();
            scores.push(self.score(previous, &event));
            previous.push_back(event);
            if previous.len() > self.most {
                previous.pop_front();
            }
        }
        let odd: Vec<usize> = (0..scores.len())
            .filter(|&row| scores[row] > self.threshold)
            .collect();
        let values = scores.into_iter().map(Value::number).collect();
        set(&mut input, "unexpectedness", values);
        Ok(if self.label_only {
            input
        } else {
            rows_at(&input, &odd)
        })
    }
}

impl Anomalies {
    pub(crate) fn normalized(&self, text: String) -> String {
        if !self.normalize {
            return text;
        }
        let same = |c: char| if c.is_ascii_digit() { '0' } else { c };
        text.chars().map(same).collect()
    }

    pub(crate) fn score(&self, previous: &VecDeque<String>, event: &str) -> f64 {
        let expected = self.expected.iter().any(|known| {
            let known = self.normalized(known.clone());
            unexpectedness(&known, event) <= self.expected_threshold
        });
        if expected {
            return 0.0;
        }
        let mut all = String::new();
        for text in previous {
            all.push_str(text);
            all.push('\n');
        }
        unexpectedness(&all, event)
    }
}

pub(crate) fn unexpectedness(before: &str, event: &str) -> f64 {
    let (alone, known) = (size(&[event]), size(&[before]));
    let (both, sum) = (size(&[before, event]), known + alone);
    if sum > 0.0 { (both - known) / sum } else { 0.0 }
}

/// Compressed size of the texts in bytes.
pub(crate) fn size(texts: &[&str]) -> f64 {
    if texts.iter().all(|t| t.is_empty()) {
        return 0.0;
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    for text in texts {
        // Writing to memory never fails.
        let _ = encoder.write_all(text.as_bytes());
    }
    encoder.finish().map_or(0.0, |bytes| bytes.len() as f64)
}

pub(crate) fn text(value: &Value<'_>) -> String {
    value.as_text().unwrap_or_default().into_owned()
}
