//! `abstract`: the most relevant lines of an event.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Abstract {
    pub(crate) lines: usize,
    pub(crate) terms: usize,
}

impl Kernel for Abstract {
    fn describe(&self) -> String {
        format!("abstract of {} lines", self.lines)
    }

    fn run(&self, mut rows: Table, _: &QueryContext) -> Result<Table> {
        if rows.column("_raw").is_none() {
            return Ok(rows);
        }
        let texts = (0..rows.height())
            .map(|row| match rows.value("_raw", row).as_text() {
                Some(text) => Value::text(self.shorten(&text)),
                None => Value::Null,
            })
            .collect();
        rows.set("_raw", Type::Text, texts);
        Ok(rows)
    }
}

impl Abstract {
    pub(crate) fn shorten(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let score = |line: &str| {
            let mut words: Vec<&str> = line.split_whitespace().take(self.terms).collect();
            words.sort_unstable();
            words.dedup();
            words.len()
        };
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(score(lines[at])));
        order.truncate(self.lines);
        order.sort_unstable();
        let kept: Vec<&str> = order.into_iter().map(|at| lines[at]).collect();
        kept.join("\n")
    }
}
