//! Evaluates the terms of a condition separately, all in one pass over the rows.

use polars::prelude::Expr as Lazy;

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::Frame;
use crate::exec::frame::result::Rows;
use crate::plan::{Plan, Predicate, Scan};
use crate::value::{Type, Value};

/// Which rows each term passes.
#[derive(Debug)]
pub struct TermResults {
    /// For each term, whether each row passes.
    pub passes: Vec<Vec<bool>>,
    /// The requested columns that exist.
    pub rows: Rows,
}

impl Executor<'_> {
    /// Runs the subsearches of a condition and replaces them by their results.
    ///
    /// # Errors
    /// If running a subsearch fails.
    pub fn resolved(&self, predicate: &Predicate) -> Result<Predicate> {
        Ok(match predicate {
            Predicate::Search(search, plans) => {
                Predicate::Search(self.inline_subsearches(search, plans)?, Vec::new())
            }
            Predicate::Expr(expr) => Predicate::Expr(self.without_subsearches(expr)?),
        })
    }

    /// The number of rows of a plan.
    ///
    /// # Errors
    /// As for [`Executor::run`].
    pub fn count(&self, plan: &Plan) -> Result<usize> {
        let frame = self.lower(self.marked(plan.clone()).plan())?;
        Ok(self.collect(frame.select(Vec::new()))?.len())
    }

    /// Evaluates each term on each row of a plan. Terms must not contain subsearches.
    ///
    /// # Errors
    /// As for [`Executor::run`].
    pub fn eval_terms(
        &self,
        input: &Plan,
        terms: &[Predicate],
        keep: &[String],
    ) -> Result<TermResults> {
        let frame = self.lower(self.marked(input.clone()).plan())?;
        let of_events = matches!(input, Plan::Scan(Scan::Events | Scan::EventsUnordered));
        let mut columns = Vec::with_capacity(terms.len());
        for (at, term) in terms.iter().enumerate() {
            let passes = self.term_of(term, &frame, of_events)?;
            columns.push((name(at), Type::Bool, passes));
        }
        let mut wanted: Vec<String> = keep.iter().filter(|k| frame.has(k)).cloned().collect();
        let own = wanted.len();
        wanted.extend((0..terms.len()).map(name));
        let all = self.collect(frame.with(columns).select(wanted))?;
        let passes = (0..terms.len()).map(|at| {
            let passes = |row| matches!(all.value(row, own + at), Value::Bool(true));
            (0..all.len()).map(passes).collect()
        });
        let passes = passes.collect();
        Ok(TermResults {
            passes,
            rows: all.first_columns(own),
        })
    }

    fn term_of(&self, term: &Predicate, frame: &Frame, of_events: bool) -> Result<Lazy> {
        match term {
            Predicate::Expr(expr) => self.condition(expr, frame),
            Predicate::Search(search, _) if of_events => {
                self.search(search, &self.without_eventtypes_and_tags(frame))
            }
            Predicate::Search(search, _) => self.search(search, frame),
        }
    }
}

/// A column name that no field has.
fn name(at: usize) -> String {
    format!("\0term{at}")
}
