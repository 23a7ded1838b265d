//! Plans searches before they run, so that many of them can share a scan.

use std::time::Instant;

use crate::error::Failure;
use crate::error::Result;
use crate::exec::Executor;
use crate::exec::scan::sources::DataSources;
use crate::plan::Plan;
use crate::plan::context::QueryContext;
use crate::session::large_stack::with_large_stack;
use crate::session::no_rows;
use crate::session::result::{SearchResult, Stage, Warning, WarningKind};
use crate::session::{Compiled, Session};

/// The time range of a search; overrides the session's.
pub(crate) type Times<'t> = (Option<&'t str>, Option<&'t str>);

/// A planned search. Its relative times count from when it was planned.
pub(crate) struct Prepared {
    context: QueryContext,
    plan: Plan,
}

impl Prepared {
    /// The same search that ends after this many rows.
    pub(crate) fn limited(mut self, rows: usize) -> Prepared {
        self.plan = Plan::Limit {
            input: Box::new(self.plan),
            count: rows,
            tail: false,
        };
        self
    }
}

impl Session {
    /// Plans a search over a time range.
    ///
    /// # Errors
    /// If the search is wrong, with the source texts to point into.
    pub(crate) fn prepare(&self, spl: &str, times: Times<'_>) -> Result<Prepared, Failure> {
        let compiled = self.compile_in(self.context_between(times)?, spl)?;
        let plan = self.optimized(&compiled, &compiled.pipeline)?;
        let Compiled { context, .. } = compiled;
        Ok(Prepared { context, plan })
    }

    /// The initial context of a search over a time range.
    ///
    /// # Errors
    /// If a time is invalid.
    pub(super) fn context_between(&self, times: Times<'_>) -> Result<QueryContext> {
        let mut context = self.context()?;
        let (earliest, latest) = times;
        let now = context.clock.now;
        if let Some(earliest) = earliest {
            context.earliest = self.bound("the earliest time of the search", earliest, now)?;
        }
        if let Some(latest) = latest {
            context.latest = self.bound("the latest time of the search", latest, now)?;
        }
        Ok(context)
    }

    /// Plans and runs a search over a time range.
    ///
    /// # Errors
    /// If the search or the data is wrong, with the source texts to point into.
    pub(crate) fn search_between(
        &self,
        spl: &str,
        times: Times<'_>,
    ) -> Result<SearchResult, Failure> {
        with_large_stack(|| {
            let started = Instant::now();
            let prepared = self.prepare(spl, times)?;
            self.answer(&prepared, started)
        })
    }

    /// Runs a planned search on a large stack.
    ///
    /// # Errors
    /// If the search or the data is wrong, with the source texts to point into.
    pub(crate) fn run_prepared(&self, prepared: &Prepared) -> Result<SearchResult, Failure> {
        with_large_stack(|| self.answer(prepared, Instant::now()))
    }

    /// A stage of a planned search as text, from [`Stage::Optimized`] on.
    ///
    /// # Errors
    /// If the data is wrong, with the source texts to point into.
    pub(crate) fn explain_prepared(
        &self,
        prepared: &Prepared,
        stage: Stage,
    ) -> Result<String, Failure> {
        with_large_stack(|| self.explain_plan(&prepared.context, &prepared.plan, stage))
    }

    fn answer(&self, prepared: &Prepared, started: Instant) -> Result<SearchResult, Failure> {
        let (rows, mut warnings) = self.run_plan(&prepared.context, &prepared.plan, true)?;
        if rows.is_empty()
            && prepared.context.warn_missing_fields
            && prepared.plan.reads_data()
            && let Ok(data) = self.data()
        {
            let told = no_rows::explain(&prepared.plan, &data, &prepared.context);
            warnings.extend(told.into_iter().map(|message| Warning {
                kind: WarningKind::Search,
                message,
            }));
        }
        Ok(SearchResult {
            rows,
            warnings,
            events_scanned: self.event_count(),
            elapsed: started.elapsed(),
        })
    }

    /// Plans searches and evaluates their leading filters in one shared scan of the data. A search that can't
    /// be planned now is `None`; running it reports the error.
    ///
    /// # Errors
    /// If the data can't be read or the user stopped the search.
    pub(super) fn prepare_batch(
        &self,
        searches: &[(&str, Times<'_>)],
    ) -> Result<Vec<Option<Prepared>>> {
        with_large_stack(|| {
            let mut prepared = Vec::with_capacity(searches.len());
            for (spl, times) in searches {
                self.check_cancelled()?;
                prepared.push(self.prepare(spl, *times).ok());
            }
            let planned = || prepared.iter().flatten();
            let plans: Vec<&Plan> = planned().map(|p| &p.plan).collect();
            if plans.iter().any(|plan| plan.reads_data()) {
                let mut context = self.context()?;
                context.earliest = widest(planned().map(|p| p.context.earliest), f64::min);
                context.latest = widest(planned().map(|p| p.context.latest), f64::max);
                let look =
                    |data: &DataSources| Executor::new(&context, data).prefetch_shared(&plans);
                self.on_data(&context, look)?;
            }
            Ok(prepared)
        })
    }
}

/// The widest of the bounds; `None` is unbounded.
fn widest(bounds: impl Iterator<Item = Option<f64>>, wider: fn(f64, f64) -> f64) -> Option<f64> {
    bounds.reduce(|a, b| Some(wider(a?, b?))).flatten()
}
