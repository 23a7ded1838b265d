//! `relevancy`: how well events match the words of the search.

use crate::error::Result;
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Relevancy {
    pub(crate) words: Vec<String>,
}

impl ColumnKernel for Relevancy {
    fn describe(&self) -> String {
        format!("relevancy for {}", self.words.join(", "))
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec!["_raw".to_owned()]
    }

    /// Dampened term frequency times inverse document frequency.
    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        context.check_cancelled()?;
        let counts: Vec<Vec<usize>> = (0..input.height())
            .map(|row| {
                let value = input.value("_raw", row);
                let text = value.as_text().unwrap_or_default().to_lowercase();
                self.words
                    .iter()
                    .map(|word| text.matches(word.as_str()).count())
                    .collect()
            })
            .collect();
        let weight = |at: usize| {
            let with = counts.iter().filter(|c| c[at] > 0).count().max(1);
            (1.0 + counts.len() as f64 / with as f64).ln()
        };
        let weights: Vec<f64> = (0..self.words.len()).map(weight).collect();
        let scores = counts.iter().map(|row| {
            let parts = row.iter().zip(&weights);
            Value::Num(parts.map(|(&n, w)| n as f64 / (n as f64 + 1.0) * w).sum())
        });
        let mut out = Table::new(input.height());
        out.set("relevancy", Type::Number, scores.collect());
        Ok(out)
    }
}
