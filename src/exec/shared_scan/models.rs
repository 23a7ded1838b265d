//! Shared scans of data models.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::exec::context::Executor;
use crate::exec::frame::column;
use crate::exec::scan::sources::Found;
use crate::exec::scan::summaries::ScanRequirements;
use crate::exec::shared_scan::predicate_expr::{BoolExpr, PredicateTable};
use crate::exec::shared_scan::requests::{ScanRequest, ScanSource};
use crate::exec::shared_scan::router::QueryRouter;
use crate::exec::shared_scan::{SETS, is_wanted, set_of_row, without_sets};
use crate::plan::schema::Schema;

/// The maximum number of rows kept.
const MOST_ROWS: u64 = 2_000_000;

impl Executor<'_> {
    /// Returns the candidate rows of each search in the data set that they share, by its key.
    ///
    /// # Errors
    /// If the data set can't be read.
    pub(super) fn scan_model_shared(
        &self,
        wants: &[ScanRequest<'_>],
    ) -> Result<Vec<(String, Found)>> {
        let (ScanSource::Model { summaries_only, .. }, Some((model, dataset))) =
            (&wants[0].source, wants[0].names)
        else {
            return Err(Error::internal("a search for a data set names none"));
        };
        let frame = self.model(
            model,
            dataset,
            &ScanRequirements::summaries(*summaries_only),
        )?;
        let mut tested = PredicateTable::default();
        let mut formulas = Vec::new();
        for (at, want) in wants.iter().enumerate() {
            let formula = tested.formula(want.searches.iter().copied(), &frame);
            // A search that may match any row reads the data itself.
            if formula != BoolExpr::Constant(true) {
                formulas.push((at, formula));
            }
        }
        let sought: Vec<usize> = formulas.iter().map(|(at, _)| *at).collect();
        let schema = columns_of(sought.iter().map(|at| &wants[*at]), &frame.schema);
        let names = tested.names.clone();
        let finder = Arc::new(QueryRouter::new(tested, formulas, MOST_ROWS));
        let (Some(wanted), Some(set)) = (is_wanted(&finder, &names), set_of_row(&finder, &names))
        else {
            return Ok(Vec::new());
        };
        let columns = schema.keys().map(|name| column(name));
        let lazy = frame.lazy.filter(wanted).with_columns([set]);
        let lazy = lazy.select(columns.chain([column(SETS)]).collect::<Vec<_>>());
        let (rows, sets) = without_sets(self.collect_lazy(lazy)?)?;
        let mut places = finder.row_indices(&sets, wants.len());
        let crowded = finder.unselective();
        let (rows, schema) = (Arc::new(rows), Arc::new(schema));
        let kept = sought.into_iter().filter(|at| !crowded.contains(at));
        Ok(kept
            .map(|at| {
                let places = std::mem::take(&mut places[at]);
                let found = Found {
                    pieces: vec![(Arc::clone(&rows), schema.as_ref().clone(), places)],
                    schema: Arc::clone(&schema),
                };
                (wants[at].key.clone(), found)
            })
            .collect())
    }
}

/// The columns that searches read, in order.
fn columns_of<'w>(wants: impl Iterator<Item = &'w ScanRequest<'w>>, all: &Schema) -> Schema {
    let mut named = BTreeSet::new();
    for want in wants {
        match &want.columns {
            Some(columns) => named.extend(columns.iter().map(String::as_str)),
            None => return all.clone(),
        }
    }
    let columns = all.iter().filter(|(name, _)| named.contains(name.as_str()));
    columns.map(|(name, kind)| (name.clone(), *kind)).collect()
}
